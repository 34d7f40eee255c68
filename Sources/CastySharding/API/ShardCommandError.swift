public import CastyCore
package import CastyPlacement

/// Why an operator's command was not carried out.
public struct ShardCommandError: CastyError, Hashable {
    /// Why the command failed.
    @nonexhaustive
    public enum Code: String, CastyErrorCode {
        /// No coordinator acts at the moment, or this node does not know it: try again later.
        case noCoordinator
        /// The type has no shard of this number.
        case noSuchShard
        /// No node at this address runs the type.
        case noSuchNode
        /// The node takes no shards: it is leaving, is drained, is unreachable or has lost its lease.
        case nodeTakesNoShards
        /// The shard is already moving or starting.
        case shardIsMoving
        /// The pins and drains are full: with one more they could not be sent to every node.
        case tooManyIntents
        /// No answer came in time; whether the command was carried out is not known.
        case timedOut
    }

    /// Why the command failed.
    public let code: Code
    /// A human-readable description.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package init(_ refusal: CommandRefusal) {
        switch refusal {
        case .noCoordinator: self.init(.noCoordinator, "no coordinator acts where the command arrived")
        case .noSuchShard: self.init(.noSuchShard, "the type has no shard of this number")
        case .noSuchNode: self.init(.noSuchNode, "no node at this address runs the type")
        case .nodeTakesNoShards:
            self.init(.nodeTakesNoShards, "the node leaves, is drained, is unreachable or has lost its lease")
        case .shardIsMoving: self.init(.shardIsMoving, "the shard moves or starts already")
        case .tooManyIntents: self.init(.tooManyIntents, "there are too many pins and drains already")
        case .noAnswer:
            self.init(
                .timedOut, "no coordinator has answered in time; whether the command was carried out is not known")
        }
    }
}
