import CastyCore

@testable import CastyMembership

/// A few memberships on one virtual time line: no actors, no bytes, only messages with a delay.
///
/// What is sent over a cut link waits until the link heals; what is sent to a frozen node waits until it thaws, its
/// timers first.
final class TestCluster {
    final class Node {
        let number: Int
        var incarnation: UInt64
        var core: Membership
        var isRunning = true
        var isFrozen = false
        var timers: [TimerKey: Instant] = [:]
        var backlog: [Job] = []
        var stopReason: StopReason?
        var wasWelcomed = false
        var events: [MembershipEvent] = []

        init(number: Int, incarnation: UInt64, core: Membership) {
            self.number = number
            self.incarnation = incarnation
            self.core = core
        }
    }

    enum Job {
        case start(mayFound: Bool)
        case message(ClusterMessage, from: UniqueAddress)
        case refused(NodeAddress)
        case timer(TimerKey, due: Instant)
        case repost(TimerKey)
        case exitTasksDone
        case leaseAnswer(UInt64, Bool)
        case command((inout Membership, Instant) -> [MembershipEffect])
    }

    struct Event {
        let at: Instant
        let order: Int
        let node: Node
        let job: Job
    }

    var now = Instant.start
    var settings: MembershipSettings
    var nodes: [Node] = []
    var queue: [Event] = []
    var order = 0
    var latency = Duration.milliseconds(1)
    /// Directed cuts, by node number.
    var cuts: Set<[Int]> = []
    var stalled: [(from: Int, to: Int, event: Event)] = []
    var sent: [String: Int] = [:]
    /// Who has sent a version to everyone, and when.
    var spreads: [(number: Int, at: Instant)] = []
    /// The lease outside the cluster, how long it takes to answer (`nil`: it never does), and what it was asked.
    var lease = LeaseRecord()
    var leaseLatency: Duration? = .milliseconds(5)
    var leaseFails = false
    var claims: [(number: Int, at: Instant, isGranted: Bool)] = []
    var trace = StableHash()
    /// Looks at the cluster after every step.
    var afterStep: ((TestCluster) -> Void)?
    /// What each node remembers, by number; used for its next process where `remembers` is set.
    var memories: [Int: RememberedCluster] = [:]
    var remembers = false
    let seed: UInt64

    init(_ count: Int, settings: MembershipSettings = .responsive, seed: UInt64 = 1) {
        self.settings = settings
        self.seed = seed
        for number in stride(from: 1, through: count, by: 1) { start(number, mayFound: number == 1) }
    }

    static func address(_ number: Int) -> NodeAddress { NodeAddress(host: "127.0.0.\(number)", port: 25520) }

    var seeds: [NodeAddress] = (1...9).map { TestCluster.address($0) }

    @discardableResult
    func start(_ number: Int, mayFound: Bool = false, roles: [String] = [], shared: [SharedSetting] = []) -> Node {
        let incarnation = UInt64(nodes.count + 1) * 1000 + UInt64(number)
        let generator = SeededGenerator(seed: seed).fork("n\(number)~\(incarnation)")
        let myself = UniqueAddress(address: Self.address(number), incarnation: incarnation)
        let core = Membership(
            myself: myself, roles: roles, settings: settings, sharedSettings: shared, generator: generator)
        let node = Node(number: number, incarnation: incarnation, core: core)
        nodes.append(node)
        enqueue(.start(mayFound: mayFound), to: node, at: now)
        return node
    }

    /// The newest incarnation.
    subscript(number: Int) -> Node {
        for node in nodes.reversed() where node.number == number { return node }
        preconditionFailure("no node \(number)")
    }

    // MARK: faults and commands

    func kill(_ number: Int) { self[number].isRunning = false }
    func freeze(_ number: Int) { self[number].isFrozen = true }

    func thaw(_ number: Int) {
        let node = self[number]
        node.isFrozen = false
        func isTimer(_ job: Job) -> Bool {
            switch job {
            case .timer, .repost: true
            case .start, .message, .refused, .exitTasksDone, .leaseAnswer, .command: false
            }
        }
        let backlog = node.backlog
        node.backlog = []
        for job in backlog.filter(isTimer) + backlog.filter({ !isTimer($0) }) { enqueue(job, to: node, at: now) }
    }

    func cut(_ left: [Int], _ right: [Int]) {
        for a in left {
            for b in right {
                cuts.insert([a, b])
                cuts.insert([b, a])
            }
        }
    }

    func heal() {
        cuts = []
        let waiting = stalled
        stalled = []
        for item in waiting { enqueue(item.event.job, to: item.event.node, at: now + latency) }
    }

    func command(_ number: Int, _ body: @escaping (inout Membership, Instant) -> [MembershipEffect]) {
        enqueue(.command(body), to: self[number], at: now)
    }

    // MARK: the loop

    private func enqueue(_ job: Job, to node: Node, at: Instant) {
        order += 1
        let event = Event(at: at, order: order, node: node, job: job)
        var (low, high) = (0, queue.count)
        while low < high {
            let middle = (low + high) / 2
            // The queue is kept in reverse, so that its next event is its last.
            let isLater = queue[middle].at != at ? queue[middle].at > at : queue[middle].order > order
            if isLater { low = middle + 1 } else { high = middle }
        }
        queue.insert(event, at: low)
    }

    /// Hands a message to a node at once, whichever node has sent it. Returns what the node does; it is done as well.
    func deliver(_ message: ClusterMessage, from sender: UniqueAddress, to number: Int) -> [MembershipEffect] {
        let node = self[number]
        let effects = node.core.onMessage(message, from: sender, at: now)
        enqueue(.command { _, _ in effects }, to: node, at: now)
        run(until: now)
        return effects
    }

    func run(until end: Instant) { run(until: end) { false } }
    func run(_ duration: Duration) { run(until: now + duration) { false } }

    /// Runs until a condition holds, and tells how long that took; `nil` when it did not come true in time.
    @discardableResult
    func run(within bound: Duration, until condition: () -> Bool) -> Duration? {
        let start = now
        run(until: now + bound, or: condition)
        return condition() ? now - start : nil
    }

    private func run(until end: Instant, or condition: () -> Bool) {
        while let event = queue.last, event.at <= end {
            queue.removeLast()
            now = event.at
            handle(event)
            afterStep?(self)
            if condition() { return }
        }
        now = end
    }

    private func handle(_ event: Event) {
        let node = event.node
        guard node.isRunning else {
            return
        }
        if node.isFrozen {
            node.backlog.append(event.job)
            return
        }
        let effects: [MembershipEffect]
        switch event.job {
        case .start(let mayFound):
            let remembered = remembers ? memories[node.number] : nil
            effects = node.core.onStart(seeds: seeds, mayFound: mayFound, remembered: remembered, at: now)
        case .message(let message, let from): effects = node.core.onMessage(message, from: from, at: now)
        case .refused(let address): effects = node.core.onUnreachableContact(address, at: now)
        case .timer(let key, let due):
            guard node.timers[key] == due else { return }
            node.timers[key] = nil
            effects = node.core.onTimer(key, at: now)
        case .repost(let key): effects = node.core.onTimer(key, at: now)
        case .exitTasksDone: effects = node.core.onExitTasksDone(at: now)
        case .leaseAnswer(let number, let isGranted):
            effects = node.core.onLeaseAnswer(number, isGranted: isGranted, at: now)
        case .command(let body): effects = body(&node.core, now)
        }
        for effect in effects { perform(effect, of: node) }
    }

    private func perform(_ effect: MembershipEffect, of node: Node) {
        switch effect {
        case .send(let message, let to), .probeConnection(let message, let to), .answer(let message, let to):
            sent[name(message), default: 0] += 1
            if case .gossipSpread = message, spreads.last.map({ $0 != (node.number, now) }) ?? true {
                spreads.append((node.number, now))
            }
            guard let target = nodes.first(where: { $0.core.myself == to }) else { return }
            deliver(message, from: node, to: target)
        case .contact(let message, let address):
            let target = nodes.last { $0.core.myself.address == address && $0.isRunning }
            if let target {
                deliver(message, from: node, to: target)
            } else {
                enqueue(.refused(address), to: node, at: now + latency)
            }
        case .schedule(let key, let at):
            node.timers[key] = at
            enqueue(.timer(key, due: at), to: node, at: max(at, now))
        case .cancel(let key): node.timers[key] = nil
        case .repost(let key): enqueue(.repost(key), to: node, at: now)
        case .publish(let event):
            node.events.append(event)
            trace.combine("\(now) n\(node.number) \(event)")
        case .welcomed: node.wasWelcomed = true
        case .runExitTasks: enqueue(.exitTasksDone, to: node, at: now + .milliseconds(50))
        case .stop(let reason):
            node.stopReason = reason
            node.isRunning = false
        case .acquireLease(let claim, let number):
            let isGranted = !leaseFails && lease.claim(claim, at: now)
            claims.append((node.number, now, isGranted))
            if let leaseLatency { enqueue(.leaseAnswer(number, isGranted), to: node, at: now + leaseLatency) }
        case .releaseLease(let owner): lease.release(owner)
        case .withdrawLease(let owner): lease.withdraw(owner)
        case .remember(let cluster): memories[node.number] = cluster
        case .note, .reconnect: break
        }
    }

    private func deliver(_ message: ClusterMessage, from: Node, to: Node) {
        if cuts.contains([from.number, to.number]) {
            order += 1
            let job = Job.message(message, from: from.core.myself)
            stalled.append((from.number, to.number, Event(at: now, order: order, node: to, job: job)))
            return
        }
        enqueue(.message(message, from: from.core.myself), to: to, at: now + latency)
    }

    private func name(_ message: ClusterMessage) -> String {
        switch message {
        case .gossipEnvelope, .gossipSpread: "envelope"
        case .gossipStatus: "status"
        case .gossipSeen, .gossipAck: "seen"
        case .heartbeat: "heartbeat"
        case .heartbeatAck, .unknown: "ack"
        case .probeConnection: "probe-connection"
        case .probe, .probeAck, .probeAnswer, .probeRequest: "probe"
        case .initJoin, .noCluster, .initJoinAck, .initJoinNack, .join, .welcome, .joinRefused: "join"
        case .exitingConfirmed, .gone: "leave"
        case .lastAcknowledged: "last acknowledged"
        case .unknownPeer: "unknown-peer"
        case .clusterProbe, .clusterAnswer, .otherCluster: "second cluster"
        }
    }
}

extension TestCluster {
    /// The nodes that run and are not frozen.
    var alive: [Node] { nodes.filter { $0.isRunning && !$0.isFrozen } }

    /// Whether these nodes, and only these, are up in the view of each of them, and all agree.
    func agree(on numbers: [Int]) -> Bool {
        let views = numbers.map { self[$0] }
        guard views.allSatisfy({ $0.isRunning }), let first = views.first else { return false }
        let wanted = views.map(\.core.myself).sorted()
        return views.allSatisfy { node in
            node.core.gossip.members.map(\.node) == wanted
                && node.core.gossip.members.allSatisfy { $0.status == .up }
                && node.core.gossip.seen == wanted && node.core.gossip.unreachable.isEmpty
                && node.core.gossip.contentDigest == first.core.gossip.contentDigest
        }
    }

    func events(_ name: String, on number: Int, about subject: UniqueAddress? = nil) -> [MembershipEvent] {
        self[number].events.filter { $0.name == name && (subject == nil || $0.subject == subject) }
    }
}
