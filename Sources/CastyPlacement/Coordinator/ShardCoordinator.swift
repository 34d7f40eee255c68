package import CastyCore

/// Decides where the shards of one entity type live. Every node has one; the one on the oldest member acts.
///
/// ```
///            oldest up member            all have answered, or are gone
///  inactive ────────────────▶ recovering ────────────────────────────────▶ active
///      ▲                           │                                          │
///      └───────────────────────────┴──────── no longer the oldest ────────────┘
/// ```
///
/// It stores nothing: the regions report what they host when they register. After each call the shell reads ``wakeAt`` and calls
/// ``onWakeup(at:)`` then.
package struct ShardCoordinator: Sendable {
    enum Phase: Hashable, Sendable {
        case inactive
        /// Those who have not answered by then are looked for.
        case recovering(probeAt: Instant)
        case active
    }

    package let own: UniqueAddress
    package let settings: PlacementSettings
    let strategy: any ShardAllocationStrategy

    /// When ``onWakeup(at:)`` is due; `nil` while nothing is waited for.
    package internal(set) var wakeAt: Instant?

    var view: PlacementView
    var phase = Phase.inactive
    /// The epoch of the current or last start here.
    var epoch = CoordinatorEpoch.none
    var starts = 0
    /// The highest epoch of another that a region has told of.
    var seenEpoch = CoordinatorEpoch.none
    var sequence: UInt64 = 0
    var leaseValidUntil = Instant.distantFuture
    /// Until then a removed member, whose word that it has stopped this node has not, may still run shards that no region reports.
    var crashHold = Instant.start
    /// Sorted by node.
    var regions: [RegisteredRegion] = []
    /// Registrations of which not all parts have come.
    var gathered: [UniqueAddress: Registration] = [:]
    /// Members that said they have no region of this type, sorted.
    var withoutRegion: [UniqueAddress] = []
    /// Members that said themselves that nothing of the type runs there and nothing will again, sorted. Kept by inactive coordinators too.
    var departed: [UniqueAddress] = []
    /// By shard.
    var shards: [ShardState] = []
    /// The shards whose state is open, in ascending order.
    var open: [Int] = []
    /// By shard: the region that still has messages of an earlier handoff.
    var leftovers: [UniqueAddress?] = []
    var announcedAt = Instant.start
    var intents = Intents()
    /// Answers to commands of the own node that wait until another region knows what was asked for.
    var unconfirmed: [UnconfirmedAnswer] = []
    var hadEnoughRegions = false
    /// Moves of the current round that have not begun.
    var planned: [ShardMove] = []
    var plannedReason = MoveReason.rebalance
    /// Something changed since the last look at the balance.
    var isBalanceUnknown = false
    var nextBalanceCheck = Instant.start
    /// Why shards that are wanted cannot be placed, as was told last.
    var toldObstacle: HomelessCause?

    package init(
        own: UniqueAddress, settings: PlacementSettings, strategy: any ShardAllocationStrategy = LeastShardStrategy()
    ) {
        precondition(settings.shardCount > 0, "a shard type has at least one shard, not \(settings.shardCount)")
        self.own = own
        self.settings = settings
        self.strategy = strategy
        view = PlacementView(own: own, members: [])
    }

    /// Membership changed, or its reachability.
    package mutating func onView(_ view: PlacementView, at now: Instant) -> [CoordinatorEffect] {
        var effects: [CoordinatorEffect] = []
        let old = self.view
        self.view = view
        let removed = view.removals(since: old)
        // Also of a member that was on its way out: it may have been cut off with shards, and its lease may still be valid. What this node finds
        // removed when it joins counts from now, too.
        if removed.contains(where: { mayStillRun($0, in: old) }) { crashHold = max(crashHold, now + margin) }
        let shallAct = view.oldest(role: settings.role) == own
        if phase != .inactive, !shallAct { deactivate(&effects) }
        if phase == .inactive, shallAct { activate(at: now, &effects) }
        if phase != .inactive {
            for node in removed { remove(node, in: old, at: now, &effects) }
            isBalanceUnknown = true
        }
        for node in removed { departed.removeSorted(node) }
        proceed(at: now, &effects)
        return effects
    }

    /// The node may act until then; called whenever that moves. Before the first call it may act for ever.
    package mutating func onLease(validUntil: Instant, at now: Instant) -> [CoordinatorEffect] {
        var effects: [CoordinatorEffect] = []
        leaseValidUntil = validUntil
        proceed(at: now, &effects)
        return effects
    }

    /// A region said something.
    package mutating func onRequest(
        _ request: CoordinatorRequest, from node: UniqueAddress, at now: Instant
    ) -> [CoordinatorEffect] {
        if case .departed = request, view.member(node) != nil { departed.insertSorted(node) }
        guard phase != .inactive else { return [] }
        var effects: [CoordinatorEffect] = []
        handle(request, from: node, at: now, &effects)
        proceed(at: now, &effects)
        return effects
    }

    /// The time ``wakeAt`` has come.
    package mutating func onWakeup(at now: Instant) -> [CoordinatorEffect] {
        var effects: [CoordinatorEffect] = []
        guard phase != .inactive, mayGrant(at: now) else {
            waitForLease(at: now)
            return effects
        }
        resend(at: now, &effects)
        proceed(at: now, &effects)
        return effects
    }
}

extension ShardCoordinator {
    /// What every event ends with: whatever has become possible is done, and the next wake-up is set.
    mutating func proceed(at now: Instant, _ effects: inout [CoordinatorEffect]) {
        wakeAt = nil
        // A coordinator without a lease may already have a successor: it grants nothing.
        guard phase != .inactive, mayGrant(at: now) else { return waitForLease(at: now) }
        finishRecovery(at: now, &effects)
        confirmCommands(&effects)
        if phase == .active {
            evacuate(at: now, &effects)
            checkBalance(at: now, &effects)
            stepRound(at: now, &effects)
            allocate(at: now, &effects)
        }
        wakeAt = nextWakeup(after: now)
    }

    /// Looks again from time to time: nothing else may happen here when the lease is back.
    private mutating func waitForLease(at now: Instant) {
        wakeAt = phase == .inactive ? nil : now + settings.retry
    }

    func mayGrant(at now: Instant) -> Bool {
        now < leaseValidUntil || settings.mutations.contains(.grantsWithoutLease)
    }

    /// From the removal of a member to the start of its shards elsewhere.
    var margin: Duration {
        if settings.mutations.contains(.skipsMargin) { return .zero }
        let margin = max(settings.removalMargin, view.removalMargin)
        return settings.mutations.contains(.failsOverLate) ? margin * 4 : margin
    }

    func nextWakeup(after now: Instant) -> Instant? {
        var next = Instant.distantFuture
        if case .recovering(let probeAt) = phase { next = min(next, min(announcedAt + settings.retry, probeAt)) }
        for shard in open {
            switch shards[shard] {
            case .unallocated(let waiting): if waiting.holdUntil > now { next = min(next, waiting.holdUntil) }
            case .starting(let starting): next = min(next, starting.sentAt + settings.retry)
            case .handingOff(let handoff): next = min(next, min(handoff.deadline, handoff.sentAt + settings.retry))
            case .started: break
            }
        }
        for region in regions where region.intentsKnown < intents.version {
            next = min(next, region.intentsSentAt + settings.retry)
        }
        if phase == .active, isBalanceUnknown { next = min(next, nextBalanceCheck) }
        return next == .distantFuture ? nil : next
    }

    mutating func nextVersion() -> ShardVersion {
        sequence += 1
        return ShardVersion(epoch: epoch, sequence: sequence)
    }

    mutating func set(_ shard: Int, _ state: ShardState) {
        let wasOpen = shards[shard].isOpen
        shards[shard] = state
        isBalanceUnknown = true
        if state.isOpen != wasOpen {
            if wasOpen { open.removeSorted(shard) } else { open.insertSorted(shard) }
        }
    }

    func indexOfRegion(_ node: UniqueAddress) -> Int? {
        let index = regions.lowerBound { $0.node < node }
        return index < regions.count && regions[index].node == node ? index : nil
    }

    func send(_ order: CoordinatorOrder, to node: UniqueAddress, _ effects: inout [CoordinatorEffect]) {
        effects.append(.send(to: node, epoch, order))
    }

    func broadcast(_ order: CoordinatorOrder, _ effects: inout [CoordinatorEffect]) {
        for region in regions { effects.append(.send(to: region.node, epoch, order)) }
    }

    /// Tells where these shards live, in as many messages as it takes.
    func send(_ homes: [ShardHome], to nodes: [UniqueAddress], _ effects: inout [CoordinatorEffect]) {
        for page in ShardPages.slices(of: homes, upTo: ShardPages.named) {
            for node in nodes { send(.homes(page, allOf: 0..<0), to: node, &effects) }
        }
    }

    /// Tells where all shards live, and which live nowhere.
    func sendAllHomes(to nodes: [UniqueAddress], _ effects: inout [CoordinatorEffect]) {
        for range in ShardPages.ranges(of: shards.count, upTo: ShardPages.named) {
            let homes = startedHomes(in: range)
            for node in nodes { send(.homes(homes, allOf: range), to: node, &effects) }
        }
    }

    /// Has these shards started, in as many messages as it takes.
    func send(_ orders: [HostOrder], to node: UniqueAddress, _ effects: inout [CoordinatorEffect]) {
        for page in ShardPages.slices(of: orders, upTo: ShardPages.named) { send(.host(page), to: node, &effects) }
    }
}
