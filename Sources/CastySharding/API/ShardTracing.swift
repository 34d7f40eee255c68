package import CastyCore
import CastyObservability
package import CastyPlacement

/// Traces messages and shards through sharding: for test clusters and tests, which account for each of them.
package struct ShardTracing<Message: Sendable>: Sendable {
    /// A message leaves this node for another.
    package let forwarded: @Sendable (Message, ShardHop, UniqueAddress) -> Void
    /// A message has arrived from another node.
    package let arrived: @Sendable (Message) -> Void
    /// A message is lost.
    package let lost: @Sendable (Message, LossReason) -> Void
    /// The region or the coordinator of this node has noted an event.
    package let noted: @Sendable (PlacementNote) -> Void

    package init(
        forwarded: @escaping @Sendable (Message, ShardHop, UniqueAddress) -> Void,
        arrived: @escaping @Sendable (Message) -> Void,
        lost: @escaping @Sendable (Message, LossReason) -> Void,
        noted: @escaping @Sendable (PlacementNote) -> Void = { _ in }
    ) {
        self.forwarded = forwarded
        self.arrived = arrived
        self.lost = lost
        self.noted = noted
    }

    /// The same tracing for erased messages.
    var erased: ShardTracing<ErasedMessage> {
        let (forwarded, arrived, lost) = (forwarded, arrived, lost)
        return ShardTracing<ErasedMessage>(
            forwarded: { erased, hop, node in erased.unwrap().map { forwarded($0, hop, node) } },
            arrived: { $0.unwrap().map(arrived) },
            lost: { erased, reason in erased.unwrap().map { lost($0, reason) } }, noted: noted)
    }
}

/// Why a message goes from one node to another.
package enum ShardHop: Hashable, Sendable {
    /// To the node that its sender believes hosts the shard.
    case delivery
    /// Back to its sender: the receiver does not host the shard.
    case returned
    /// From the old home to the new one.
    case leftover
}

/// An event of one of the two cores on a node.
package enum PlacementNote: Hashable, Sendable {
    case region(RegionNote)
    case coordinator(CoordinatorNote)
}
