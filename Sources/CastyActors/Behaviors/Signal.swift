/// A notification to an actor from the runtime rather than from another actor.
public enum Signal: Sendable {
    /// A watched actor has stopped.
    case terminated(Terminated)
    /// The actor itself has stopped. This is its last opportunity to release resources. Messages to itself become dead
    /// letters.
    case postStop
    /// The actor failed and is restarted. Resources of the failed run must be released.
    case preRestart
}

/// The end of a watched actor, reported exactly once.
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
    /// Why it ended.
    public let reason: Reason

    /// Creates the report of an actor's end.
    public init(ref: AnyActorRef, reason: Reason) {
        self.ref = ref
        self.reason = reason
    }
}
