import CastyCore

/// The runtime's own messages to an actor; they overtake user messages.
@usableFromInline
package enum SystemMessage: Sendable {
    /// Stop after the current message: children first, then the actor.
    case stop
    /// Notify the watcher when the actor has stopped. The second reference is the watched actor, as the watcher knows
    /// it.
    case watch(AnyActorRef, AnyActorRef)
    case unwatch(AnyActorRef, AnyActorRef)
    /// A watched actor has stopped.
    case terminated(Terminated)
    /// A child has stopped; its name is free.
    case childStopped(AnyActorCell)
    /// A timer fired. It counts only if it is the one last started under its key.
    case timer(TimerToken)
    /// The actor may have received nothing for a time. It counts only for the timeout that was set last.
    case receiveTimeout(generation: UInt64)
    /// The backoff before a restart is over.
    case restart(generation: UInt32)
    /// The actor may run again: it handles the signals that waited, and then its messages.
    case resume
    /// The next piece of an asynchronous handler.
    case job(UnownedJob, CallExecutor)
    /// To the asker: no reply will come, and why.
    case unanswered(AskError.Code, String)
}

/// One start of one timer.
@usableFromInline
package struct TimerToken: Hashable, Sendable {
    package let key: String
    package let generation: UInt64
}
