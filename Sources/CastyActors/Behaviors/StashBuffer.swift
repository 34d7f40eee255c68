/// Messages that an actor has set aside until it can handle them.
///
/// It belongs to its actor. Where the actor restarts, the messages are handled first; where it stops, they are lost
/// like those that wait in its mailbox.
public final class StashBuffer<Message: Sendable> {
    /// The most messages it holds.
    public internal(set) var capacity: Int
    private var messages: [PostponedMessage<Message>] = []
    private let tracing: ContextCarrier?

    init(capacity: Int, tracing: ContextCarrier? = nil) {
        self.capacity = capacity
        self.tracing = tracing
    }

    /// The number of messages in it.
    public var count: Int { messages.count }
    /// Whether it holds none.
    public var isEmpty: Bool { messages.isEmpty }
    /// Whether it holds as many as it may.
    public var isFull: Bool { messages.count >= capacity }

    /// Sets a message aside.
    ///
    /// - Throws: ``StashError/full(capacity:)`` where it holds as many as it may.
    public func stash(_ message: Message) throws(StashError) {
        guard !isFull else { throw .full(capacity: capacity) }
        messages.append(PostponedMessage(message: message, context: tracing?.tracer.current))
    }

    /// The next behavior, which handles all messages set aside, oldest first, before any other.
    ///
    /// What it sets aside again meanwhile stays for the next time.
    public func unstashAll(_ behavior: Behavior<Message>) -> Behavior<Message> {
        Behavior(.unstash(Unstash(buffer: self, behavior: behavior)))
    }

    /// Calls a function with each message, oldest first.
    public func forEach(_ body: (Message) throws -> Void) rethrows {
        for postponed in messages { try body(postponed.message) }
    }

    func take() -> [PostponedMessage<Message>] {
        defer { messages = [] }
        return messages
    }
}

@available(*, unavailable)
extension StashBuffer: Sendable {}

/// A message that is handled later than its turn in the mailbox, and what it was sent for.
struct PostponedMessage<Message: Sendable> {
    let message: Message
    let context: (any TraceContext)?
}

/// Why a message could not be set aside.
public enum StashError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The buffer holds as many as it may.
    case full(capacity: Int)

    /// For a person: what is wrong, and what to do.
    public var description: String {
        switch self {
        case .full(let capacity):
            "the stash holds \(capacity) messages already; give withStash a larger capacity, or refuse messages earlier"
        }
    }
}

/// A behavior that goes on with the messages of a buffer.
@usableFromInline
package final class Unstash<Message: Sendable> {
    let buffer: StashBuffer<Message>
    let behavior: Behavior<Message>

    init(buffer: StashBuffer<Message>, behavior: Behavior<Message>) {
        self.buffer = buffer
        self.behavior = behavior
    }
}
