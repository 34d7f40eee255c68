/// The kinds of events in a cluster, by the names that event logs, scenarios and the console share.
public enum EventKind: String, Sendable, Codable, CaseIterable {
    case nodeStarted = "node-started"
    case nodeKilled = "node-killed"
    case nodeFrozen = "node-frozen"
    case nodeThawed = "node-thawed"
    case nodeStopped = "node-stopped"
    case cut
    case healed
    case linkImpaired = "link-impaired"
    case linkRestored = "link-restored"
    case memberJoining = "member-joining"
    case memberWeaklyUp = "member-weakly-up"
    case memberUp = "member-up"
    case memberLeaving = "member-leaving"
    case memberExiting = "member-exiting"
    case memberDown = "member-down"
    case memberRemoved = "member-removed"
    case suspected
    case memberUnreachable = "member-unreachable"
    case memberReachable = "member-reachable"
    case leaderChanged = "leader-changed"
    case converged
    case downingDecision = "downing-decision"
    case secondCluster = "second-cluster"
    case coordinatorStarted = "coordinator-started"
    case shardAllocated = "shard-allocated"
    case shardStarted = "shard-started"
    case handoffBegun = "handoff-begun"
    case shardStopped = "shard-stopped"
    case shardMoved = "shard-moved"
    case shardUnplaced = "shard-unplaced"
    case entityStarted = "entity-started"
    case entityPassivated = "entity-passivated"
    case entityStopped = "entity-stopped"
    case reply
    case messageLost = "message-lost"
    case expectationPassed = "expectation-passed"
    case expectationFailed = "expectation-failed"
    case invariantViolated = "invariant-violated"
    case note
}

extension EventKind {
    /// How much an event matters to a person watching.
    public enum Level: Int, Sendable, Comparable, CaseIterable {
        case debug, info, warning, fault

        /// Compares by how much they matter.
        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// How much this kind matters to a person watching.
    public var level: Level {
        switch self {
        case .entityStarted, .entityPassivated, .entityStopped, .shardStarted, .shardStopped, .reply: .debug
        case .nodeStarted, .nodeThawed, .nodeStopped, .healed, .linkRestored, .memberJoining, .memberWeaklyUp,
            .memberUp,
            .memberLeaving,
            .memberExiting, .memberRemoved, .memberReachable, .leaderChanged, .converged, .coordinatorStarted,
            .shardAllocated, .handoffBegun, .shardMoved, .expectationPassed, .note:
            .info
        case .suspected, .memberUnreachable, .memberDown, .downingDecision, .secondCluster, .shardUnplaced,
            .messageLost:
            .warning
        case .nodeKilled, .nodeFrozen, .cut, .linkImpaired, .expectationFailed, .invariantViolated: .fault
        }
    }
}
