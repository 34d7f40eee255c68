package import CastyCore

/// The messages between the nodes of a cluster about one singleton. All of them MUST travel on one ordered lane between
/// two nodes: the leftovers of an old home come before its report that it has stopped.
package enum SingletonMessage<Payload: Sendable>: Sendable {
    /// The sender is the oldest now: the receiver stops its singleton and confirms. Sent until answered.
    case handOver
    /// The sender's singleton does not run, and will not run again.
    case handedOver
    /// A user's message, forwarded `hops` times. For a question, `asks` is how long its asker waits while there is no
    /// singleton.
    case deliver(Payload, hops: Int, asks: AskPatience? = nil)
}

extension SingletonMessage: Equatable where Payload: Equatable {}

/// What the shell of a singleton must do, in this order.
package enum SingletonEffect<Payload: Sendable>: Sendable {
    case send(to: UniqueAddress, SingletonMessage<Payload>)
    /// Start it. However it ends, the shell calls ``Singleton/onEnded(_:failed:unhandled:at:)`` exactly once.
    case start(UInt64)
    case stop(UInt64, StopMode)
    /// It handles no message until it is resumed.
    case pause(UInt64)
    case resume(UInt64)
    /// Put the message into the mailbox of this incarnation.
    case deliver(Payload, to: UInt64)
    /// The message will not be handled; count it.
    case lost(Payload, LossReason)
    /// The question will not be answered: the asker learns why, and it counts as lost.
    case refused(Payload, Unavailability)
    /// It no longer runs here; the node may continue to leave.
    case left
    case note(SingletonNote)
}

extension SingletonEffect: Equatable where Payload: Equatable {}

/// What happened to a singleton on this node, for the event stream.
package enum SingletonNote: Hashable, Sendable {
    /// This node should run it, and waits: for the answers of these nodes, and until `until` for the lease of a removed
    /// member to expire.
    case waiting(for: [UniqueAddress], until: Instant?)
    case started(UInt64)
    case stopped(UInt64, forced: Bool)
    /// It ended by itself.
    case ended(UInt64, failed: Bool, restartAt: Instant)
    /// The lease has lapsed: it is paused.
    case fenced
    /// The lease is valid again: it resumes.
    case unfenced
}
