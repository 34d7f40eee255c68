package import CastyCore

/// What a coordinator knows and does, for dashboards and operators.
package struct CoordinatorStatus: Hashable, Sendable {
    package enum Phase: UInt8, Hashable, Sendable {
        case inactive, recovering, active
    }

    package var phase: Phase
    package var epoch: CoordinatorEpoch
    /// Until then it allocates no shard that no region has reported: a removed member may still run it, and a removed
    /// coordinator may still allocate it.
    package var holdUntil: Instant
    package var regions: [CoordinatedRegion]
    /// Members that a recovering coordinator still waits for.
    package var awaited: [UniqueAddress]
    /// By shard; only shards that were requested at least once.
    package var shards: [ShardExplanation]
    /// Moves of the current round that have not begun.
    package var planned: [ShardMove]
    package var intents: Intents
    /// Why no shard can be placed at present; `nil` if one can.
    package var hindrance: HomelessCause?
}

/// A registered region.
package struct CoordinatedRegion: Hashable, Sendable {
    package var node: UniqueAddress
    package var shards: Int
    /// It can be given shards now.
    package var takesShards: Bool
    package var isLeaving: Bool
    package var isDrained: Bool
}

/// Why no shard can be placed at present.
package enum PlacementObstacle: UInt8, Hashable, Sendable {
    /// No node that is up hosts the type (and has its role, where it has one).
    case noHost
    /// Every node that hosts the type is unreachable.
    case allUnreachable
    /// Every node that hosts the type is leaving, or has no lease.
    case allRefused
    /// Fewer nodes host the type than required before the first shard is placed.
    case tooFewRegions
}

/// Why a shard is where it is, or why it has no home.
package struct ShardExplanation: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        /// No region has asked for it yet.
        case unused
        /// A removed owner may run it until then.
        case held(until: Instant)
        /// It could be allocated, but no region takes shards, or the coordinator may not act yet.
        case waiting
        case starting(ShardHome, holdFor: UniqueAddress?)
        case running(ShardHome)
        /// These regions have not closed their streams.
        case closing(ShardHome, to: UniqueAddress?, waitingFor: [UniqueAddress], deadline: Instant)
        /// The old home is stopping it.
        case stopping(ShardHome, to: UniqueAddress?, deadline: Instant)
    }

    package var shard: Int
    package var state: State
    /// The address an operator pinned it to.
    package var pin: NodeAddress?
}

extension ShardCoordinator {
    /// Whether this coordinator acts.
    package var isActing: Bool { phase != .inactive }

    /// The whole status; O(number of shards).
    package func status(at now: Instant) -> CoordinatorStatus {
        var counts: [Int] = Array(repeating: 0, count: regions.count)
        for shard in shards {
            if let node = shard.owner?.node, let index = indexOfRegion(node) { counts[index] += 1 }
        }
        let phase: CoordinatorStatus.Phase =
            switch phase {
            case .inactive: .inactive
            case .recovering: .recovering
            case .active: .active
            }
        return CoordinatorStatus(
            phase: phase, epoch: epoch, holdUntil: crashHold,
            regions: regions.enumerated().map { index, region in
                CoordinatedRegion(
                    node: region.node, shards: counts[index], takesShards: takesShards(region),
                    isLeaving: region.isLeaving, isDrained: intents.drains.sortedContains(region.node))
            },
            awaited: phase == .recovering ? view.members.filter(isAwaited).map(\.node) : [],
            shards: shards.indices.compactMap { explain($0, at: now) }.filter { $0.state != .unused },
            planned: planned, intents: intents, hindrance: hindrance)
    }

    /// Why a shard is where it is; `nil` if there is no such shard, or this coordinator does not act.
    package func explain(_ shard: Int, at now: Instant) -> ShardExplanation? {
        guard let state = state(shard) else { return nil }
        func home(_ owner: ShardState.Ownership) -> ShardHome {
            ShardHome(shard: shard, node: owner.node, version: owner.version)
        }
        let explained: ShardExplanation.State =
            switch state {
            case .unallocated(let waiting):
                !waiting.isWanted ? .unused : waiting.holdUntil > now ? .held(until: waiting.holdUntil) : .waiting
            case .starting(let starting): .starting(home(starting.owner), holdFor: starting.holdFor)
            case .started(let owner): .running(home(owner))
            case .handingOff(let handoff):
                handoff.isStopping
                    ? .stopping(home(handoff.owner), to: handoff.target, deadline: handoff.deadline)
                    : .closing(
                        home(handoff.owner), to: handoff.target, waitingFor: handoff.waiting,
                        deadline: handoff.deadline)
            }
        return ShardExplanation(shard: shard, state: explained, pin: intents.address(of: shard))
    }
}
