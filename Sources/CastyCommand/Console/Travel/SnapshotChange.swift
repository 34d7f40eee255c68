import CastyCore
import CastyObservability

/// How a snapshot of the cluster differs from the one before it: a run publishes many a second, and most of each is the
/// same.
struct SnapshotChange: Hashable, Sendable, Codable {
    /// The new snapshot without its nodes.
    private let frame: ClusterSnapshot
    private let nodes: [NodeChange]

    private enum NodeChange: Hashable, Sendable, Codable {
        case new(NodeSnapshot)
        /// The node at the same position is of the same incarnation.
        case changed(NodeDifference)
    }

    /// - Parameter old: `nil` if the receiver knows none.
    init(from old: ClusterSnapshot?, to new: ClusterSnapshot) {
        var frame = new
        frame.nodes = []
        self.frame = frame
        let known = old?.nodes ?? []
        nodes = new.nodes.enumerated().map { index, node in
            guard known.indices.contains(index), known[index].node == node.node, known[index].name == node.name else {
                return .new(node)
            }
            return .changed(NodeDifference(from: known[index], to: node))
        }
    }

    /// Makes the new snapshot of the earlier one.
    ///
    /// - Returns: `nil` if the change does not fit the earlier one.
    func applied(to old: ClusterSnapshot?) -> ClusterSnapshot? {
        var snapshot = frame
        let known = old?.nodes ?? []
        snapshot.nodes.reserveCapacity(nodes.count)
        for (index, change) in nodes.enumerated() {
            switch change {
            case .new(let node): snapshot.nodes.append(node)
            case .changed(let difference):
                guard known.indices.contains(index) else { return nil }
                var node = known[index]
                guard difference.apply(to: &node) else { return nil }
                snapshot.nodes.append(node)
            }
        }
        return snapshot
    }
}

/// How a snapshot of a node differs from an earlier one of the same incarnation.
private struct NodeDifference: Hashable, Sendable, Codable {
    let time: Instant
    let version: UInt64
    let state: ValueChange<NodeState>
    let membership: MembershipDifference
    /// The shard types without their lists, and the lists of each type that both snapshots have.
    let sharding: ListChange<ShardingSnapshot>
    let homes: [ListChange<ShardHome>]
    let shards: [ListChange<ShardSnapshot>]
    let associations: ListChange<AssociationSnapshot>
    let actors: ValueChange<ActorsSnapshot>
    let losses: ListChange<LossEntry>

    init(from old: NodeSnapshot, to new: NodeSnapshot) {
        time = new.time
        version = new.version
        state = ValueChange(from: old.state, to: new.state)
        membership = MembershipDifference(from: old.membership, to: new.membership)
        sharding = ListChange(from: old.sharding.map(Self.bare), to: new.sharding.map(Self.bare))
        func known(_ index: Int) -> ShardingSnapshot? {
            old.sharding.indices.contains(index) ? old.sharding[index] : nil
        }
        homes = new.sharding.enumerated().map { ListChange(from: known($0)?.homes ?? [], to: $1.homes) }
        shards = new.sharding.enumerated().map { ListChange(from: known($0)?.shards ?? [], to: $1.shards) }
        associations = ListChange(from: old.associations, to: new.associations)
        actors = ValueChange(from: old.actors, to: new.actors)
        losses = ListChange(from: old.losses, to: new.losses)
    }

    private static func bare(_ region: ShardingSnapshot) -> ShardingSnapshot {
        var region = region
        (region.homes, region.shards) = ([], [])
        return region
    }

    func apply(to node: inout NodeSnapshot) -> Bool {
        node.time = time
        node.version = version
        state.apply(to: &node.state)
        let before = node.sharding
        var regions = before.map(Self.bare)
        guard membership.apply(to: &node.membership), sharding.apply(to: &regions), homes.count == regions.count,
            shards.count == regions.count
        else { return false }
        for index in regions.indices {
            regions[index].homes = before.indices.contains(index) ? before[index].homes : []
            regions[index].shards = before.indices.contains(index) ? before[index].shards : []
            guard homes[index].apply(to: &regions[index].homes), shards[index].apply(to: &regions[index].shards) else {
                return false
            }
        }
        node.sharding = regions
        actors.apply(to: &node.actors)
        return associations.apply(to: &node.associations) && losses.apply(to: &node.losses)
    }
}

/// How a view of the membership differs from an earlier one of the same node.
private struct MembershipDifference: Hashable, Sendable, Codable {
    /// The view without its lists and settings.
    let rest: ValueChange<MembershipSnapshot>
    let members: ListChange<MemberSnapshot>
    let clock: ListChange<ClockEntry>
    let seenBy: ListChange<UniqueAddress>
    let reachability: ListChange<ReachabilityRow>
    let peers: ListChange<PeerSnapshot>
    let settings: ValueChange<[String: String]>

    init(from old: MembershipSnapshot, to new: MembershipSnapshot) {
        rest = ValueChange(from: Self.bare(old), to: Self.bare(new))
        members = ListChange(from: old.members, to: new.members)
        clock = ListChange(from: old.clock, to: new.clock)
        seenBy = ListChange(from: old.seenBy, to: new.seenBy)
        reachability = ListChange(from: old.reachability, to: new.reachability)
        peers = ListChange(from: old.peers, to: new.peers)
        settings = ValueChange(from: old.settings, to: new.settings)
    }

    private static func bare(_ view: MembershipSnapshot) -> MembershipSnapshot {
        var view = view
        (view.members, view.clock, view.seenBy, view.reachability, view.peers) = ([], [], [], [], [])
        view.settings = [:]
        return view
    }

    func apply(to view: inout MembershipSnapshot) -> Bool {
        var new = Self.bare(view)
        rest.apply(to: &new)
        (new.members, new.clock, new.seenBy) = (view.members, view.clock, view.seenBy)
        (new.reachability, new.peers, new.settings) = (view.reachability, view.peers, view.settings)
        settings.apply(to: &new.settings)
        let fits =
            members.apply(to: &new.members) && clock.apply(to: &new.clock) && seenBy.apply(to: &new.seenBy)
            && reachability.apply(to: &new.reachability) && peers.apply(to: &new.peers)
        view = new
        return fits
    }
}
