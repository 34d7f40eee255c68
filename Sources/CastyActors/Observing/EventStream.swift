import Synchronization

/// Events from the moment on at which the stream was made, as an asynchronous sequence. It ends when the node ends.
///
/// ```swift
/// for await event in node.cluster.events { … }
/// ```
///
/// Events wait in a bounded buffer of the stream: publishing never waits for readers. If a reader is too slow, the
/// oldest events are dropped, and ``dropped`` counts them. One task reads a stream at a time; of several, each event
/// reaches one.
public struct EventStream<Event: Sendable>: AsyncSequence, Sendable {
    /// Events do not fail.
    public typealias Failure = Never

    private let buffer: EventBuffer<Event>

    init(_ buffer: EventBuffer<Event>) { self.buffer = buffer }

    /// How many events were dropped so far because the buffer was full.
    public var dropped: Int { buffer.dropped }

    /// Reads the stream.
    public func makeAsyncIterator() -> Iterator { Iterator(buffer: buffer) }

    /// Reads a stream.
    public struct Iterator: AsyncIteratorProtocol {
        let buffer: EventBuffer<Event>

        /// The next event; `nil` when the node has ended, or the task is cancelled.
        public mutating func next() async -> Event? { await buffer.next() }

        /// The next event; `nil` when the node has ended, or the task is cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> Event? { await buffer.next() }
    }
}

/// Publishes events to all streams that are still referenced.
package final class EventSource<Event: Sendable>: Sendable {
    private struct Reader: Sendable {
        weak var buffer: EventBuffer<Event>?
    }

    private struct State: Sendable {
        var readers: [Reader] = []
        var isFinished = false
    }

    /// The events that one stream buffers.
    private static var limit: Int { 1024 }
    private let state = Mutex(State())
    private let isRead = Atomic<Bool>(false)

    package init() {}

    /// Whether a stream may be there: publishers need not make an event otherwise.
    package var hasReaders: Bool { isRead.load(ordering: .relaxed) }

    /// A stream of the events from now on.
    package func stream() -> EventStream<Event> {
        let buffer = EventBuffer<Event>(limit: Self.limit)
        let isFinished = state.withLock { state in
            if !state.isFinished { state.readers.append(Reader(buffer: buffer)) }
            isRead.store(!state.readers.isEmpty, ordering: .relaxed)
            return state.isFinished
        }
        if isFinished { buffer.finish() }
        return EventStream(buffer)
    }

    /// Publishes an event.
    package func send(_ event: Event) {
        guard hasReaders else { return }
        for buffer in readers() { buffer.append(event) }
    }

    /// Ends all streams, also later ones.
    package func finish() {
        state.withLock { $0.isFinished = true }
        for buffer in readers() { buffer.finish() }
    }

    private func readers() -> [EventBuffer<Event>] {
        state.withLock { state in
            let buffers = state.readers.compactMap(\.buffer)
            if buffers.count < state.readers.count {
                state.readers.removeAll { $0.buffer == nil }
                isRead.store(!state.readers.isEmpty, ordering: .relaxed)
            }
            return buffers
        }
    }
}

/// The events that wait for the reader of one stream.
final class EventBuffer<Event: Sendable>: Sendable {
    private struct State: Sendable {
        /// A ring once it is full: the oldest is at `first`.
        var events: [Event] = []
        var first = 0
        var dropped = 0
        var isFinished = false
        var waiting: [(number: Int, continuation: CheckedContinuation<Event?, Never>)] = []
        var cancelled: Set<Int> = []
        var lastNumber = 0

        mutating func take() -> Event? {
            guard !events.isEmpty else { return nil }
            let event = events[first]
            // Removed from the front only now and then, so that taking is cheap.
            first += 1
            if first == events.count { (events, first) = ([], 0) }
            return event
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    var dropped: Int { state.withLock { $0.dropped } }

    func append(_ event: Event) {
        let waiting = state.withLock { state -> CheckedContinuation<Event?, Never>? in
            if state.isFinished { return nil }
            if !state.waiting.isEmpty { return state.waiting.removeFirst().continuation }
            if state.events.count - state.first >= limit {
                _ = state.take()
                state.dropped += 1
            }
            if state.first >= limit {
                state.events.removeFirst(state.first)
                state.first = 0
            }
            state.events.append(event)
            return nil
        }
        waiting?.resume(returning: event)
    }

    func finish() {
        let waiting = state.withLock { state in
            state.isFinished = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for reader in waiting { reader.continuation.resume(returning: nil) }
    }

    func next() async -> Event? {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // `nil`: it waits.
                let event = state.withLock { state -> Event?? in
                    if state.cancelled.remove(number) != nil { return .some(nil) }
                    if let event = state.take() { return event }
                    if state.isFinished { return .some(nil) }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let event { continuation.resume(returning: event) }
            }
        } onCancel: {
            cancel(number)
        }
    }

    private func cancel(_ number: Int) {
        let waiting = state.withLock { state -> CheckedContinuation<Event?, Never>? in
            if let index = state.waiting.firstIndex(where: { $0.number == number }) {
                return state.waiting.remove(at: index).continuation
            }
            state.cancelled.insert(number)
            return nil
        }
        waiting?.resume(returning: nil)
    }
}
