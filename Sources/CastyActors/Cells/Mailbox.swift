public import CastyCore

/// The state that producers and the turn of one actor share.
@usableFromInline
package struct Mailbox<Message: Sendable>: Sendable {
    /// The scheduling state of an actor.
    @usableFromInline
    package enum Status: UInt8, Sendable {
        /// No turn is due.
        case idle
        /// A turn is due or running.
        case scheduled
        /// No turn is due before a signal arrives: an asynchronous handler waits.
        case suspended
        /// The actor has stopped and accepts nothing more.
        case terminated
    }

    @usableFromInline package var messages: [Message] = []
    @usableFromInline package var signals: [SystemMessage] = []
    @usableFromInline package var status = Status.scheduled
    /// How many messages may wait.
    @usableFromInline package var capacity: Int
    /// Whether the actor stops once its mailbox is empty.
    @usableFromInline package var stopsWhenEmpty = false
    /// The number of messages accepted so far.
    @usableFromInline package var accepted: UInt64 = 0

    @usableFromInline
    package init(capacity: Int) {
        self.capacity = capacity
    }

    /// Appends a message and returns whether the actor has to be scheduled.
    @inlinable
    mutating func append(_ message: Message) -> Delivery {
        if status == .terminated { return .refused(.noSuchActor) }
        // An actor that stops after its last message has room for none.
        if messages.count >= capacity { return .refused(capacity == 0 ? .noSuchActor : .mailboxFull) }
        messages.append(message)
        accepted &+= 1
        if status == .idle {
            status = .scheduled
            return .acceptedIdle
        }
        return .accepted
    }
}
