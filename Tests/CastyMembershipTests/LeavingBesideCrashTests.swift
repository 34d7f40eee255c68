import CastyCore
import Testing

@testable import CastyMembership

/// Nodes that leave one after the other, while another one has crashed and keeps the cluster from agreement.
@Suite("Leaving beside a crash") struct LeavingBesideCrashTests {
    private static func formed(_ count: Int, _ settings: MembershipSettings, seed: UInt64) throws -> TestCluster {
        let cluster = TestCluster(count, settings: settings, seed: seed)
        try #require(cluster.run(within: .seconds(120)) { cluster.agree(on: Array(1...count)) } != nil)
        cluster.run(.seconds(5))
        return cluster
    }

    @Test("nodes that want to leave do not delay the decision about a crashed one", arguments: 1...5, [true, false])
    func leaversDelayNothing(seed: UInt64, isLan: Bool) throws {
        let settings = isLan ? MembershipSettings.lan : .responsive
        let cluster = try Self.formed(9, settings, seed: seed)
        let crashed = cluster[9].core.myself
        cluster.kill(9)
        // Twice the heartbeats' pause to notice, then the view is stable.
        let bound = settings.pause * 2 + settings.stableAfter(members: 9) + settings.heartbeat * 4
        func isDecided() -> Bool { cluster[1].core.gossip.status(of: crashed).map { $0 == .down } ?? true }
        var waited = Duration.zero
        for leaver in [8, 7, 6, 5] + [Int](repeating: 0, count: 40) where !isDecided() {
            if leaver > 0 { cluster.command(leaver) { $0.onLeave(at: $1) } }
            cluster.run(.seconds(1))
            waited += .seconds(1)
        }
        #expect(waited <= bound + .seconds(1))
        #expect(cluster.run(within: .seconds(3)) { cluster.agree(on: [1, 2, 3, 4]) } != nil)
        #expect([5, 6, 7, 8].allSatisfy { cluster[$0].stopReason == .left })
    }

    @Test("a member that declares itself down as it ends is no reason to wait for those that see it silent")
    func lastWord() throws {
        let cluster = try Self.formed(6, .responsive, seed: 1)
        let crashed = cluster[6].core.myself
        cluster.kill(6)
        cluster.run(.seconds(2))
        try #require(cluster[1].core.gossip.unreachable == [crashed])
        let since = try (1...4).map { try #require(cluster[$0].core.downing.split).stableSince }
        cluster.command(5) { $0.onLeave(at: $1) }
        cluster.run(.seconds(1))
        let leaver = cluster[5].core.myself
        cluster.command(5) { $0.onEnd(at: $1) }
        cluster.run(.milliseconds(50))
        #expect(!cluster[5].isRunning)
        for number in 1...4 {
            #expect(cluster[number].core.gossip.status(of: leaver) == .down)
            #expect(cluster[number].core.downing.split?.stableSince == since[number - 1])
        }
        #expect(cluster.run(within: .seconds(4)) { cluster.agree(on: [1, 2, 3, 4]) } != nil)
    }

    @Test(
        "those that have ended by their own word count for no side: the few that are left outlive a crash beside them")
    func fewAreLeft() throws {
        let cluster = try Self.formed(9, .responsive, seed: 2)
        cluster.kill(9)
        cluster.run(.seconds(2))
        for leaver in [4, 5, 6, 7, 8] { cluster.command(leaver) { $0.onLeave(at: $1) } }
        cluster.run(.milliseconds(300))
        for leaver in [4, 5, 6, 7, 8] { cluster.command(leaver) { $0.onEnd(at: $1) } }
        #expect(cluster.run(within: .seconds(8)) { cluster.agree(on: [1, 2, 3]) } != nil)
        #expect([1, 2, 3].allSatisfy { cluster[$0].isRunning })
    }

    @Test("a row of another member does not say that one has ended, nor does its own before it is down")
    func ownWordOnly() {
        var gossip = Gossip()
        let nodes = (1...2).map { UniqueAddress(address: TestCluster.address($0), incarnation: UInt64($0)) }
        for node in nodes { gossip.add(Member(node: node, status: .joining)) }
        func terminate(_ node: UniqueAddress, by observer: UniqueAddress) {
            gossip.setRow(ReachabilityRow(subject: node, verdict: .terminated), by: observer, of: node)
        }
        gossip.setStatus(.up, of: nodes[1])
        terminate(nodes[1], by: nodes[0])
        gossip.setStatus(.down, of: nodes[1])
        #expect(!gossip.hasEnded(nodes[1]))
        terminate(nodes[0], by: nodes[0])
        #expect(!gossip.hasEnded(nodes[0]))
        gossip.setStatus(.down, of: nodes[0])
        #expect(gossip.hasEnded(nodes[0]))
        #expect(DowningView(gossip, myself: nodes[1]).ended == [nodes[0]])
    }

    @Test("a member that comes up, or is exiting, delays a decision, for its vote may not be known to all")
    func votesDelay() throws {
        var gossip = Gossip()
        let nodes = (1...4).map { UniqueAddress(address: TestCluster.address($0), incarnation: UInt64($0)) }
        for node in nodes { gossip.add(Member(node: node, status: .joining)) }
        for node in nodes.prefix(3) { gossip.setStatus(.up, of: node) }
        let before = DowningState.Picture(gossip, unreachable: [nodes[0]])
        func isNews(_ change: (inout Gossip) -> Void) -> Bool {
            var changed = gossip
            change(&changed)
            let unreachable = [nodes[0]].filter { changed.status(of: $0) != .down }
            return DowningState.Picture(changed, unreachable: unreachable).isNews(after: before, in: changed)
        }
        #expect(!isNews { _ in })
        #expect(!isNews { $0.setStatus(.leaving, of: nodes[1]) })
        #expect(!isNews { $0.setStatus(.leaving, of: nodes[3]) })
        #expect(!isNews { $0.setStatus(.down, of: nodes[0]) })
        #expect(!isNews { $0.setStatus(.down, of: nodes[2]) })
        #expect(isNews { $0.setStatus(.up, of: nodes[3]) })
        #expect(
            isNews {
                $0.setStatus(.leaving, of: nodes[1])
                $0.setStatus(.exiting, of: nodes[1])
            })
    }
}
