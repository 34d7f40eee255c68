import CastyCore

/// The runtime's own messages to an actor; they overtake user messages.
@usableFromInline
package enum SystemMessage: Sendable {
    /// Stop after the present message: children first, then the actor.
    case stop
    /// Tell the watcher when the actor has stopped. The second reference is the watched one, as the watcher knows it.
    case watch(AnyActorRef, AnyActorRef)
    case unwatch(AnyActorRef, AnyActorRef)
    /// A watched actor has stopped.
    case terminated(Terminated)
    /// A child has stopped; its name is free.
    case childStopped(AnyActorCell)
    /// A timer fired; it counts only if it is the one that was started last under its key.
    case timer(TimerToken)
    /// The time of a restart's backoff is over.
    case restart(generation: UInt32)
    /// What kept the actor from running has passed: it takes the signals that waited, and then its messages.
    case resume
    /// To whoever asked: no reply will come, and why.
    case unanswered(AskError.Code, String)
}

/// One start of one timer.
@usableFromInline
package struct TimerToken: Hashable, Sendable {
    package let key: String
    package let generation: UInt64
}
