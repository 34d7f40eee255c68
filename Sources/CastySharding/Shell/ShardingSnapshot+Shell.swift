import CastyCore
import CastyObservability
import CastyPlacement

/// The most entities of one shard that a snapshot lists.
private let entitiesListed = 50

extension ShardingSnapshot {
    /// The snapshot of a sharding actor.
    init(_ host: RegionHost, _ cores: RegionCores, at now: Instant) {
        self = cores.read { Self(host, &$0, &$1, lease: $2, $3, at: now) }
    }

    private init(
        _ host: RegionHost, _ core: inout Region<ErasedMessage>, _ coordinating: inout ShardCoordinator, lease: Instant,
        _ storeTrouble: StoreTrouble?, at now: Instant
    ) {
        let region = core.status
        let coordinator = coordinating.isActing ? coordinating.status(at: now) : nil
        let moving = coordinator?.moving ?? []
        self.init(
            type: host.type, shardCount: host.settings.shardCount,
            homes: region.homes.map {
                CastyObservability.ShardHome(shard: $0.shard, node: $0.node, moving: moving.contains($0.shard))
            },
            shards: region.hosted.map { hosted in
                ShardSnapshot(
                    shard: hosted.shard, state: hosted.phase.shown,
                    entities: core.entities(of: hosted.shard, limit: entitiesListed).map {
                        EntitySnapshot(id: $0.entity, state: $0.phase.shown, handled: $0.handled, lastUsed: $0.lastUsed)
                    }, entityCount: hosted.entities, handled: hosted.handled, remembered: hosted.remembered,
                    restarted: hosted.remembered - hosted.dormant)
            },
            buffered: region.buffered, bufferedSince: region.buffers.map(\.since).min(),
            registered: region.isRegistered,
            leaseUntil: lease == .distantFuture ? nil : lease, coordinator: region.coordinator,
            epoch: region.epoch.single, remembers: core.settings.remembersEntities,
            isStored: host.isStored, storeTrouble: storeTrouble, unavailable: core.trouble(at: now),
            unplaced: coordinator.map(\.unplaced) ?? core.unplaced(at: now), drained: region.intents.drains,
            pinned: region.intents.pins.map(\.shard), isPaused: region.intents.isPaused,
            coordinating: coordinator.map { coordinator in
                CoordinatorSnapshot(
                    state: coordinator.phase == .recovering
                        ? .rebuilding : now < coordinator.holdUntil ? .holding : .running,
                    epoch: coordinator.epoch.single,
                    regions: coordinator.regions.map(\.node),
                    handoffs: coordinator.shards.compactMap(\.transition),
                    waiting: coordinator.shards.filter(\.isHeld).map(\.shard), awaited: coordinator.awaited)
            })
    }
}

extension ShardingSnapshot {
    /// Whether it does not change with time alone: nothing waits for a deadline.
    var isStill: Bool {
        guard buffered == 0, unavailable == nil, unplaced.isEmpty else { return false }
        guard let coordinating else { return true }
        return coordinating.state == .running && coordinating.handoffs.isEmpty && coordinating.waiting.isEmpty
    }
}

extension CoordinatorEpoch {
    /// The epoch as one number, in the order of epochs.
    var single: UInt64 { UInt64(clamping: upNumber) << 32 | UInt64(clamping: start) }
}

extension CoordinatorStatus {
    /// The shards that wait for a home, and why.
    fileprivate var unplaced: [UnplacedShard] {
        shards.compactMap { explanation in
            switch explanation.state {
            case .held: UnplacedShard(shard: explanation.shard, cause: .waitsForLease)
            case .waiting: hindrance.map { UnplacedShard(shard: explanation.shard, cause: $0.unavailability) }
            case .unused, .starting, .running, .closing, .stopping: nil
            }
        }
    }

    /// The shards that are moving or starting.
    fileprivate var moving: [Int] {
        shards.filter { explanation in
            switch explanation.state {
            case .closing, .stopping, .starting: true
            case .unused, .held, .waiting, .running: false
            }
        }.map(\.shard)
    }
}

extension Region {
    /// The shards without a home for which messages wait here, and why, as far as this region knows.
    fileprivate func unplaced(at now: Instant) -> [UnplacedShard] {
        let waiting = waitingShards
        if waiting.isEmpty { return [] }
        let trouble = trouble(at: now)
        return waiting.compactMap { buffer in
            guard home(of: buffer.shard) == nil else { return nil }
            return (trouble ?? homelessCause(of: buffer.shard)?.unavailability)
                .map { UnplacedShard(shard: buffer.shard, cause: $0) }
        }
    }
}

extension ShardExplanation {
    fileprivate var isHeld: Bool {
        switch state {
        case .held, .waiting: true
        case .unused, .starting, .running, .closing, .stopping: false
        }
    }

    /// Its start or its move; `nil` for a shard that stays.
    fileprivate var transition: ShardTransition? {
        switch state {
        case .starting(let home, let former):
            ShardTransition(shard: shard, home: home.node, stage: .starting(after: former))
        case .closing(let home, let target, let waiting, _):
            ShardTransition(shard: shard, home: home.node, stage: .closing(to: target, waitingFor: waiting))
        case .stopping(let home, let target, _):
            ShardTransition(shard: shard, home: home.node, stage: .stopping(to: target))
        case .unused, .held, .waiting, .running: nil
        }
    }
}

extension HostedStatus.Phase {
    /// The state that a snapshot shows for it.
    var shown: ShardSnapshot.State {
        switch self {
        case .starting: .starting
        case .running: .running
        case .paused: .paused
        case .draining, .stopping: .handingOff
        }
    }
}

extension EntityStatus.Phase {
    /// The state that a snapshot shows for it.
    var shown: EntitySnapshot.State {
        switch self {
        case .active: .active
        case .passivating: .passivating
        case .stopping: .stopping
        case .waitingForRestart: .restarting
        case .remembering: .remembering
        case .forgetting: .forgetting
        case .remembered: .remembered
        }
    }
}
