extension EventStore {
    /// The events that match a filter, one after the other.
    ///
    /// ```swift
    /// for try await element in store.eventLog(.tag("paid"), after: known) {
    ///     try await bill(element.event)
    ///     known = element.offset      // written down together with the bill: each is billed once
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - filter: Which events.
    ///   - offset: After which; an offset that this store has given, or the start.
    ///   - page: How many are read at a time, at least 1.
    ///   - wait: Called at the end of what there is, to wait before looking again; the sequence then never ends by
    ///     itself. On a node, `{ try await system.sleep(for: .seconds(1)) }`. Without it the sequence ends there.
    public func eventLog(
        _ filter: EventFilter = .all, after offset: EventOffset = .start, page: Int = 256,
        wait: (@Sendable () async throws -> Void)? = nil
    ) -> EventLog {
        precondition(page >= 1, "at least one event is read at a time, not \(page)")
        return EventLog(store: self, filter: filter, start: offset, page: page, wait: wait)
    }
}

/// The events of many entities as a sequence, see ``EventStore/eventLog(_:after:page:wait:)``.
///
/// The runtime's own events, see ``EventRecord/isReserved``, are left out.
///
/// It reads a page when the one before has been consumed: whoever consumes slowly slows it, and nothing is buffered
/// beyond one page. Errors of the store, and of the wait, end it; a new one goes on after the last offset.
public struct EventLog: AsyncSequence, Sendable {
    /// An event, and where a query goes on after it.
    public typealias Element = EventBatch.Element

    let store: any EventStore
    let filter: EventFilter
    let start: EventOffset
    let page: Int
    let wait: (@Sendable () async throws -> Void)?

    /// Starts to read.
    public func makeAsyncIterator() -> Iterator { Iterator(log: self, offset: start) }

    /// Reads page by page.
    public struct Iterator: AsyncIteratorProtocol {
        private let log: EventLog
        private var offset: EventOffset
        private var batch: ArraySlice<Element> = []
        private var isEnd = false

        init(log: EventLog, offset: EventOffset) {
            self.log = log
            self.offset = offset
        }

        /// The next event; `nil` at the end of a sequence that does not wait.
        ///
        /// - Throws: ``EntityStoreError``, `CancellationError`, or what the wait throws.
        public mutating func next() async throws -> Element? {
            while batch.isEmpty {
                try Task.checkCancellation()
                if isEnd {
                    guard let wait = log.wait else { return nil }
                    try await wait()
                }
                let next = try await log.store.events(matching: log.filter, after: offset, limit: log.page)
                batch = next.events.filter { !$0.event.record.isReserved }[...]
                offset = next.next
                isEnd = next.isEnd
            }
            return batch.popFirst()
        }
    }
}
