package import CastyCore

/// What the shell of a coordinator must do.
package enum CoordinatorEffect: Hashable, Sendable {
    /// Send the order, with the coordinator's epoch, to the region on this node, which may be this coordinator's own.
    case send(to: UniqueAddress, CoordinatorEpoch, CoordinatorOrder)
    /// The node does not answer: find out whether anything answers for the type there. If nothing does, the shell
    /// passes ``CoordinatorRequest/notHosted`` to ``ShardCoordinator/onRequest(_:from:at:)``.
    case probe(UniqueAddress)
    case note(CoordinatorNote)
}

/// What happened in a coordinator, for the event stream.
package enum CoordinatorNote: Hashable, Sendable {
    case started(CoordinatorEpoch)
    /// All regions have reported; shards may be allocated. `homes` shards already have a home.
    case recovered(CoordinatorEpoch, homes: Int)
    case stopped(CoordinatorEpoch)
    case registered(UniqueAddress, shards: Int)
    case allocated(ShardHome, AllocationReason)
    case handoffBegun(shard: Int, from: UniqueAddress, to: UniqueAddress?, MoveReason)
    case handoffEnded(shard: Int, from: UniqueAddress, HandoffOutcome)
    /// The shard runs at its new home.
    case moved(shard: Int, from: UniqueAddress, to: UniqueAddress)
    /// A region claimed a shard that belongs to another.
    case conflict(shard: Int, loser: UniqueAddress)
    /// The shards of a removed member wait until its lease has expired.
    case orphaned(shards: [Int], of: UniqueAddress, until: Instant)
    /// These shards are wanted, but no node can host them now.
    case unplaced(shards: [Int], HomelessCause)
    case roundPlanned(moves: Int)
    /// This many nodes host the type, more than it has shards: some of them host none.
    case tooFewShards(nodes: Int)
    case intentsChanged(Intents)
}
