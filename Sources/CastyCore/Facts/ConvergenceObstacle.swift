/// What keeps a view of the membership from converging.
public enum ConvergenceObstacle: Hashable, Sendable, Codable {
    /// These observers cannot reach the member, and it is neither exiting nor down.
    case unreachable(UniqueAddress, by: [UniqueAddress])
    /// This member is not known to have seen the present version.
    case notSeen(UniqueAddress)
}

/// One action that the leader takes once all have seen its version.
public enum LeaderAction: Hashable, Sendable, Codable {
    case moveToUp(UniqueAddress)
    case moveToExiting(UniqueAddress)
    case remove(UniqueAddress)
    /// The tombstone of the member is dropped.
    case forget(UniqueAddress)
}
