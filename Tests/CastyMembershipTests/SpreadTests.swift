import CastyPrimitives
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

    @Test("whoever joins is let in by the leader, whomever it asks, so that no two joins have to be merged")
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
