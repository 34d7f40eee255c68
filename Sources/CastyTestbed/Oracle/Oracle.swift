package import CastyCore
package import CastyMembership
package import CastyObservability

/// What the testbed knows for certain, because it caused it: which incarnations run, which links work, and since when.
package struct Oracle: Sendable {
    /// One incarnation of a node.
    package struct Incarnation: Sendable {
        package let node: UniqueAddress
        package let number: Int
        package let startedAt: Instant
        /// Whether it was started as the founder of the cluster.
        package var founds = false
        package var state = NodeState.running
        /// When it entered that state.
        package var since: Instant
        /// Since when it runs at full speed with a correct clock; in the future if that is when a fault will end.
        package var steadySince: Instant
        /// When its membership began.
        package var begunAt: Instant?
        /// When it became a member.
        package var memberSince: Instant?
        package var leaveAskedAt: Instant?
        package var stoppedFor: StopReason?
        /// When it was last thawed, and how long it had been frozen.
        package var thaw: (at: Instant, after: Duration)?
        /// Whether a later incarnation has replaced it.
        package var isReplaced = false
        /// Whether its clock ever jumped.
        package var hasJumped = false
        /// Whether its clock still shows the runtime's time: it never ran at a different rate.
        package var hasTrueTime = true

        package var name: String { "n\(number)" }

        package func isSteady(at now: Instant) -> Bool { state == .running && steadySince <= now }
    }

    /// An event that disturbed the cluster, and the time by which its effects must be over.
    package struct Disturbance: Sendable {
        package enum Kind: Hashable, Sendable {
            case start, kill, freeze, thaw, leave, downCommand, selfStop, cut, heal, shape, reset, sick, narrow,
                forgetting
        }

        package let kind: Kind
        /// The node concerned, if any.
        package let number: Int?
        package let at: Instant
        package let settled: Instant
    }

    /// The state of one direction of a link.
    struct LinkRecord: Sendable {
        var cutSince: Instant?
        var isShaped = false
        /// Since when the direction is free of faults; in the future if that is when a fault will end.
        var cleanSince = Instant.start
        /// Whether it loses bytes, which are then resent with growing delays.
        var isLossy = false
        /// The time until which its connections may wait for the next attempt to connect, or for lost bytes.
        var reconnectsBy = Instant.start
    }

    package var settings: MembershipSettings
    /// The seed list of every node, by number.
    package var seeds = [1]
    package private(set) var incarnations: [Incarnation] = []
    package private(set) var disturbances: [Disturbance] = []
    /// Whether the nodes were exposed only to what counts as normal: starts, leaves, narrow links and mild delay or
    /// loss.
    package private(set) var isFaultless = true
    /// Whether nothing happened except starts, departures, and links with little bandwidth.
    package private(set) var isOnlyNarrow = true
    /// Whether a link's bandwidth was ever limited.
    package private(set) var hasNarrowed = false
    /// Whether a link was ever cut.
    package private(set) var hasCut = false
    var links: [TestCluster.Direction: LinkRecord] = [:]
    private(set) var indexOf: [UniqueAddress: Int] = [:]
    private(set) var current: [Int: Int] = [:]
    /// The keys of `current`, ascending.
    private(set) var numbers: [Int] = []
    private(set) var settledBy = Instant.start
    /// When a person or a scenario last acted on the cluster.
    package private(set) var lastFault = Instant.start

    package init(_ settings: MembershipSettings = .responsive) { self.settings = settings }

    package var bounds: MembershipBounds { MembershipBounds(settings, size: current.count) }

    package func incarnation(_ node: UniqueAddress) -> Incarnation? { indexOf[node].map { incarnations[$0] } }

    /// The latest incarnations, by number.
    package var newest: some Sequence<Incarnation> { numbers.lazy.compactMap { current[$0] }.map { incarnations[$0] } }

    /// The incarnation that ran at the same number before; `nil` for the first.
    package func predecessor(of incarnation: Incarnation) -> Incarnation? {
        incarnations.last { $0.number == incarnation.number && $0.startedAt < incarnation.startedAt }
    }

    /// The latest incarnations that are running, by number.
    package var running: some Sequence<Incarnation> { newest.lazy.filter { $0.state == .running } }
}

// MARK: - What is done

extension Oracle {
    mutating func disturb(
        _ kind: Disturbance.Kind, _ number: Int? = nil, at now: Instant, settle: Duration, isFault: Bool = true
    ) {
        let settled = now + settle
        disturbances.append(Disturbance(kind: kind, number: number, at: now, settled: settled))
        switch kind {
        case .start, .leave, .selfStop, .forgetting, .narrow: break
        case .kill, .freeze, .thaw, .downCommand, .cut, .heal, .shape, .reset, .sick: isOnlyNarrow = false
        }
        if disturbances.count > 256 { disturbances.removeAll { $0.settled + .seconds(60) < now } }
        settledBy = max(settledBy, settled)
        if isFault { lastFault = now }
    }

    /// - Parameter founds: Whether the node is started as the founder of the cluster.
    package mutating func started(_ node: UniqueAddress, number: Int, founds: Bool = false, at now: Instant) {
        change(number) { $0.isReplaced = true }
        indexOf[node] = incarnations.count
        current[number] = incarnations.count
        if !numbers.contains(number) { numbers = (numbers + [number]).sorted() }
        incarnations.append(
            Incarnation(node: node, number: number, startedAt: now, founds: founds, since: now, steadySince: now))
        disturb(.start, number, at: now, settle: bounds.join)
    }

    private mutating func change(_ number: Int, _ edit: (inout Incarnation) -> Void) {
        if let index = current[number] { edit(&incarnations[index]) }
    }

    package mutating func killed(_ number: Int, at now: Instant) {
        change(number) { ($0.state, $0.since) = (.killed, now) }
        isFaultless = false
        disturb(.kill, number, at: now, settle: bounds.loss)
    }

    package mutating func froze(_ number: Int, at now: Instant) {
        change(number) { ($0.state, $0.since) = (.frozen, now) }
        isFaultless = false
        disturb(.freeze, number, at: now, settle: bounds.loss)
    }

    package mutating func thawed(_ number: Int, at now: Instant) {
        change(number) { incarnation in
            incarnation.thaw = (now, now - incarnation.since)
            (incarnation.state, incarnation.since) = (.running, now)
            incarnation.steadySince = max(incarnation.steadySince, now)
        }
        disturb(.thaw, number, at: now, settle: bounds.recovery)
    }

    package mutating func leaveAsked(_ number: Int, at now: Instant) {
        change(number) { $0.leaveAskedAt = $0.leaveAskedAt ?? now }
        disturb(.leave, number, at: now, settle: .zero)
    }

    package mutating func downAsked(_ number: Int, at now: Instant) {
        isFaultless = false
        disturb(.downCommand, number, at: now, settle: bounds.loss)
    }

    /// The node with this number ended by itself.
    package mutating func stopped(_ number: Int, at now: Instant) {
        guard let index = current[number], incarnations[index].state == .running || incarnations[index].state == .frozen
        else {
            return
        }
        change(number) { ($0.state, $0.since) = (.stopped, now) }
    }

    /// A node is slow, or its clock is wrong, until `end`.
    package mutating func sickened(
        _ number: Int, until end: Instant, hasClockFault: Bool = false, hasJumped: Bool = false, at now: Instant
    ) {
        change(number) { incarnation in
            incarnation.steadySince = max(incarnation.steadySince, end)
            if hasJumped { incarnation.hasJumped = true }
            if hasClockFault { incarnation.hasTrueTime = false }
        }
        isFaultless = false
        disturb(.sick, number, at: now, settle: (end == .distantFuture ? .zero : end - now) + bounds.recovery)
    }

    /// A connection that is cut for less than this survives, with all bytes in transit.
    private static let patience = Duration.seconds(9)

    /// The longest delay of bytes that are lost repeatedly: seven times, and each wait is twice as long as the one
    /// before.
    private static let lateness = Duration.seconds(26)

    func link(_ direction: TestCluster.Direction) -> LinkRecord { links[direction] ?? LinkRecord() }

    mutating func cut(_ direction: TestCluster.Direction, at now: Instant) {
        links[direction, default: LinkRecord()].cutSince = now
        isFaultless = false
        hasCut = true
        disturb(.cut, at: now, settle: bounds.loss)
    }

    mutating func healed(_ direction: TestCluster.Direction, at now: Instant) {
        var link = link(direction)
        if let since = link.cutSince, now - since > Self.patience {
            link.reconnectsBy = now + MembershipBounds.reconnect
        }
        link.cutSince = nil
        link.cleanSince = max(link.cleanSince, now)
        links[direction] = link
        disturb(.heal, at: now, settle: bounds.recovery)
    }

    /// Sets what a direction does to bytes from now on; `nil` for the default.
    mutating func shaped(_ direction: TestCluster.Direction, _ shape: LinkShape?, at now: Instant) {
        var link = link(direction)
        link.isShaped = shape != nil
        link.cleanSince = max(link.cleanSince, now)
        let wasLossy = link.isLossy
        if wasLossy { link.reconnectsBy = max(link.reconnectsBy, now + Self.lateness) }
        link.isLossy = (shape?.loss ?? 0) > 0
        links[direction] = link
        if let shape {
            let isMild =
                (shape.loss ?? 0) <= 0.05 && (shape.latency ?? .zero) <= .milliseconds(100)
                && (shape.jitter ?? .zero) <= .milliseconds(50)
            if !isMild { isFaultless = false }
        }
        disturb(.shape, at: now, settle: bounds.recovery + (wasLossy ? Self.lateness : .zero))
    }

    /// A direction has little bandwidth until `end`, but enough for heartbeats and gossip.
    mutating func narrowed(_ direction: TestCluster.Direction, until end: Instant, at now: Instant) {
        var link = link(direction)
        link.cleanSince = max(link.cleanSince, end)
        links[direction] = link
        hasNarrowed = true
        disturb(.narrow, at: now, settle: (end == .distantFuture ? .zero : end - now) + bounds.recovery)
    }

    /// The fewest bytes per second that a link needs for heartbeats and gossip, regardless of user traffic.
    package static let leastBandwidth = 4000

    /// A direction is faulty until `end`; the fault is over at once if `end` is now.
    mutating func harmed(_ direction: TestCluster.Direction, until end: Instant, at now: Instant) {
        var link = link(direction)
        link.cleanSince = max(link.cleanSince, end)
        link.reconnectsBy = max(link.reconnectsBy, end + MembershipBounds.reconnect)
        links[direction] = link
        isFaultless = false
        disturb(.reset, at: now, settle: (end == .distantFuture ? .zero : end - now) + bounds.recovery)
    }

    /// Takes in the recorded membership steps of the nodes.
    package mutating func note(_ steps: [StepTrace]) {
        for step in steps {
            guard let index = indexOf[step.node] else { continue }
            if step.phaseBefore == .idle, incarnations[index].begunAt == nil {
                incarnations[index].begunAt = step.time
                disturb(.start, incarnations[index].number, at: step.time, settle: bounds.join, isFault: false)
            }
            if step.phase == .member, incarnations[index].memberSince == nil {
                incarnations[index].memberSince = step.time
                disturb(.start, incarnations[index].number, at: step.time, settle: bounds.join, isFault: false)
            }
            if let reason = step.stop {
                incarnations[index].stoppedFor = reason
                disturb(.selfStop, incarnations[index].number, at: step.time, settle: bounds.loss, isFault: false)
            }
            let isForgetting = step.before.tombstones.contains { !step.after.isTombstoned($0.node) }
            if isForgetting {
                disturb(.forgetting, at: step.time, settle: bounds.convergence, isFault: false)
            }
        }
    }
}
