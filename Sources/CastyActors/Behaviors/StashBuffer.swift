/// Messages that an actor has set aside until it can handle them.
///
/// It belongs to its actor. Where the actor restarts, the messages are handled first; where it stops, they are lost
/// like those that wait in its mailbox.
public final class StashBuffer<Message: Sendable> {
    /// The most messages it holds.
    public internal(set) var capacity: Int
    private var messages: [Message] = []

    init(capacity: Int) {
        self.capacity = capacity
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
        messages.append(message)
    }

    /// The next behavior, which handles all messages set aside, oldest first, before any other.
    ///
    /// What it sets aside again meanwhile stays for the next time.
    public func unstashAll(_ behavior: Behavior<Message>) -> Behavior<Message> {
        Behavior(.unstash(Unstash(buffer: self, behavior: behavior)))
    }

    /// Calls a function with each message, oldest first.
    public func forEach(_ body: (Message) throws -> Void) rethrows { try messages.forEach(body) }

    func take() -> [Message] {
        defer { messages = [] }
        return messages
    }
}

@available(*, unavailable)
extension StashBuffer: Sendable {}

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
