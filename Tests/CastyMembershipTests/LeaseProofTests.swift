import CastyCore
import Testing

@testable import CastyMembership

@Suite("What a lease rests on") struct LeaseProofTests {
    private static func node(_ number: Int) -> UniqueAddress {
        UniqueAddress(address: TestCluster.address(number), incarnation: UInt64(number))
    }

    /// n1 of a cluster of `count` members that are up, as it is when it has just been welcomed.
    private struct Core {
        var core: Membership
        var now = Instant.start + .seconds(100)
        var sent: [UniqueAddress: (sequence: UInt64, at: Instant)] = [:]
        var effects: [MembershipEffect] = []

        init(_ count: Int, _ settings: MembershipSettings = .responsive) {
            core = Membership(myself: node(1), settings: settings, generator: SeededGenerator(seed: 1))
            take(core.onStart(seeds: [node(2).address], mayFound: false, at: now))
            take(core.onMessage(.initJoinAck(leader: nil), from: node(2), at: now))
            let members = (1...count).map { Member(node: node($0), status: .up, upNumber: UInt32($0)) }
            let gossip = Gossip(
                members: members, reachability: [], tombstones: [],
                version: VectorClock([.init(node: node(2), count: 1)]), seen: [node(2)])
            take(core.onMessage(.welcome(gossip), from: node(2), at: now))
        }

        mutating func take(_ effects: [MembershipEffect]) {
            self.effects = effects
            for case .send(.heartbeat(let sequence, let sentAt), let to) in effects { sent[to] = (sequence, sentAt) }
        }

        /// The peer answers the last heartbeat that it got.
        mutating func acknowledge(_ number: Int, asNonMember: Bool = false, voters: UInt64? = nil) {
            guard let last = sent[node(number)] else { return }
            let voters = voters ?? core.lease.voters.last ?? 0
            let answer: ClusterMessage =
                asNonMember
                ? .unknown(sequence: last.sequence, sentAt: last.at)
                : .heartbeatAck(sequence: last.sequence, sentAt: last.at, voters: voters)
            take(core.onMessage(answer, from: node(number), at: now))
        }

        mutating func beat(after time: Duration = .milliseconds(200)) {
            now = now + time
            take(core.onTimer(.heartbeat, at: now))
        }

        /// Gossip of n2 with a mark on one member.
        mutating func hearMark(on number: Int, version: UInt64 = 2) {
            var gossip = core.gossip
            gossip.setRow(
                ReachabilityRow(subject: node(number), verdict: .unreachable), by: node(2), of: node(number))
            gossip.version.tick(node(2))
            gossip.seen = [node(2)]
            take(core.onMessage(.gossipEnvelope(gossip), from: node(2), at: now))
        }

        var isHeld: Bool { core.leaseHeld(at: now) }
        var monitored: [Int] { core.detection.monitors.compactMap { Int($0.peer.incarnation) } }
    }

    @Test(
        "a member that has acknowledged nothing yet counts for nothing",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"))
    func newMonitors() {
        var core = Core(5)
        #expect(!core.isHeld)
        core.acknowledge(2)
        #expect(!core.isHeld)
        core.acknowledge(3)
        #expect(core.isHeld)
        var mutated = MembershipSettings.responsive
        mutated.mutations = [.creditsNewMonitors]
        #expect(Core(5, mutated).isHeld)
    }

    @Test("an answer of one that does not know this node proves that it lives, and renews no lease")
    func unknown() {
        var core = Core(5)
        for number in 2...3 { core.acknowledge(number) }
        let until = core.core.leaseValidUntil
        core.beat()
        for number in 2...3 { core.acknowledge(number, asNonMember: true) }
        #expect(core.core.leaseValidUntil == until)
        #expect(core.core.monitoredPeers(at: core.now)[0].lastHeartbeat == core.now)
    }

    @Test("a heartbeat is acknowledged to members only, and the first one of a new peer goes out at once")
    func answers() {
        var core = Core(5)
        #expect(core.sent.count == 4)
        core.take(core.core.onMessage(.heartbeat(sequence: 3, sentAt: .start), from: Self.node(9), at: core.now))
        #expect(core.effects == [.send(.unknown(sequence: 3, sentAt: .start), to: Self.node(9))])
        core.take(core.core.onMessage(.heartbeat(sequence: 3, sentAt: .start), from: Self.node(2), at: core.now))
        #expect(core.effects.contains { if case .send(.heartbeatAck(3, .start, _), _) = $0 { true } else { false } })
    }

    @Test("a lease is reckoned from when the acknowledged heartbeat was sent, not from when the answer came")
    func asOfSending() {
        var core = Core(5)
        let sentAt = core.now
        core.now = core.now + .seconds(2)
        for number in 2...5 { core.acknowledge(number) }
        #expect(core.core.leaseValidUntil == sentAt + MembershipSettings.responsive.entityLease)
    }

    // MARK: a big cluster, in which not everyone is monitored

    /// keep-oldest of 14 members; the oldest is n14 for this purpose, which n1 does not monitor if it can be helped.
    private static func big(_ mutations: MembershipMutations = []) -> Core {
        var settings = MembershipSettings.responsive
        settings.strategy = .staticQuorum(size: 12)
        settings.mutations = mutations
        return Core(14, settings)
    }

    @Test(
        "members that are not monitored count once half of those that are have acknowledged, and see the same members")
    func shared() {
        var core = Self.big()
        #expect(core.monitored.count == 9)
        for number in core.monitored { core.acknowledge(number, voters: 1) }
        #expect(!core.isHeld, "they see other members than this node does")
        core.beat()
        for number in core.monitored { core.acknowledge(number) }
        #expect(core.isHeld)
    }

    @Test(
        "marks that others have made give no credit, however late the news of them is",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"))
    func oldMarks() {
        for mutations in [[], [.creditsMarks]] as [MembershipMutations] {
            var core = Self.big(mutations)
            for number in core.monitored { core.acknowledge(number) }
            #expect(core.isHeld)
            // The node hangs for long. Those that it monitors know it still; of the others it hears old news.
            core.now = core.now + .seconds(30)
            core.beat()
            for number in core.monitored { core.acknowledge(number, voters: 1) }
            #expect(!core.isHeld)
            let others = (2...14).filter { !core.monitored.contains($0) }
            for number in others { core.hearMark(on: number) }
            #expect(core.isHeld == !mutations.isEmpty)
        }
    }

    @Test("a peer that comes under watch counts for what it did before, and no longer")
    func inherited() {
        var core = Self.big()
        for number in core.monitored { core.acknowledge(number) }
        let (until, before) = (core.core.leaseValidUntil, core.monitored)
        core.beat()
        core.hearMark(on: before[0] == 2 ? before[1] : before[0])
        #expect(core.monitored != before)
        #expect(core.isHeld)
        #expect(core.core.leaseValidUntil <= until)
    }

    // MARK: zombies

    @Test("a member that was up stops when more than half of the voters have known it, and do not know it any more")
    func zombie() {
        var core = Core(5)
        core.beat()
        for number in 2...5 { core.acknowledge(number, voters: 1) }
        func forget(_ numbers: [Int]) {
            for _ in 1...20 {
                core.beat()
                for number in numbers { core.acknowledge(number, asNonMember: true) }
            }
        }
        forget([2, 3])
        #expect(core.core.phase == .member)
        // That was late news: the member knows this node after all.
        core.beat()
        core.acknowledge(3)
        forget([4])
        #expect(core.core.phase == .member)
        forget([5])
        #expect(core.core.phase == .stopped(.removed))
    }

    @Test(
        "a node that hung for longer than tombstones live holds no lease when it wakes, and stops soon",
        arguments: 1...3)
    func hangsPastTombstones(seed: UInt64) throws {
        var settings = MembershipSettings.responsive
        settings.tombstones = .seconds(30)
        let cluster = TestCluster(3, settings: settings, seed: seed)
        try #require(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3]) } != nil)
        cluster.run(.seconds(3))
        cluster.freeze(1)
        cluster.run(.seconds(120))
        try #require(cluster.agree(on: [2, 3]))
        #expect(cluster[2].core.gossip.tombstones.isEmpty)
        // The connections have been given up long ago, and with them the word that it was removed.
        cluster[1].backlog.removeAll { if case .message = $0 { true } else { false } }
        var held = false
        cluster.afterStep = { held = held || $0[1].core.leaseHeld(at: $0.now) }
        cluster.thaw(1)
        #expect(cluster.run(within: .seconds(5)) { !cluster[1].isRunning } != nil)
        #expect(cluster[1].stopReason == .removed)
        #expect(!held)
        #expect(cluster.agree(on: [2, 3]))
    }

    @Test("a joiner whom some do not know yet gets in all the same", arguments: 1...3)
    func lateJoiner(seed: UInt64) throws {
        let cluster = TestCluster(3, seed: seed)
        try #require(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3]) } != nil)
        cluster.cuts = [[1, 3], [1, 2]]
        let joiner = cluster.start(4)
        cluster.run(.milliseconds(900))
        #expect(joiner.wasWelcomed)
        cluster.heal()
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3, 4]) } != nil)
        #expect(joiner.isRunning)
    }
}
