package import CastyCore
package import CastyPlacement
package import CastySharding

/// A shard of one type.
package struct ShardKey: Hashable, Sendable {
    package let type: String
    package let shard: Int

    package init(type: String, shard: Int) {
        self.type = type
        self.shard = shard
    }
}

/// An action of a region or coordinator, and its time.
package struct ShardingFact: Sendable {
    /// In the runtime's time.
    package let time: Instant
    package let type: String
    package let node: UniqueAddress
    package let name: String
    package let note: PlacementNote
    package let settings: PlacementSettings

    package func violation(_ id: String, shard: Int? = nil, entity: String? = nil, _ text: String) -> Violation {
        Violation(id: id, subject: name, entity: entity ?? shard.map { "\(type) shard \($0)" }, text: text)
    }
}

/// Which node actually runs which shard, regardless of what the nodes believe.
package struct ShardingOracle: Sendable {
    /// One incarnation of a node.
    struct Incarnation: Sendable {
        let name: String
        /// Until when its lease is valid, and the time, both by its own clock. They go on when it has crashed.
        let lease: @Sendable () -> (until: Instant, now: Instant)
        var isGone = false
        var isFrozen = false

        var hasLease: Bool {
            let (until, now) = lease()
            return now < until
        }
    }

    /// One period in which a shard runs on one node.
    package struct Run: Sendable {
        package let version: ShardVersion
        let since: Instant
    }

    /// The newest allocation of a shard.
    struct Grant: Sendable {
        let home: ShardHome
        let at: Instant
        let generation: Int
    }

    /// How many shards each type has.
    var shardCount = 1
    private(set) var incarnations: [UniqueAddress: Incarnation] = [:]
    /// The nodes on which a shard has started and not stopped.
    package private(set) var runs: [ShardKey: [UniqueAddress: Run]] = [:]
    /// Increases with each start of a cluster that has no memory of the earlier ones.
    package private(set) var generation = 0
    /// The newest allocation of each shard.
    private(set) var grants: [ShardKey: Grant] = [:]
    /// The latest instance of each started entity: its node, and its number there.
    private(set) var newest: [String: (node: UniqueAddress, number: UInt64)] = [:]
    /// When each entity was last passivated, and when each shard last began to move.
    private(set) var passivations: [String: Instant] = [:]
    private(set) var moves: [ShardKey: Instant] = [:]
    /// The nodes that crashed while they owned and ran a shard, until the shard runs elsewhere.
    package private(set) var orphans: [ShardKey: (owner: UniqueAddress, generation: Int)] = [:]
    /// The highest epoch that each incarnation knows, by type.
    private var epochs: [String: [UniqueAddress: CoordinatorEpoch]] = [:]

    mutating func add(_ node: UniqueAddress, _ incarnation: Incarnation) { incarnations[node] = incarnation }

    mutating func freeze(_ node: UniqueAddress, _ isFrozen: Bool) { incarnations[node]?.isFrozen = isFrozen }

    /// Whether the lease with which a node crashed has not ended. A lease without an end does not count: the strategy
    /// keeps such a node whatever happens, so only a person or its next incarnation can have it removed.
    package func outlives(_ node: UniqueAddress) -> Bool {
        guard let incarnation = incarnations[node], incarnation.isGone else { return false }
        return incarnation.hasLease && incarnation.lease().until < .distantFuture
    }

    /// Records that the incarnation is dead: its shards run there no more.
    ///
    /// - Parameter isCrash: Whether it ended without being able to notify any node.
    mutating func end(_ node: UniqueAddress, isCrash: Bool) {
        for (key, runs) in runs where isCrash && runs[node] != nil && grants[key]?.home.node == node {
            orphans[key] = (node, generation)
        }
        incarnations[node]?.isGone = true
        for key in runs.keys { runs[key]?[node] = nil }
        for type in epochs.keys { epochs[type]?[node] = nil }
    }

    package func isAlive(_ node: UniqueAddress) -> Bool { incarnations[node].map { !$0.isGone } ?? false }

    package func name(_ node: UniqueAddress) -> String { incarnations[node]?.name ?? "\(node)" }

    /// Whether entities on the node may act now, or as soon as it thaws.
    package func mayAct(_ node: UniqueAddress) -> Bool {
        incarnations[node].map { !$0.isGone && $0.hasLease } ?? false
    }

    /// Whether the node's coordinator can work now.
    package func canCoordinate(_ node: UniqueAddress) -> Bool {
        mayAct(node) && incarnations[node]?.isFrozen == false
    }

    /// The nodes that run a shard and may act; sorted, so that messages about them are deterministic.
    package func actors(of key: ShardKey) -> [UniqueAddress] {
        (runs[key] ?? [:]).keys.filter(mayAct).sorted()
    }

    /// The allocation by which a node may no longer act for a shard, made after the shard started there; `nil` if it
    /// may act.
    func successor(of node: UniqueAddress, for key: ShardKey) -> Grant? {
        guard let grant = grants[key], grant.home.node != node else { return nil }
        guard let run = runs[key]?[node] else { return grant }
        let isOlder = grant.generation == generation && run.version < grant.home.version
        return isOlder || run.since < grant.at ? grant : nil
    }

    /// The highest epoch that any live incarnation knows.
    package func highestEpoch(of type: String) -> CoordinatorEpoch? { epochs[type]?.values.max() }

    mutating func apply(_ fact: ShardingFact) {
        switch fact.note {
        case .region(.shardStarted(let shard, let version)):
            runs[ShardKey(type: fact.type, shard: shard), default: [:]][fact.node] = Run(
                version: version, since: fact.time)
            orphans[ShardKey(type: fact.type, shard: shard)] = nil
        case .region(.shardStopped(let shard, _, _)):
            runs[ShardKey(type: fact.type, shard: shard)]?[fact.node] = nil
        case .region(.registered(_, let epoch)): hear(epoch, fact)
        case .region(.entityStarted(let instance)): newest[instance.entity] = (fact.node, instance.number)
        case .coordinator(.allocated(let home, _)):
            grants[ShardKey(type: fact.type, shard: home.shard)] = Grant(
                home: home, at: fact.time, generation: generation)
        case .coordinator(.conflict(let shard, let loser)):
            // The region that claimed it keeps it.
            let key = ShardKey(type: fact.type, shard: shard)
            if grants[key]?.home.node == loser { grants[key] = nil }
        case .region(.entityPassivated(let instance)): passivations[instance.entity] = fact.time
        case .coordinator(.handoffBegun(let shard, _, _, _)):
            moves[ShardKey(type: fact.type, shard: shard)] = fact.time
        case .coordinator(.started(let epoch)):
            if epochs[fact.type]?.isEmpty ?? true { generation += 1 }
            hear(epoch, fact)
        case .region, .coordinator: break
        }
    }

    private mutating func hear(_ epoch: CoordinatorEpoch, _ fact: ShardingFact) {
        let before = epochs[fact.type]?[fact.node] ?? .none
        epochs[fact.type, default: [:]][fact.node] = max(before, epoch)
    }
}

extension ShardingOracle {
    /// The shard of an entity: FNV-1a of 64 bits over the UTF-8 of its name, modulo the number of shards.
    package static func shard(of entity: String, count: Int) -> Int {
        var hash: UInt64 = 14_695_981_039_346_656_037
        for byte in entity.utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        return Int(hash % UInt64(count))
    }
}
