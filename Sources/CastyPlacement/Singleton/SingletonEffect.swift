package import CastyCore

/// What the nodes of a cluster say to each other about one singleton. All of it MUST travel on one ordered lane between two nodes:
/// what an old home has left comes before the word that it has stopped.
package enum SingletonMessage<Payload: Sendable>: Sendable {
    /// I am the oldest now: stop yours, and say so. Said until it is answered.
    case handOver
    /// Mine does not run, and will not run again.
    case handedOver
    /// A user's message; it has been passed on so often. Where it is a question: how long its asker waits where there is no singleton.
    case deliver(Payload, hops: Int, asks: AskPatience? = nil)
}

extension SingletonMessage: Equatable where Payload: Equatable {}

/// What the shell of a singleton must do, in this order.
package enum SingletonEffect<Payload: Sendable>: Sendable {
    case send(to: UniqueAddress, SingletonMessage<Payload>)
    /// Start it. Whatever becomes of it, ``Singleton/onEnded(_:failed:unhandled:at:)`` must be told once.
    case start(UInt64)
    case stop(UInt64, StopMode)
    /// It may handle nothing from now on, until it is resumed.
    case pause(UInt64)
    case resume(UInt64)
    /// Put the message into the mailbox of this life of it.
    case deliver(Payload, to: UInt64)
    /// The message will not be handled; count it.
    case lost(Payload, LossReason)
    /// The question will not be answered: the asker learns why, and it counts as lost.
    case refused(Payload, Unavailability)
    /// Nothing of it runs here any more; the node may go on leaving.
    case left
    case note(SingletonNote)
}

extension SingletonEffect: Equatable where Payload: Equatable {}

/// What happened to a singleton on this node, for the event stream.
package enum SingletonNote: Hashable, Sendable {
    /// This node shall run it, and waits: for the answers of these nodes, and until then for a removed one's lease to end.
    case waiting(for: [UniqueAddress], until: Instant?)
    case started(UInt64)
    case stopped(UInt64, forced: Bool)
    /// It ended by itself.
    case ended(UInt64, failed: Bool, restartAt: Instant)
    /// The lease has lapsed: it is held still.
    case fenced
    /// The lease is valid again: it goes on.
    case unfenced
}
