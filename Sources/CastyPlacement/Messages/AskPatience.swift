/// How long an ask waits where its entity, or singleton, cannot be reached: always within its own time, and never for what cannot come.
public enum AskPatience: UInt8, Hashable, Sendable, CaseIterable {
    /// It waits where the home is unreachable, was removed or moves, until the new home has it. It fails at once where no member could be the new
    /// home: none with the role is up, or on its way to be.
    case waitForNewHome = 1
    /// It waits for a node with the role to join, too.
    case waitForNewNode = 2
    /// It fails at once where the home is unreachable or was removed, and where no member could host the entity. It waits only while a shard starts or
    /// moves between nodes that can be reached.
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

/// What the coordinator says of a shard that it cannot give a home now.
package enum HomelessCause: UInt8, Hashable, Sendable, CaseIterable {
    /// A removed owner may still run it, until its lease has ended.
    case held = 1
    /// The coordinator is new and waits for the word of a member that is unreachable: it may run the shard.
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
