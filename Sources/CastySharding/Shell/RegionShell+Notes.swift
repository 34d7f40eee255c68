import CastyActors
import CastyCluster
import CastyCore
import CastyObservability
import CastyPlacement
import Logging

extension RegionShell {
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
                inspector.emit(.note, detail: about(.placedAgain))
                return
            }
            inspector.emit(
                .shardUnplaced, reason: .unavailable(cause), detail: .unplaced(type: host.type, cause),
                causes: formerHosts.compactMap { host.cluster.lastEvent(about: $0) })
        case .shardStarted(let shard, _):
            passes[shard] = nil
            tell(.shardStarted, shard)
            host.reminders?.tell(.shardStarted)
        case .shardStopped(let shard, _, let forced):
            passes.removeValue(forKey: shard)?.revoke()
            tell(.shardStopped, shard, reason: forced ? .forced : nil)
        case .entityStarted(let instance): tell(.entityStarted, instance)
        case .entityPassivated(let instance): tell(.entityPassivated, instance)
        case .entityStopped(let instance): tell(.entityStopped, instance)
        case .entityFailed(let instance, let failures, let restartAt):
            tell(failed: instance, failures: failures, restartAt: restartAt)
        case .remembered(let shard, let count):
            inspector.emit(
                .note, shard: shard, detail: about(.startsRemembered(count)),
                causes: causes.about(shard))
        case .storeFailed(let request, let retryAt): tell(refused: request, retryAt: retryAt)
        case .storeRecovered:
            guard storeTrouble != nil else { return }
            storeTrouble = nil
            inspector.emit(.note, reason: .notice(.store), detail: about(.storeRecovered))
        case .fenced: tellFenced()
        case .unfenced:
            if isFenced { inspector.emit(.note, reason: .notice(.lease), detail: about(.leaseValid)) }
            isFenced = false
        case .refusedEpoch(let epoch, let node):
            inspector.emit(
                .note, subject: inspector.nameOf(node.address), reason: .epoch(epoch.single),
                detail: about(.formerOrder))
        case .shardCountMismatch(let count):
            host.cluster.system.log.error(
                "\(host.type) has \(host.settings.shardCount) shards here and \(count) in the cluster: it stays out")
        case .answer(let id, let answer): self.answer(id, answer)
        }
    }

    private mutating func tellFenced() {
        // A node that joins or is gone has no lease either, but nothing to pause.
        isFenced = !state.running.isEmpty
        if !isFenced { return }
        host.inspector.emit(.note, reason: .notice(.lease), detail: about(.leaseLapsed))
    }

    private func tell(failed instance: EntityInstance, failures: Int, restartAt: Instant) {
        let inspector = host.inspector
        let stopped = inspector.emit(
            .entityStopped, shard: instance.shard, entity: instance.entity,
            reason: .failed(restartAt: restartAt), causes: causes.about(instance.shard))
        inspector.emit(
            .note, shard: instance.shard, entity: instance.entity,
            reason: .text(String((entityFailure ?? "failed").prefix(200))),
            detail: .failures(failures, restartAt: restartAt), causes: [stopped])
    }

    /// Reports when the refusals begin and when the reason changes; the snapshot shows the current state.
    private mutating func tell(refused request: StoreRequest, retryAt: Instant) {
        let isReading = if case .load = request { true } else { false }
        let trouble = StoreTrouble(
            isReading: isReading, error: storeError.map { "\($0.code.rawValue): \($0.description)" })
        guard storeTrouble != trouble else { return }
        storeTrouble = trouble
        host.inspector.emit(
            .note, shard: request.shard, reason: .notice(.store),
            detail: about(.storeRefuses(trouble, retryAt: retryAt)))
    }

    private func tell(_ kind: EventKind, _ instance: EntityInstance) {
        host.inspector.emit(
            kind, shard: instance.shard, entity: instance.entity, causes: causes.about(instance.shard))
    }
}
