/// How long an ask waits while its entity or singleton cannot be reached. It never waits longer than its own timeout,
/// and never for a home that cannot come.
public enum AskPatience: UInt8, Hashable, Sendable, CaseIterable {
    /// It waits while the home is unreachable, was removed or moves, until the new home is ready. It fails at once if
    /// no member could become the new home: no member with the role is up or about to be.
    case waitForNewHome = 1
    /// It also waits for a node with the role to join.
    case waitForNewNode = 2
    /// It fails at once if the home is unreachable or was removed, or if no member could host the entity. It waits only
    /// while a shard starts or moves between reachable nodes.
    case failFast = 3
}

/// A shard that has no home, and why.
package struct HomelessShard: Hashable, Sendable {
    package var shard: Int
    package var cause: HomelessCause

    package init(shard: Int, cause: HomelessCause) {
        self.shard = shard
        self.cause = cause
    }
}

/// Why the coordinator cannot give a shard a home now.
package enum HomelessCause: UInt8, Hashable, Sendable, CaseIterable {
    /// A removed owner may still run it, until its lease has expired.
    case held = 1
    /// The coordinator is new and waits for the report of an unreachable member, which may run the shard.
    case awaited = 2
    /// See ``PlacementObstacle``.
    case noHost = 3
    case allUnreachable = 4
    case allRefused = 5
    case tooFewRegions = 6

    init(_ obstacle: PlacementObstacle) {
        switch obstacle {
        case .noHost: self = .noHost
        case .allUnreachable: self = .allUnreachable
        case .allRefused: self = .allRefused
        case .tooFewRegions: self = .tooFewRegions
        }
    }
}
