import CastyCore
import CastyObservability

extension FaultStory {
    /// Takes in an event that belongs to this story.
    mutating func on(_ event: RuntimeEvent, _ snapshot: ClusterSnapshot) {
        switch event.kind {
        case .suspected, .memberUnreachable, .memberReachable, .memberDown, .memberExiting, .memberRemoved,
            .memberJoining, .memberWeaklyUp, .memberUp, .memberLeaving:
            onMember(event, snapshot)
        case .downingDecision: onDecision(event, snapshot)
        case .shardStarted, .shardMoved, .shardUnplaced: onShard(event)
        case .nodeThawed: note(.thawed, event, nodes: [event.concerned])
        case .nodeStarted: note(.restarted, event, nodes: [event.concerned])
        case .nodeKilled: note(.killed, event, nodes: [event.concerned])
        case .nodeStopped:
            if fault != .cut || isEndpoint(event.concerned) { add(victim: event.concerned, snapshot) }
            note(.stopped, event, nodes: [event.concerned], reason: event.reasonWords)
        case .healed: heal(event)
        case .leaderChanged: note(.leader, event, nodes: [event.concerned], reason: event.reasonWords)
        case .coordinatorStarted: note(.coordinator, event, nodes: [event.concerned])
        case .secondCluster: note(.secondCluster, event, nodes: [event.concerned], reason: event.detailWords)
        case .converged: onConvergence(event)
        case .note: onNote(event)
        case .messageLost: lose(event.reasonWords ?? "", at: event.time)
        case .handoffBegun: hand(over: event, snapshot)
        case .nodeFrozen, .cut, .linkImpaired, .linkRestored, .shardAllocated, .shardStopped,
            .entityStarted, .entityPassivated,
            .entityStopped, .reply, .expectationPassed, .expectationFailed, .invariantViolated:
            break
        }
    }

    private mutating func onMember(_ event: RuntimeEvent, _ snapshot: ClusterSnapshot) {
        let kind: StoryStep.Kind
        switch event.kind {
        case .suspected: kind = .suspected
        case .memberUnreachable: kind = .unreachable
        case .memberReachable: kind = .reachable
        case .memberExiting: kind = .exiting
        case .memberJoining, .memberWeaklyUp: kind = .joining
        case .memberUp: kind = .up
        case .memberRemoved: kind = .removed
        case .memberDown:
            // The node's own view of its end is another step, reported by the decision.
            if event.node == event.concerned { return }
            add(victim: event.concerned, snapshot)
            kind = .down
        default: return
        }
        note(kind, event, nodes: [event.concerned], reason: event.reasonWords)
    }

    private mutating func onDecision(_ event: RuntimeEvent, _ snapshot: ClusterSnapshot) {
        let downed = event.downedNodes
        guard !downed.isEmpty else { return }
        next = nil
        for node in downed { add(victim: node, snapshot) }
        if downed.contains(event.node) {
            note(.downedThemselves, event, nodes: downed, reason: event.reasonWords)
        } else {
            note(.decided, event, nodes: downed, reason: event.reasonWords)
        }
    }

    private mutating func onShard(_ event: RuntimeEvent) {
        guard let number = event.shard else {
            if event.kind == .shardUnplaced { note(.unplaced, event, nodes: [], reason: event.detailWords) }
            return
        }
        let shard = ShardID(type: event.shardType, shard: number)
        if event.kind == .shardUnplaced {
            note(.unplaced, event, nodes: [], reason: event.detailWords)
            return count(1, in: .unplaced)
        }
        let home = event.kind == .shardMoved ? event.to ?? event.node : event.node
        guard move(shard, to: home) else { return }
        note(.moved, event, nodes: [home])
        count(1, in: .moved)
    }

    private mutating func onNote(_ event: RuntimeEvent) {
        if let wait = event.leaseWait {
            note(.awaitsLease, event, nodes: [event.concerned])
            count(wait.shards, until: wait.until, in: .awaitsLease)
        } else if event.isLeaseLapse {
            note(.paused, event, nodes: [event.node])
        }
    }

    /// Agreement is news once after each change that all nodes have to agree on.
    private mutating func onConvergence(_ event: RuntimeEvent) {
        let change = steps.lastIndex { [.removed, .reachable, .up].contains($0.kind) }
        let known = steps.lastIndex { $0.kind == .converged }
        guard let change else { return }
        if let known, known > change, event.time - steps[known].last > .seconds(1) { return }
        note(.converged, event, nodes: [])
    }

    private mutating func heal(_ event: RuntimeEvent) {
        if let from = event.from, let to = event.to {
            guard openLinks.remove(Direction(from: from, to: to)) != nil else { return }
        } else {
            openLinks = []
        }
        if openLinks.isEmpty { note(.healed, event, nodes: []) }
    }

    /// Whether a shard is handed over to the node that the story is about.
    func receives(_ event: RuntimeEvent) -> Bool {
        fault.isArrival && event.to.map { victims.contains($0) } == true
    }

    /// Whether the story follows this shard, because a victim hosted it or gives or gets it now.
    func follows(_ event: RuntimeEvent) -> Bool {
        guard let shard = event.shard else { return false }
        if fault.isArrival {
            return event.kind == .shardMoved && event.to.map { victims.contains($0) } == true
        }
        if let from = event.from, event.kind == .shardMoved, victims.contains(from) { return true }
        guard orphans.contains(ShardID(type: event.shardType, shard: shard)) else { return false }
        return event.kind == .shardUnplaced || !victims.contains(event.to ?? event.node)
    }
}
