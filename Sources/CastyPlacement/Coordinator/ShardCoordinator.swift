package import CastyCore

/// Decides which node hosts each shard of one entity type. Every node has a coordinator; only the one on the oldest
/// member acts, and it begins only while its node has a lease: a node that was frozen while it was removed reads old
/// gossip first, and may find itself the oldest of members that are long gone.
///
/// ```
///       oldest up member, with a lease   all have answered, or are gone
///  inactive ────────────────▶ recovering ────────────────────────────────▶ active
///      ▲                           │                                          │
///      └───────────────────────────┴──────── no longer the oldest ────────────┘
/// ```
///
/// The coordinator stores nothing: the regions report what they host when they register. After each call the shell
/// reads ``wakeAt`` and calls ``onWakeup(at:)`` at that time.
package struct ShardCoordinator: Sendable {
    enum Phase: Hashable, Sendable {
        case inactive
        /// Regions that have not answered by then are probed.
        case recovering(probeAt: Instant)
        case active
    }

    package let own: UniqueAddress
    package private(set) var settings: PlacementSettings
    let strategy: any ShardAllocationStrategy

    /// When ``onWakeup(at:)`` is due; `nil` while nothing is waited for.
    package internal(set) var wakeAt: Instant?

    var view: PlacementView
    var phase = Phase.inactive
    /// The epoch of the current or last start here.
    var epoch = CoordinatorEpoch.none
    var starts = 0
    /// The highest epoch of another coordinator that a region has reported.
    var seenEpoch = CoordinatorEpoch.none
    var sequence: UInt64 = 0
    var leaseValidUntil = Instant.distantFuture
    /// Until then a removed member may still run shards that no region reports, unless it confirmed to this node that
    /// it has stopped.
    var crashHold = Instant.start
    /// Sorted by node.
    var regions: [RegisteredRegion] = []
    /// Registrations of which some parts are still missing.
    var gathered: [UniqueAddress: Registration] = [:]
    /// Members that reported that they have no region of this type, sorted.
    var withoutRegion: [UniqueAddress] = []
    /// Members that reported that nothing of the type runs there and nothing will again, sorted. Inactive coordinators
    /// record this too.
    var departed: [UniqueAddress] = []
    /// By shard.
    var shards: [ShardState] = []
    /// The shards whose state is open, in ascending order.
    var open: [Int] = []
    /// By shard: the region that still has messages from an earlier handoff.
    var leftovers: [UniqueAddress?] = []
    var announcedAt = Instant.start
    var intents = Intents()
    /// Answers to commands from this node that wait until another region knows the new intents.
    var unconfirmed: [UnconfirmedAnswer] = []
    var hadEnoughRegions = false
    /// Moves of the current round that have not begun.
    var planned: [ShardMove] = []
    /// Something changed since the last balance check.
    var isBalanceUnknown = false
    var nextBalanceCheck = Instant.start
    /// How many nodes hosted the type when it was last reported that it has fewer shards; zero where it has enough.
    var reportedNodes = 0
    /// Why wanted shards cannot be placed, as last reported.
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

    /// The node hosts the type from now on, with these settings; the number of shards and the role stay.
    package mutating func onHosting(_ settings: PlacementSettings) { self.settings = settings }

    /// Membership or reachability changed.
    package mutating func onView(_ view: PlacementView, at now: Instant) -> [CoordinatorEffect] {
        var effects: [CoordinatorEffect] = []
        let old = self.view
        self.view = view
        let removed = view.removals(since: old)
        // This includes a member that was leaving or exiting: it may have been cut off while it had shards, and its
        // lease may still be valid. Members that were already removed when this node joins count from now, too.
        for node in removed where mayStillRun(node, in: old) {
            crashHold = max(crashHold, holdEnd(of: node, at: now))
        }
        if phase != .inactive, !isOldest { deactivate(&effects) }
        activateIfEntitled(at: now, &effects)
        if phase != .inactive {
            for node in removed { remove(node, in: old, at: now, &effects) }
            isBalanceUnknown = true
        }
        for node in removed { departed.removeSorted(node) }
        proceed(at: now, &effects)
        return effects
    }

    /// The node may act until `validUntil`; called whenever that changes. Before the first call there is no limit.
    package mutating func onLease(validUntil: Instant, at now: Instant) -> [CoordinatorEffect] {
        var effects: [CoordinatorEffect] = []
        leaseValidUntil = validUntil
        activateIfEntitled(at: now, &effects)
        proceed(at: now, &effects)
        return effects
    }

    /// A region sent a request.
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
    /// Runs at the end of every event: does whatever has become possible, and sets the next wake-up.
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

    /// Whether this node's member is the oldest that may host the type.
    private var isOldest: Bool { view.oldest(role: settings.role) == own }

    private mutating func activateIfEntitled(at now: Instant, _ effects: inout [CoordinatorEffect]) {
        if phase == .inactive, isOldest, mayGrant(at: now) { activate(at: now, &effects) }
    }

    /// Checks the lease periodically: no other event may arrive when it becomes valid again.
    private mutating func waitForLease(at now: Instant) {
        wakeAt = phase == .inactive ? nil : now + settings.retry
    }

    func mayGrant(at now: Instant) -> Bool {
        now < leaseValidUntil || settings.mutations.contains(.grantsWithoutLease)
    }

    /// When the lease of a removed member has certainly ended.
    func holdEnd(of node: UniqueAddress, at now: Instant) -> Instant {
        max(view.lastProof(of: node, at: now) + margin, now)
    }

    /// The time from the last proof that can have prolonged a removed member's lease to the start of its shards
    /// elsewhere.
    private var margin: Duration {
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

    /// Sends the homes of these shards, in as many messages as needed.
    func send(_ homes: [ShardHome], to nodes: [UniqueAddress], _ effects: inout [CoordinatorEffect]) {
        for page in ShardPages.slices(of: homes, upTo: ShardPages.named) {
            for node in nodes { send(.homes(page, allOf: 0..<0), to: node, &effects) }
        }
    }

    /// Sends the homes of all shards, including which have none.
    func sendAllHomes(to nodes: [UniqueAddress], _ effects: inout [CoordinatorEffect]) {
        for range in ShardPages.ranges(of: shards.count, upTo: ShardPages.named) {
            let homes = startedHomes(in: range)
            for node in nodes { send(.homes(homes, allOf: range), to: node, &effects) }
        }
    }

    /// Orders the node to start these shards, in as many messages as needed.
    func send(_ orders: [HostOrder], to node: UniqueAddress, _ effects: inout [CoordinatorEffect]) {
        for page in ShardPages.slices(of: orders, upTo: ShardPages.named) { send(.host(page), to: node, &effects) }
    }
}
