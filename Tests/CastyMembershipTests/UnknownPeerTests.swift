import CastyCore
import Testing

@testable import CastyMembership

@Suite("Unknown peers") struct UnknownPeerTests {
    private static func node(_ number: Int) -> UniqueAddress {
        UniqueAddress(address: TestCluster.address(number), incarnation: UInt64(number))
    }

    // MARK: the story

    @Test(
        "a node that was admitted by a member that is dead and removed stops, and joins when it starts again",
        arguments: 1...5)
    func story(seed: UInt64) throws {
        let cluster = TestCluster(5, seed: seed)
        try #require(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3, 4, 5]) } != nil)
        cluster.run(.seconds(5))
        cluster.kill(2)
        cluster.run(.milliseconds(1300))
        cluster.cut([1, 2], [3, 4, 5])
        cluster.run(.milliseconds(900))
        let second = cluster.start(2)
        cluster.run(.milliseconds(1500))
        cluster.kill(1)
        cluster.run(.milliseconds(600))
        let first = cluster.start(1)
        cluster.run(.seconds(3))
        #expect(first.wasWelcomed && second.wasWelcomed)
        try #require(cluster.agree(on: [3, 4, 5]))
        cluster.heal()
        let stopped = cluster.run(within: .seconds(5)) { !first.isRunning && !second.isRunning }
        #expect(stopped != nil)
        #expect(first.stopReason == .removed)
        #expect(second.stopReason == .removed)
        cluster.start(1)
        cluster.start(2)
        #expect(cluster.run(within: .seconds(5)) { cluster.agree(on: [1, 2, 3, 4, 5]) } != nil)
    }

    @Test("whom a member has only not heard of yet it does not send away", arguments: 1...5)
    func lateNews(seed: UInt64) throws {
        let cluster = TestCluster(3, seed: seed)
        try #require(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3]) } != nil)
        cluster.run(.seconds(5))
        // The one who lets the joiner in cannot tell n3, which hears the joiner all the same.
        cluster.cuts = [[1, 3]]
        let joiner = cluster.start(4)
        cluster.run(.seconds(2))
        cluster.heal()
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3, 4]) } != nil)
        #expect(joiner.isRunning)
        #expect(cluster.sent["unknown-peer"] == nil)
    }

    // MARK: who gives notice

    /// A cluster of one, which has agreed since the start, and an unknown peer that sends a heartbeat every 200 ms.
    private struct Pair {
        var core = Membership(myself: node(1), settings: .responsive, generator: SeededGenerator(seed: 1))
        let unknownPeer = node(9)
        var now = Instant.start

        init() { _ = core.onStart(seeds: [], mayFound: true, at: .start) }

        /// - Returns: How often notice was given.
        mutating func beat(_ times: Int, isLate: Bool = false) -> Int {
            var notices = 0
            for _ in 0..<times {
                now = now + .milliseconds(200)
                if !isLate { _ = core.onTimer(.heartbeat, at: now) }
                let effects = core.onMessage(.heartbeat(sequence: 1, sentAt: now), from: unknownPeer, at: now)
                notices += effects.count { $0 == .send(.unknownPeer, to: unknownPeer) }
            }
            return notices
        }
    }

    @Test(
        "a member gives notice when the cluster has been stable, and the unknown peer heard, for the stability period")
    func notice() {
        var pair = Pair()
        #expect(pair.beat(15) == 0)
        #expect(pair.beat(5) == 5)
    }

    @Test("an unknown peer that is heard rarely gets no notice before the third time")
    func repetitions() {
        var pair = Pair()
        #expect(pair.beat(1) == 0)
        pair.now = pair.now + .seconds(10)
        _ = pair.core.onTimer(.heartbeat, at: pair.now)
        _ = pair.core.onTimer(.heartbeat, at: pair.now)
        pair.now = pair.now + .seconds(10)
        _ = pair.core.onTimer(.heartbeat, at: pair.now)
        _ = pair.core.onTimer(.heartbeat, at: pair.now)
        #expect(pair.beat(1) == 0)
    }

    @Test("a member that cannot reach another one gives no notice, nor one whose view has just changed")
    func unsettled() {
        var pair = Pair()
        #expect(pair.beat(20) == 5)
        _ = pair.core.onMessage(.join(roles: [], settings: pair.core.sharedSettings), from: Self.node(2), at: pair.now)
        // n2 never says that it has seen this.
        #expect(pair.beat(30) == 0)
        _ = pair.core.onDown(Self.node(2).address, at: pair.now)
        _ = pair.core.onPeerIncarnationGone(Self.node(2), at: pair.now)
        #expect(pair.core.gossip.isTombstoned(Self.node(2)))
        #expect(pair.beat(14) == 0)
        #expect(pair.beat(5) > 0)
    }

    @Test("a member that is late itself gives no notice")
    func late() {
        var pair = Pair()
        #expect(pair.beat(14) == 0)
        #expect(pair.beat(10, isLate: true) == 0)
        #expect(pair.beat(10) == 0)
        #expect(pair.beat(10) > 0)
    }

    @Test("the number of remembered unknown peers is bounded")
    func flood() {
        var pair = Pair()
        for number in 10...200 {
            _ = pair.core.onMessage(.heartbeat(sequence: 1, sentAt: pair.now), from: Self.node(number), at: pair.now)
        }
        #expect(pair.core.familiarity.unknownPeers.count == 32)
        #expect(pair.beat(20) == 5)
    }

    // MARK: who heeds it

    /// A node that was welcomed to four up members.
    private static func member(as status: MemberStatus) -> Membership {
        var core = Membership(myself: node(9), settings: .responsive, generator: SeededGenerator(seed: 1))
        _ = core.onStart(seeds: [node(1).address], mayFound: false, at: .start)
        _ = core.onMessage(.initJoinAck(leader: nil), from: node(1), at: .start)
        _ = core.onMessage(.welcome(gossip(status)), from: node(1), at: .start)
        return core
    }

    private static func gossip(_ status: MemberStatus) -> Gossip {
        let others = (1...4).map { Member(node: node($0), status: .up, upNumber: UInt32($0)) }
        return Gossip(
            members: others + [Member(node: node(9), status: status, upNumber: status == .up ? 5 : nil)],
            reachability: [], tombstones: [], version: VectorClock([.init(node: node(1), count: 1)]), seen: [node(1)])
    }

    /// - Returns: After how many notices, one from each of these in turn, it stops; `nil` if it does not.
    private func notices(_ core: inout Membership, from numbers: [Int]) -> Int? {
        for (index, number) in numbers.enumerated() {
            let effects = core.onMessage(.unknownPeer, from: Self.node(number), at: .start + .seconds(5))
            if effects.contains(.stop(.removed)) { return index + 1 }
        }
        return nil
    }

    @Test("a joiner stops when more than half of the voters say that they do not know it, and no voter counts twice")
    func joiner() {
        var core = Self.member(as: .joining)
        #expect(notices(&core, from: [1, 1, 1, 2, 2, 7, 8]) == nil)
        #expect(notices(&core, from: [3]) == 1)
    }

    @Test("a joiner counts only the voters that it reaches")
    func reachable() {
        var core = Self.member(as: .joining)
        for number in 2...4 { _ = core.onPeerIncarnationGone(Self.node(number), at: .start) }
        #expect(notices(&core, from: [4]) == nil)
        #expect(notices(&core, from: [1]) == 1)
    }

    @Test("a member that is up stops only for more than half of all, whichever members it reaches")
    func up() {
        var core = Self.member(as: .up)
        for number in 3...4 { _ = core.onPeerIncarnationGone(Self.node(number), at: .start) }
        #expect(notices(&core, from: [1, 2]) == nil)
        #expect(notices(&core, from: [3]) == 1)
    }

    @Test("a notice is void once its sender gossips with the node")
    func void() {
        var core = Self.member(as: .joining)
        #expect(notices(&core, from: [1, 2]) == nil)
        _ = core.onMessage(.gossipSeen(digest: 0, seen: []), from: Self.node(1), at: .start + .seconds(5))
        #expect(notices(&core, from: [3]) == nil)
        #expect(notices(&core, from: [4]) == 1)
    }

    // MARK: heartbeats answered with "unknown"

    /// Feeds answers to heartbeats, one from each of these every second. Returns after how many seconds the node stops; `nil` if it does not.
    private func unknown(_ core: inout Membership, to numbers: [Int], seconds: Int) -> Int? {
        for second in 1...seconds {
            let now = Instant.start + .seconds(second)
            for number in numbers {
                let effects = core.onMessage(.unknown(sequence: 0, sentAt: now), from: Self.node(number), at: now)
                if effects.contains(.stop(.removed)) { return second }
            }
        }
        return nil
    }

    @Test("a member that has just become up does not heed those that may not have heard of it yet")
    func lateToHear() {
        var core = Self.member(as: .up)
        #expect(unknown(&core, to: [1, 2, 3, 4], seconds: 30) == nil)
        // An answer from before the welcome of the peer proves nothing.
        for number in 1...4 {
            let answer = ClusterMessage.heartbeatAck(sequence: 0, sentAt: .start, voters: 0)
            _ = core.onMessage(answer, from: Self.node(number), at: .start)
        }
        #expect(unknown(&core, to: [1, 2, 3, 4], seconds: 30) == nil)
    }

    @Test("a member stops when most of those that have known it do not know it any more for the stability period")
    func forgotten() {
        var core = Self.member(as: .up)
        for number in 1...4 {
            let answer = ClusterMessage.heartbeatAck(sequence: 0, sentAt: .start, voters: 7)
            _ = core.onMessage(answer, from: Self.node(number), at: .start)
        }
        #expect(unknown(&core, to: [1, 2], seconds: 10) == nil)
        #expect(unknown(&core, to: [1, 2, 3], seconds: 10) == 4)
    }

    @Test("those that voted before a member became up have known it")
    func promoted() {
        var core = Self.member(as: .joining)
        var news = Self.gossip(.up)
        news.version.tick(Self.node(1))
        _ = core.onMessage(.gossipEnvelope(news), from: Self.node(1), at: .start)
        #expect(core.gossip.member(Self.node(9))?.status == .up)
        #expect(unknown(&core, to: [1, 2, 3], seconds: 10) == 4)
    }
}
