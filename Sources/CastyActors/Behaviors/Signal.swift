/// What an actor may be told by the runtime rather than by another actor.
public enum Signal: Sendable {
    /// A watched actor has stopped.
    case terminated(Terminated)
    /// The actor itself has stopped; its last chance to let go of what it holds. Messages to itself become dead letters.
    case postStop
    /// The actor failed and starts anew; what the failed incarnation holds must be let go.
    case preRestart
}

/// The end of a watched actor, told exactly once.
public struct Terminated: Hashable, Sendable {
    /// Why an actor ended.
    public enum Reason: String, Hashable, Sendable, Codable {
        /// It stopped by itself or was stopped.
        case stopped
        /// A handler threw an error and supervision stopped it.
        case failed
        /// It was not alive when the watch began.
        case noSuchActor = "no such actor"
        /// Its node was removed from the cluster.
        case nodeRemoved = "node removed"
    }

    /// The actor that ended, as it was watched.
    public let ref: AnyActorRef
    /// Why.
    public let reason: Reason

    /// Creates the news of an end.
    public init(ref: AnyActorRef, reason: Reason) {
        self.ref = ref
        self.reason = reason
    }
}
