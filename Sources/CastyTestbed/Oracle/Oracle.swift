package import CastyCore
package import CastyMembership
package import CastyObservability

/// What the testbed knows for sure, because it did it: which incarnations live, which links work, and since when.
package struct Oracle: Sendable {
    /// One incarnation of a node.
    package struct Life: Sendable {
        package let node: UniqueAddress
        package let number: Int
        package let startedAt: Instant
        /// Whether it was told to found the cluster.
        package var founds = false
        package var state = NodeState.running
        /// Since when it is in that state.
        package var since: Instant
        /// Since when it runs at its own speed, with a true clock; in the future where that will end a fault.
        package var steadySince: Instant
        /// When its membership began.
        package var begunAt: Instant?
        /// Since when it is a member.
        package var memberSince: Instant?
        package var leaveAskedAt: Instant?
        package var stoppedFor: StopReason?
        /// How long it hung before it was thawed last, and when that was.
        package var thaw: (at: Instant, after: Duration)?
        /// Whether another incarnation has taken its place.
        package var isReplaced = false
        /// Whether its clock ever jumped.
        package var hasJumped = false
        /// Whether its clock still shows the time of the world: it went at its rate all the time.
        package var hasTrueTime = true

        package var name: String { "n\(number)" }

        package func isSteady(at now: Instant) -> Bool { state == .running && steadySince <= now }
    }

    /// Something that disturbed the cluster, and when its consequences must be over.
    package struct Disturbance: Sendable {
        package enum Kind: Hashable, Sendable {
            case start, kill, freeze, thaw, leave, downCommand, selfStop, cut, heal, shape, reset, sick, narrow,
                forgetting
        }

        package let kind: Kind
        /// The node it is about, where it is about one.
        package let number: Int?
        package let at: Instant
        package let settled: Instant
    }

    /// The state of one direction of a link.
    struct Way: Sendable {
        var cutSince: Instant?
        var isShaped = false
        /// Since when nothing is wrong with it; in the future where a fault will end.
        var cleanSince = Instant.start
        /// Whether what it does loses bytes, which are sent again later and later.
        var isLossy = false
        /// Until when its connections may wait for the next attempt to connect, or for bytes that were lost.
        var reconnectsBy = Instant.start
    }

    package var settings: MembershipSettings
    /// The seed list of every node, by number.
    package var seeds = [1]
    package private(set) var lives: [Life] = []
    package private(set) var disturbances: [Disturbance] = []
    /// Whether anything was done to the nodes that a faultless cluster would not have to bear.
    package private(set) var isFaultless = true
    /// Whether nothing was done but starts, goodbyes, and links that carry little.
    package private(set) var isOnlyNarrow = true
    /// Whether a link was ever made narrow.
    package private(set) var hasNarrowed = false
    /// Whether a link was ever cut.
    package private(set) var hasCut = false
    var ways: [TestCluster.Direction: Way] = [:]
    private var index: [UniqueAddress: Int] = [:]
    private var current: [Int: Int] = [:]
    /// The keys of `current`, ascending.
    private var numbers: [Int] = []
    private var settledBy = Instant.start
    /// When a person or a scenario last did something to the cluster.
    package private(set) var lastFault = Instant.start

    package init(_ settings: MembershipSettings = .responsive) { self.settings = settings }

    package var bounds: MembershipBounds { MembershipBounds(settings, size: current.count) }

    package func life(_ node: UniqueAddress) -> Life? { index[node].map { lives[$0] } }

    /// The newest incarnations, by number.
    package var newest: some Sequence<Life> { numbers.lazy.compactMap { current[$0] }.map { lives[$0] } }

    /// The newest incarnations that run, by number.
    package var running: some Sequence<Life> { newest.lazy.filter { $0.state == .running } }
}

// MARK: - What is known

extension Oracle {
    /// Whether nothing is wrong at this moment: nobody hangs or is sick, no link between nodes that run is bad, and no
    /// leaver is under way.
    package func isClean(at now: Instant, ignoringLeavers: Bool = false) -> Bool {
        for life in newest {
            switch life.state {
            case .frozen: return false
            case .running:
                if life.steadySince > now || !ignoringLeavers && life.leaveAskedAt != nil { return false }
            case .killed, .stopped: break
            }
        }
        return ways.allSatisfy { direction, way in
            way.cutSince == nil && !way.isShaped && way.cleanSince <= now
                || !isRunning(direction.from) || !isRunning(direction.to)
        }
    }

    /// Whether nothing is wrong, and the consequences of all that was wrong must be over: the quiet point has passed.
    package func isSettled(at now: Instant) -> Bool {
        guard settings.minMembers == 1, settings.minMembersOfRole.isEmpty, now >= settledBy else { return false }
        return !mayBeHeldUp && isClean(at: now)
    }

    /// Whether a dead member may stay for good, and hold up all that needs agreement: only an operator removes it.
    package var mayBeHeldUp: Bool { settings.strategy == .manual && !isFaultless }

    /// Since when the way between two nodes and back works; `nil` where it does not.
    package func cleanSince(_ first: Int, _ second: Int) -> Instant? {
        var since = Instant.start
        for direction in [
            TestCluster.Direction(from: first, to: second), TestCluster.Direction(from: second, to: first),
        ] {
            guard let way = ways[direction] else { continue }
            if way.cutSince != nil || way.isShaped { return nil }
            since = max(since, way.cleanSince)
        }
        return since
    }

    /// When the connections between two nodes must stand again, after they were lost, and carry nothing that is late.
    package func reconnected(_ first: Int, _ second: Int) -> Instant {
        max(
            way(TestCluster.Direction(from: first, to: second)).reconnectsBy,
            way(TestCluster.Direction(from: second, to: first)).reconnectsBy)
    }

    /// Since when one of the two directions between two nodes lets nothing pass; `nil` where both do.
    package func cutSince(_ first: Int, _ second: Int) -> Instant? {
        let forth = ways[TestCluster.Direction(from: first, to: second)]?.cutSince
        let back = ways[TestCluster.Direction(from: second, to: first)]?.cutSince
        return [forth, back].compactMap(\.self).min()
    }

    /// Whether nothing passes between two nodes, either way.
    package func isSevered(_ first: Int, _ second: Int) -> Bool {
        ways[TestCluster.Direction(from: first, to: second)]?.cutSince != nil
            && ways[TestCluster.Direction(from: second, to: first)]?.cutSince != nil
    }

    /// Whether anything slows or loses what passes between two nodes, beside cuts.
    package func isShaped(_ first: Int, _ second: Int, at now: Instant) -> Bool {
        [TestCluster.Direction(from: first, to: second), TestCluster.Direction(from: second, to: first)].contains {
            guard let way = ways[$0] else { return false }
            return way.isShaped || way.cleanSince > now
        }
    }

    private func isRunning(_ number: Int) -> Bool { current[number].map { lives[$0].state == .running } ?? false }
}

// MARK: - What is done

extension Oracle {
    mutating func disturb(
        _ kind: Disturbance.Kind, _ number: Int? = nil, at now: Instant, settle: Duration, isStrike: Bool = true
    ) {
        let settled = now + settle
        disturbances.append(Disturbance(kind: kind, number: number, at: now, settled: settled))
        switch kind {
        case .start, .leave, .selfStop, .forgetting, .narrow: break
        case .kill, .freeze, .thaw, .downCommand, .cut, .heal, .shape, .reset, .sick: isOnlyNarrow = false
        }
        if disturbances.count > 256 { disturbances.removeAll { $0.settled + .seconds(60) < now } }
        settledBy = max(settledBy, settled)
        if isStrike { lastFault = now }
    }

    /// - Parameter founds: Whether it was told to found the cluster.
    package mutating func started(_ node: UniqueAddress, number: Int, founds: Bool = false, at now: Instant) {
        change(number) { $0.isReplaced = true }
        index[node] = lives.count
        current[number] = lives.count
        if !numbers.contains(number) { numbers = (numbers + [number]).sorted() }
        lives.append(Life(node: node, number: number, startedAt: now, founds: founds, since: now, steadySince: now))
        disturb(.start, number, at: now, settle: bounds.join)
    }

    private mutating func change(_ number: Int, _ edit: (inout Life) -> Void) {
        if let place = current[number] { edit(&lives[place]) }
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
        change(number) { life in
            life.thaw = (now, now - life.since)
            (life.state, life.since) = (.running, now)
            life.steadySince = max(life.steadySince, now)
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

    /// The node of that number ended by itself.
    package mutating func stopped(_ number: Int, at now: Instant) {
        guard let place = current[number], lives[place].state == .running || lives[place].state == .frozen else {
            return
        }
        change(number) { ($0.state, $0.since) = (.stopped, now) }
    }

    /// A node is slow, or its clock is wrong, until a moment.
    package mutating func sickened(
        _ number: Int, until end: Instant, hasClockFault: Bool = false, hasJumped: Bool = false, at now: Instant
    ) {
        change(number) { life in
            life.steadySince = max(life.steadySince, end)
            if hasJumped { life.hasJumped = true }
            if hasClockFault { life.hasTrueTime = false }
        }
        isFaultless = false
        disturb(.sick, number, at: now, settle: (end == .distantFuture ? .zero : end - now) + bounds.recovery)
    }

    /// A connection that is cut for less than this is still there afterwards, with all that was on its way.
    private static let patience = Duration.seconds(9)

    /// How late a piece of a connection may be that was lost again and again: seven times, each wait twice as long.
    private static let lateness = Duration.seconds(26)

    func way(_ direction: TestCluster.Direction) -> Way { ways[direction] ?? Way() }

    mutating func cut(_ direction: TestCluster.Direction, at now: Instant) {
        ways[direction, default: Way()].cutSince = now
        isFaultless = false
        hasCut = true
        disturb(.cut, at: now, settle: bounds.loss)
    }

    mutating func healed(_ direction: TestCluster.Direction, at now: Instant) {
        var way = way(direction)
        if let since = way.cutSince, now - since > Self.patience { way.reconnectsBy = now + MembershipBounds.reconnect }
        way.cutSince = nil
        way.cleanSince = max(way.cleanSince, now)
        ways[direction] = way
        disturb(.heal, at: now, settle: bounds.recovery)
    }

    /// A direction does something to bytes from now on, `nil`: nothing any more.
    mutating func shaped(_ direction: TestCluster.Direction, _ shape: LinkShape?, at now: Instant) {
        var way = way(direction)
        way.isShaped = shape != nil
        way.cleanSince = max(way.cleanSince, now)
        let wasLossy = way.isLossy
        if wasLossy { way.reconnectsBy = max(way.reconnectsBy, now + Self.lateness) }
        way.isLossy = (shape?.loss ?? 0) > 0
        ways[direction] = way
        if let shape {
            let isMild =
                (shape.loss ?? 0) <= 0.05 && (shape.latency ?? .zero) <= .milliseconds(100)
                && (shape.jitter ?? .zero) <= .milliseconds(50)
            if !isMild { isFaultless = false }
        }
        disturb(.shape, at: now, settle: bounds.recovery + (wasLossy ? Self.lateness : .zero))
    }

    /// A direction carries few bytes a second until a moment, but enough for what keeps a cluster alive.
    mutating func narrowed(_ direction: TestCluster.Direction, until end: Instant, at now: Instant) {
        var way = way(direction)
        way.cleanSince = max(way.cleanSince, end)
        ways[direction] = way
        hasNarrowed = true
        disturb(.narrow, at: now, settle: (end == .distantFuture ? .zero : end - now) + bounds.recovery)
    }

    /// The fewest bytes a second that a link needs for heartbeats and gossip, whatever users send.
    package static let leastBandwidth = 4000

    /// A direction is faulty until a moment; at once over where that is now.
    mutating func harmed(_ direction: TestCluster.Direction, until end: Instant, at now: Instant) {
        var way = way(direction)
        way.cleanSince = max(way.cleanSince, end)
        way.reconnectsBy = max(way.reconnectsBy, end + MembershipBounds.reconnect)
        ways[direction] = way
        isFaultless = false
        disturb(.reset, at: now, settle: (end == .distantFuture ? .zero : end - now) + bounds.recovery)
    }

    /// What the nodes themselves were seen to do.
    package mutating func note(_ sightings: [StepTrace]) {
        for sighting in sightings {
            guard let place = index[sighting.node] else { continue }
            if sighting.phaseBefore == .idle, lives[place].begunAt == nil {
                lives[place].begunAt = sighting.time
                disturb(.start, lives[place].number, at: sighting.time, settle: bounds.join, isStrike: false)
            }
            if sighting.phase == .member, lives[place].memberSince == nil {
                lives[place].memberSince = sighting.time
                disturb(.start, lives[place].number, at: sighting.time, settle: bounds.join, isStrike: false)
            }
            if let reason = sighting.stop {
                lives[place].stoppedFor = reason
                disturb(.selfStop, lives[place].number, at: sighting.time, settle: bounds.loss, isStrike: false)
            }
            let isForgetting = sighting.before.tombstones.contains { !sighting.after.isTombstoned($0.node) }
            if isForgetting {
                disturb(.forgetting, at: sighting.time, settle: bounds.convergence, isStrike: false)
            }
        }
    }
}
