package import CastyCore

/// A shard that an operator pinned to an address.
package struct ShardPin: Hashable, Sendable {
    package var shard: Int
    /// The address, not the incarnation: a node that restarts there gets its pins back.
    package var address: NodeAddress

    package init(shard: Int, address: NodeAddress) {
        self.shard = shard
        self.address = address
    }
}

/// The lasting requests of operators: copied to every region, so that the next coordinator knows them.
package struct Intents: Hashable, Sendable {
    /// Grows with every change; a coordinator adopts the newest version that any region knows.
    package var version = ShardVersion.none
    /// Sorted by shard; at most one pin for each.
    package var pins: [ShardPin] = []
    /// Drained incarnations, sorted: they are given no shards.
    package var drains: [UniqueAddress] = []
    /// Whether automatic rebalancing is paused.
    package var isPaused = false

    package init() {}

    /// An upper bound of their encoded size in bytes.
    package var size: Int {
        let addresses = Set(pins.map(\.address)).reduce(0) { $0 + $1.host.utf8.count + 5 }
        return 40 + addresses + pins.count * 6 + drains.reduce(0) { $0 + $1.address.host.utf8.count + 13 }
    }
}

/// What an operator may ask of the coordinator.
package enum OperatorCommand: Hashable, Sendable {
    case move(shard: Int, to: NodeAddress)
    case pin(shard: Int, to: NodeAddress)
    case unpin(shard: Int)
    /// Move all shards off this node and give it none until it is undrained or restarted.
    case drain(NodeAddress)
    case undrain(NodeAddress)
    /// Plan and start a round at once, even while paused.
    case rebalance
    case pause
    case resume

    /// The shard that it is about; `nil` where it is about all.
    var shard: Int? {
        switch self {
        case .move(let shard, _), .pin(let shard, _), .unpin(let shard): shard
        case .drain, .undrain, .rebalance, .pause, .resume: nil
        }
    }
}

/// The coordinator's answer to a command.
package enum CommandAnswer: Hashable, Sendable {
    /// The command is done or has begun; `moves` shards start to move.
    case accepted(moves: Int)
    case refused(CommandRefusal)
}

/// Why a command was refused.
package enum CommandRefusal: UInt8, Hashable, Sendable {
    /// No coordinator is active where the command arrived.
    case noCoordinator
    case noSuchShard
    /// No region is registered at this address.
    case noSuchNode
    /// The region there takes no shards: it is leaving, is drained, is unreachable or has lost its lease.
    case nodeTakesNoShards
    /// The shard is moving or starting already.
    case shardIsMoving
    /// The intents are full: with one more pin or drain they could not be sent to every region.
    case tooManyIntents
    /// No answer came in time; whether the command was carried out is not known.
    case noAnswer
}
