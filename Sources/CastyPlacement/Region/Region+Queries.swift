package import CastyCore

/// What a region knows and does, for dashboards and operators.
package struct RegionStatus: Hashable, Sendable {
    package var coordinator: UniqueAddress?
    package var epoch: CoordinatorEpoch
    package var isRegistered: Bool
    package var isFenced: Bool
    package var isLeaving: Bool
    /// The homes this region knows, by shard.
    package var homes: [ShardHome]
    /// The shards that run here, by shard.
    package var hosted: [HostedStatus]
    /// The shards that have messages waiting for a home, by shard.
    package var buffers: [BufferStatus]
    /// All buffered messages: for a home, for a handoff, for an entity.
    package var buffered: Int
    package var intents: Intents
    /// The number of refused store requests that will be retried.
    package var storeRetries = 0
}

/// One shard that runs here.
package struct HostedStatus: Hashable, Sendable {
    package enum Phase: UInt8, Hashable, Sendable {
        /// It waits for the leftovers of the old home, or for the store.
        case starting
        case running
        /// It waits for the streams to it to be closed.
        case draining
        case stopping
        /// Its entities are paused: the lease has lapsed, or the coordinator has not yet confirmed that this region
        /// still hosts the shard.
        case paused
    }

    package var shard: Int
    package var version: ShardVersion
    package var phase: Phase
    package var entities: Int
    /// Messages delivered to its entities since it started here.
    package var handled: UInt64
    /// Messages that wait for the hold to end, or for the next home.
    package var buffered: Int
    /// How many entities the store remembered when the shard started here, and how many of them have not started yet.
    package var remembered = 0
    package var dormant = 0
}

/// Messages that wait for a home.
package struct BufferStatus: Hashable, Sendable {
    package var shard: Int
    package var count: Int
    /// When the oldest message was buffered.
    package var since: Instant
}

/// One entity that is known here.
package struct EntityStatus: Hashable, Sendable {
    package enum Phase: UInt8, Hashable, Sendable {
        case active, passivating, stopping, waitingForRestart, remembering, forgetting, remembered
    }

    package var entity: String
    package var shard: Int
    package var phase: Phase
    /// Messages delivered to it since it started.
    package var handled: UInt64
    package var lastUsed: Instant
    package var buffered: Int
}

extension Region {
    /// The status without the entities; O(number of shards).
    package var status: RegionStatus { makeStatus() }

    @specialized(where Payload == ErasedMessage)
    private func makeStatus() -> RegionStatus {
        RegionStatus(
            coordinator: coordinator, epoch: epoch, isRegistered: coordination.isRegistered, isFenced: lease.isLapsed,
            isLeaving: !lifecycle.isRunning,
            homes: homes.indices.compactMap { shard in
                homes[shard].target.map { ShardHome(shard: shard, node: $0, version: homes[shard].version) }
            },
            hosted: hosted.numbers.compactMap { hostedStatus($0) },
            buffers: waitingShards, buffered: buffers.total, intents: coordination.intents,
            storeRetries: storeRetries.count)
    }

    /// The shards that have messages waiting for a home, by shard.
    package var waitingShards: [BufferStatus] {
        buffers.shards.compactMap { shard in
            let buffer = buffers[shard]
            guard let oldest = buffer.map(\.since).min() else { return nil }
            return BufferStatus(shard: shard, count: buffer.count, since: oldest)
        }
    }

    @specialized(where Payload == ErasedMessage)
    private func hostedStatus(_ shard: Int) -> HostedStatus? {
        guard let item = hosted.shards[shard] else { return nil }
        let phase: HostedStatus.Phase =
            switch item.phase {
            case .running: item.isPaused ? .paused : item.isHolding ? .starting : .running
            case .draining: .draining
            case .stopping: .stopping
            }
        return HostedStatus(
            shard: shard, version: item.version, phase: phase, entities: hosted.entities[shard].count,
            handled: item.handled,
            buffered: item.held.count + item.ahead.count + item.leftover.count, remembered: item.remembered,
            dormant: item.dormant)
    }

    /// A page of the entities of one shard here, in the order of their names.
    ///
    /// - Parameters:
    ///   - shard: The shard.
    ///   - prefix: Only names that begin with it.
    ///   - last: Only names after this one; the last name of the page before.
    ///   - limit: The most entities to return.
    /// - Returns: The page. O(entities of the shard · log limit).
    @specialized(where Payload == ErasedMessage)
    package func entities(
        of shard: Int, prefix: String = "", after last: String? = nil, limit: Int
    ) -> [EntityStatus] {
        guard hosted.entities.indices.contains(shard), !hosted.entities[shard].isEmpty else { return [] }
        if prefix.isEmpty, last == nil, hosted.entities[shard].count <= limit {
            return hosted.entities[shard].map { status(of: $0.key, $0.value, in: shard) }
                .sorted { $0.entity < $1.entity }
        }
        var best = Best<String>(limit: limit, by: <)
        for name in hosted.entities[shard].keys
        where (prefix.isEmpty || name.hasPrefix(prefix)) && last.map({ name > $0 }) ?? true { best.offer(name) }
        return best.sorted.compactMap { status(of: $0, in: shard) }
    }

    /// The version at which a shard runs here; `nil` if it does not.
    package func version(of shard: Int) -> ShardVersion? { hosted.shards[shard]?.version }

    /// Whether an entity is known here; O(1).
    package func hosts(_ entity: String) -> Bool {
        let (entity, shard) = canonical(of: entity)
        return hosted.entities[shard][entity] != nil
    }

    /// A page of the entities of all shards here, in the order of their names.
    ///
    /// - Parameters:
    ///   - text: Only names that contain it.
    ///   - last: Only names after this one; the last name of the page before.
    ///   - limit: The most entities to return.
    /// - Returns: The page, and whether there are more after it. O(entities · log limit).
    package func entities(
        containing text: String, after last: String?, limit: Int
    ) -> (page: [EntityStatus], hasMore: Bool) {
        var best = Best<EntityKey>(limit: limit + 1) { $0.entity < $1.entity }
        for shard in hosted.numbers {
            for name in hosted.entities[shard].keys
            where last.map({ name > $0 }) ?? true && (text.isEmpty || name.contains(text)) {
                best.offer(EntityKey(shard: shard, entity: name))
            }
        }
        let found = best.sorted
        return (
            found.prefix(max(0, limit)).compactMap { status(of: $0.entity, in: $0.shard) }, found.count > max(0, limit)
        )
    }

    /// The entities here with the most delivered messages, the busiest first. O(entities · log limit).
    package func hottestEntities(limit: Int) -> [EntityStatus] {
        var best = Best<(key: EntityKey, handled: UInt64)>(limit: limit) {
            $0.handled != $1.handled ? $0.handled > $1.handled : $0.key.entity < $1.key.entity
        }
        for shard in hosted.numbers {
            for (name, entity) in hosted.entities[shard] {
                best.offer((EntityKey(shard: shard, entity: name), entity.handled))
            }
        }
        return best.sorted.compactMap { status(of: $0.key.entity, in: $0.key.shard) }
    }

    private func status(of name: String, in shard: Int) -> EntityStatus? {
        hosted.entities[shard][name].map { status(of: name, $0, in: shard) }
    }

    @specialized(where Payload == ErasedMessage)
    private func status(of name: String, _ entity: Entity<Payload>, in shard: Int) -> EntityStatus {
        let phase: EntityStatus.Phase =
            switch entity.state {
            case .active: .active
            case .passivating: .passivating
            case .stopping: .stopping
            case .waiting: .waitingForRestart
            case .remembering: .remembering
            case .forgetting: .forgetting
            case .remembered: .remembered
            }
        return EntityStatus(
            entity: name, shard: shard, phase: phase, handled: entity.handled, lastUsed: entity.lastUsed,
            buffered: entity.buffered.count)
    }
}

extension Region {
    /// The home of a shard, as far as this region knows.
    package func home(of shard: Int) -> UniqueAddress? {
        homes.indices.contains(shard) ? homes[shard].target : nil
    }
}
