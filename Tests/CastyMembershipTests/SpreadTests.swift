import CastyCore
import Testing

@testable import CastyMembership

@Suite("Spreading a version") struct SpreadTests {
    /// Settings under which no round of gossip helps out.
    static func settings(fanout: Int) -> MembershipSettings {
        var settings = MembershipSettings.responsive
        settings.gossipFanout = fanout
        settings.gossip = .seconds(3600)
        return settings
    }

    @Test("everyone gets a change at once, by one message each, directly or passed on", arguments: [50, 4])
    func reach(fanout: Int) throws {
        let cluster = TestCluster(20, settings: Self.settings(fanout: fanout))
        let formed = cluster.run(within: .seconds(30)) {
            cluster.nodes.allSatisfy { $0.core.gossip.members.count { $0.status == .up } == 20 }
        }
        try #require(formed != nil)
        cluster.sent = [:]
        let node = cluster[20].core.myself
        cluster.command(20) { $0.onLeave(at: $1) }
        let left = cluster.run(within: .milliseconds(100)) {
            cluster.nodes.filter(\.isRunning).allSatisfy { $0.core.gossip.member(node) == nil }
        }
        #expect(left != nil)
        // Leaving, exiting, removed: three versions for nineteen others, and none of them comes twice.
        #expect((3 * 18...3 * 20).contains(try #require(cluster.sent["envelope"])))
    }

    @Test("every joiner is admitted by the leader, whichever member it asks, so that no two joins have to be merged")
    func door() {
        let cluster = TestCluster(12)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: Array(1...12)) } != nil)
        let welcomes = (2...12).compactMap { number in
            cluster[number].events.first { event in
                if case .welcome = event.cause { true } else { false }
            }
        }
        #expect(welcomes.count == 11)
        for event in welcomes {
            guard case .welcome(let from, _) = event.cause else { continue }
            #expect(from == cluster[1].core.myself)
        }
    }

    @Test("a node's first mark goes to everyone at once, and the next ones together, 50 ms later at the earliest")
    func gathering() throws {
        let cluster = TestCluster(8)
        try #require(cluster.run(within: .seconds(10)) { cluster.agree(on: Array(1...8)) } != nil)
        cluster.run(.seconds(5))
        cluster.spreads = []
        cluster.cut([1, 2, 3, 4], [5, 6, 7, 8])
        let all = cluster.run(within: .seconds(3)) {
            cluster.nodes.allSatisfy { $0.core.gossip.unreachable.count >= 4 }
        }
        cluster.run(.milliseconds(200))
        try #require(all != nil)
        let marks = cluster.nodes.flatMap { node in
            node.events.filter { event in
                if case .silence = event.cause { event.name == "member-unreachable" } else { false }
            }.map { (number: node.number, at: $0.at) }
        }
        let first = try #require(marks.min { $0.at < $1.at })
        #expect(cluster.spreads.contains { $0 == first })
        for number in 1...8 {
            let times = cluster.spreads.filter { $0.number == number }.map(\.at)
            for (earlier, later) in zip(times, times.dropFirst()) {
                #expect(later - earlier >= .milliseconds(50), "n\(number) spread at \(earlier) and \(later)")
            }
        }
    }

    @Test("a cut of a big cluster and its healing cost each node a few states, not one for each mark of each other one")
    func storm() throws {
        let cluster = TestCluster(20)
        try #require(cluster.run(within: .seconds(30)) { cluster.agree(on: Array(1...20)) } != nil)
        cluster.run(.seconds(3))
        cluster.sent = [:]
        cluster.cut(Array(1...8), Array(9...20))
        cluster.run(.milliseconds(2600))
        #expect(cluster.nodes.allSatisfy { $0.core.gossip.unreachable.count >= 8 })
        cluster.heal()
        #expect(cluster.run(within: .seconds(2)) { cluster.agree(on: Array(1...20)) } != nil)
        // 77 a node; were every mark sent to everyone at once it would be 174.
        #expect(cluster.sent["envelope", default: 0] < 110 * 20)
    }

    private static func node(_ number: Int) -> UniqueAddress {
        UniqueAddress(address: TestCluster.address(number), incarnation: UInt64(number))
    }

    /// A state of members that are up, of which the first cannot reach some.
    private static func gossip(_ count: Int, unreachable: [Int] = []) -> Gossip {
        let rows = unreachable.map { ReachabilityRow(subject: node($0), verdict: .unreachable) }
        return Gossip(
            members: (1...count).map { Member(node: node($0), status: .up, upNumber: UInt32($0)) },
            reachability: [ObserverRows(observer: node(1), version: 1, rows: rows)], tombstones: [],
            version: VectorClock([.init(node: node(1), count: 1)]), seen: [node(1)])
    }

    /// The last of the given members, welcomed by the first.
    private static func member(_ gossip: Gossip) -> Membership {
        var core = Membership(
            myself: node(gossip.members.count), settings: .responsive, generator: SeededGenerator(seed: 1))
        _ = core.onStart(seeds: [node(1).address], mayFound: false, at: .start)
        _ = core.onMessage(.initJoinAck(leader: nil), from: node(1), at: .start)
        _ = core.onMessage(.welcome(gossip), from: node(1), at: .start)
        return core
    }

    @Test("who is called unreachable gets no new version at once from a node that does not watch it itself")
    func silent() throws {
        let watched = Self.member(Self.gossip(20)).detection.monitors.map(\.peer)
        let others = (2...19).filter { !watched.contains(Self.node($0)) }
        try #require(!others.isEmpty)
        let first = try #require((2...19).first { watched.contains(Self.node($0)) })
        var core = Self.member(Self.gossip(20, unreachable: [others[0], first]))
        let reported = core.onLeave(at: .start).compactMap { effect -> UniqueAddress? in
            if case .send(.gossipSpread, let to) = effect { to } else { nil }
        }
        #expect(!reported.contains(Self.node(others[0])))
        #expect(reported.contains(Self.node(first)))
        #expect(reported.count == 19 - 1)
    }

    @Test("who sends older versions is brought up to date once for each version")
    func older() {
        let old = Self.gossip(3)
        var core = Self.member(old)
        _ = core.onLeave(at: .start)
        func answers() -> Int {
            core.onMessage(.gossipSpread(old, relay: []), from: Self.node(2), at: .start).count { effect in
                if case .send(.gossipEnvelope, Self.node(2)) = effect { true } else { false }
            }
        }
        #expect([answers(), answers()] == [1, 0])
        _ = core.onPeerIncarnationGone(Self.node(1), at: .start)
        #expect([answers(), answers()] == [1, 0])
    }

    @Test("that all agree is what it means that there are no obstacles, at every step")
    func agreement() {
        let cluster = TestCluster(5)
        cluster.afterStep = { cluster in
            for node in cluster.nodes where node.core.isAgreed != node.core.obstacles.isEmpty {
                Issue.record("n\(node.number) at \(cluster.now)")
            }
        }
        cluster.run(.seconds(4))
        cluster.cut([1, 2], [3, 4, 5])
        cluster.run(.seconds(2))
        cluster.heal()
        cluster.run(.seconds(1))
        cluster.command(4) { $0.onLeave(at: $1) }
        cluster.kill(2)
        cluster.run(.seconds(8))
        #expect(cluster[3].core.gossip.members.count == 3)
    }

    @Test("a joiner whose leader does not answer is let in by the member it asked")
    func deadLeader() throws {
        let cluster = TestCluster(4)
        try #require(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3, 4]) } != nil)
        cluster.kill(1)
        let joiner = cluster.start(5)
        // Before anyone can have noticed that the leader is dead.
        let joined = cluster.run(within: .milliseconds(900)) { joiner.core.phase == .member }
        #expect(joined != nil)
    }
}
