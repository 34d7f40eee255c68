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
                .coordinatorStarted, subject: inspector.name, reason: "epoch \(epoch)", text: host.type)
        case .recovered(let epoch, let homes):
            inspector.emit(
                .note, reason: "epoch \(epoch)", text: "\(host.type): coordinator rebuilt, \(homes) shards have a home",
                causes: causes.coordinator.map { [$0] } ?? [])
        case .stopped(let epoch):
            inspector.emit(.note, reason: "epoch \(epoch)", text: "\(host.type): coordinator stopped here")
        case .registered: break
        case .allocated(let home, let reason):
            causes.note(
                inspector.emit(
                    .shardAllocated, shard: home.shard, to: name(home.node), reason: reason.word, text: host.type,
                    causes: causes.about(home.shard)), about: home.shard)
        case .handoffBegun(let shard, let from, let to, let reason):
            causes.note(
                inspector.emit(
                    .handoffBegun, shard: shard, from: name(from), to: to.map(name), reason: "\(reason)",
                    text: host.type, causes: causes.about(shard)), about: shard)
        case .handoffEnded(let shard, let from, let outcome):
            guard outcome != .done else { return }
            inspector.emit(
                .note, shard: shard, from: name(from), reason: outcome.word, text: "\(host.type): handoff ended",
                causes: causes.about(shard))
        case .moved(let shard, let from, let to):
            causes.note(
                inspector.emit(
                    .shardMoved, shard: shard, from: name(from), to: name(to), text: host.type,
                    causes: causes.about(shard)), about: shard)
        case .conflict(let shard, let loser):
            inspector.emit(
                .note, subject: name(loser), shard: shard, text: "\(host.type): claims a shard that is another's")
        case .orphaned(let shards, let node, let until):
            let removal = host.cluster.lastEvent(about: node)
            let id = inspector.emit(
                .note, subject: name(node),
                text: "\(host.type): \(shards.count) shards wait for its lease to end, until \(until) s",
                causes: removal.map { [$0] } ?? [])
            for shard in shards { causes.note(id, about: shard) }
        case .unplaced(let shards, let cause):
            let causes = causes.coordinator.map { [$0] } ?? []
            for shard in shards.prefix(Self.unplacedTold) {
                self.causes.note(
                    inspector.emit(
                        .shardUnplaced, shard: shard, reason: AskError.Code(cause.unavailability).rawValue,
                        text: "\(host.type): \(cause.unavailability)", causes: causes), about: shard)
            }
        case .roundPlanned(let moves):
            inspector.emit(.note, text: "\(host.type): rebalance plans \(moves) moves")
        case .intentsChanged: inspector.touch()
        }
    }

    /// Reports an event of the region to the event feed.
    mutating func tell(_ note: RegionNote) {
        host.tracing?.noted(.region(note))
        let inspector = host.inspector
        switch note {
        case .registered(let coordinator, let epoch):
            inspector.touch()
            host.cluster.system.log.debug("\(host.type): registered with \(coordinator), epoch \(epoch)")
        case .unavailable(let cause, let formerHosts):
            guard let cause else {
                inspector.emit(.note, text: "\(host.type): shards can be placed again")
                return
            }
            inspector.emit(
                .shardUnplaced, reason: AskError.Code(cause).rawValue, text: "\(host.type): \(cause)",
                causes: formerHosts.compactMap { host.cluster.lastEvent(about: $0) })
        case .shardStarted(let shard, _):
            passes[shard] = nil
            causes.note(
                inspector.emit(.shardStarted, shard: shard, text: host.type, causes: causes.about(shard)), about: shard)
        case .shardStopped(let shard, _, let forced):
            passes.removeValue(forKey: shard)?.revoke()
            causes.note(
                inspector.emit(
                    .shardStopped, shard: shard, reason: forced ? "forced" : nil, text: host.type,
                    causes: causes.about(shard)), about: shard)
        case .entityStarted(let instance): tell(.entityStarted, instance)
        case .entityPassivated(let instance): tell(.entityPassivated, instance)
        case .entityStopped(let instance): tell(.entityStopped, instance)
        case .entityFailed(let instance, let failures, let restartAt):
            let stopped = inspector.emit(
                .entityStopped, shard: instance.shard, entity: instance.entity,
                reason: "failed, starts again from \(restartAt) s on", causes: causes.about(instance.shard))
            let count = failures > 1 ? "\(failures) times in a row" : "once"
            inspector.emit(
                .note, shard: instance.shard, entity: instance.entity,
                reason: String((entityFailure ?? "failed").prefix(200)),
                text: "has failed \(count), starts again from \(restartAt) s on", causes: [stopped])
        case .remembered(let shard, let count):
            inspector.emit(
                .note, shard: shard, text: "\(host.type): \(count) remembered entities start again",
                causes: causes.about(shard))
        case .storeFailed(let request, let retryAt): tell(refused: request, retryAt: retryAt)
        case .storeRecovered:
            guard storeTrouble != nil else { return }
            storeTrouble = nil
            inspector.emit(.note, reason: "store", text: "\(host.type): entities are remembered again")
        case .fenced:
            // A node that joins or is gone has no lease either, but nothing to pause.
            isFenced = !entities.isEmpty
            if !isFenced { return }
            inspector.emit(.note, reason: "lease", text: "\(host.type): the lease has lapsed, every entity pauses")
        case .unfenced:
            if isFenced { inspector.emit(.note, reason: "lease", text: "\(host.type): the lease is valid again") }
            isFenced = false
        case .refusedEpoch(let epoch, let node):
            inspector.emit(
                .note, subject: inspector.nameOf(node.address), reason: "epoch \(epoch)",
                text: "\(host.type): order of a former coordinator refused")
        case .shardCountMismatch(let count):
            host.cluster.system.log.error(
                "\(host.type) has \(host.settings.shardCount) shards here and \(count) in the cluster: it stays out")
        case .answer(let id, let answer): answers.removeValue(forKey: id)?(answer)
        }
    }

    /// The most unplaced shards that are reported one by one; the snapshot lists all of them.
    private static var unplacedTold: Int { 8 }

    /// Reports when the refusals begin and when the reason changes; the snapshot shows the current state.
    private mutating func tell(refused request: StoreRequest, retryAt: Instant) {
        let what = if case .load = request { "read" } else { "written" }
        let reason = storeError.map { "\($0.code.rawValue): \($0.description)" } ?? "unknown"
        let trouble = "which entities are remembered cannot be \(what): \(reason)"
        guard storeTrouble != trouble else { return }
        storeTrouble = trouble
        host.inspector.emit(
            .note, shard: request.shard, reason: "store",
            text: "\(host.type): \(trouble), tried again from \(retryAt) s on")
    }

    private func tell(_ kind: EventKind, _ instance: EntityInstance) {
        host.inspector.emit(
            kind, shard: instance.shard, entity: instance.entity, causes: causes.about(instance.shard))
    }
}

/// The latest event about each shard on this node, which is the cause of the next one.
struct ShardCauses {
    var coordinator: EventID?
    private var latest: [Int: EventID] = [:]

    func about(_ shard: Int) -> [EventID] { latest[shard].map { [$0] } ?? [] }

    mutating func note(_ id: EventID, about shard: Int) { latest[shard] = id }
}

extension AllocationReason {
    fileprivate var word: String {
        switch self {
        case .asked: "asked"
        case .ownerRemoved: "owner removed"
        case .ownerStopped: "owner stopped"
        case .handoff: "handoff"
        case .ownerRefused: "owner refused"
        }
    }
}

extension HandoffOutcome {
    fileprivate var word: String {
        switch self {
        case .done: "done"
        case .ownerRemoved: "owner removed"
        case .timedOut: "timed out"
        }
    }
}
