import CastyActors
import CastyCluster
import CastyCore
import CastyObservability
import CastyPlacement
import Logging

extension RegionShell {
    /// Reports an event of the coordinator to the event feed.
    mutating func tell(_ note: CoordinatorNote) {
        host.tracing?.noted(.coordinator(note))
        let inspector = host.inspector
        let name = { (node: UniqueAddress) in inspector.nameOf(node.address) }
        switch note {
        case .started(let epoch):
            causes.coordinator = inspector.emit(
                .coordinatorStarted, subject: inspector.name, reason: .epoch(epoch.single), detail: .type(host.type))
        case .recovered(let epoch, let homes):
            inspector.emit(
                .note, reason: .epoch(epoch.single), detail: about(.rebuilt(homes: homes)),
                causes: causes.ofCoordinator)
        case .stopped(let epoch):
            inspector.emit(.note, reason: .epoch(epoch.single), detail: about(.coordinatorStopped))
        case .registered: break
        case .allocated(let home, let reason):
            tell(.shardAllocated, home.shard, to: name(home.node), reason: .allocation(reason))
        case .handoffBegun(let shard, let from, let to, let reason):
            tell(.handoffBegun, shard, from: name(from), to: to.map(name), reason: .move(reason))
        case .handoffEnded(let shard, let from, let outcome):
            guard outcome != .done else { return }
            inspector.emit(
                .note, shard: shard, from: name(from), reason: .handoff(outcome), detail: about(.handoffEnded),
                causes: causes.about(shard))
        case .moved(let shard, let from, let to): tell(.shardMoved, shard, from: name(from), to: name(to))
        case .conflict(let shard, let loser):
            inspector.emit(.note, subject: name(loser), shard: shard, detail: about(.foreignClaim))
        case .orphaned(let shards, let node, let until): tell(orphaned: shards, of: node, until: until)
        case .unplaced(let shards, let cause): tell(unplaced: shards, cause.unavailability)
        case .roundPlanned(let moves): inspector.emit(.note, detail: about(.rebalancePlans(moves: moves)))
        case .tooFewShards(let nodes): tell(tooFewShardsFor: nodes)
        case .intentsChanged: inspector.touch()
        }
    }

    /// What happened to the shards of this type.
    func about(_ notice: ShardingNotice) -> EventDetail { .sharding(type: host.type, notice) }

    /// Reports an event about a shard: it follows from the one before about that shard, and is the cause of the next.
    mutating func tell(
        _ kind: EventKind, _ shard: Int, from: String? = nil, to: String? = nil, reason: EventReason? = nil
    ) {
        causes.note(
            host.inspector.emit(
                kind, shard: shard, from: from, to: to, reason: reason, detail: .type(host.type),
                causes: causes.about(shard)),
            about: shard)
    }

    private mutating func tell(orphaned shards: [Int], of node: UniqueAddress, until: Instant) {
        let removal = host.cluster.lastEvent(about: node)
        let id = host.inspector.emit(
            .note, subject: host.name(node),
            detail: about(.waitsForLease(shards: shards.count, until: until)),
            causes: removal.map { [$0] } ?? [])
        for shard in shards { causes.note(id, about: shard) }
    }

    private func tell(tooFewShardsFor nodes: Int) {
        let shards = host.settings.shardCount
        host.inspector.emit(.note, detail: about(.tooFewShards(shards, nodes: nodes)), causes: causes.ofCoordinator)
        host.cluster.system.log.warning(
            "\(host.type) has \(shards) shards for \(nodes) nodes that host it: \(nodes - shards) of them host none. Give the type about ten shards for each node; that takes a restart of the whole cluster"
        )
    }

    private mutating func tell(unplaced shards: [Int], _ cause: Unavailability) {
        for shard in shards.prefix(Self.unplacedTold) {
            causes.note(
                host.inspector.emit(
                    .shardUnplaced, shard: shard, reason: .unavailable(cause),
                    detail: .unplaced(type: host.type, cause),
                    causes: causes.ofCoordinator), about: shard)
        }
    }

    /// The most unplaced shards that are reported one by one; the snapshot lists all of them.
    private static var unplacedTold: Int { 8 }
}

/// The latest event about each shard on this node, which is the cause of the next one.
struct ShardCauses {
    var coordinator: EventID?
    private var latest: [Int: EventID] = [:]

    var ofCoordinator: [EventID] { coordinator.map { [$0] } ?? [] }

    func about(_ shard: Int) -> [EventID] { latest[shard].map { [$0] } ?? [] }

    mutating func note(_ id: EventID, about shard: Int) { latest[shard] = id }
}
