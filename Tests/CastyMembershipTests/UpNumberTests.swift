import CastyCore
import Testing

@testable import CastyMembership

@Suite("Up-numbers") struct UpNumberTests {
    @Test(
        "no up-number is given twice, whichever members leave and join",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"), arguments: 1...3)
    func neverTwice(seed: UInt64) throws {
        for mutations in [[], [.reusesUpNumbers]] as [MembershipMutations] {
            var settings = MembershipSettings.responsive
            settings.mutations = mutations
            let cluster = TestCluster(2, settings: settings, seed: seed)
            var holders: [UInt32: Set<UInt64>] = [:]
            cluster.afterStep = { cluster in
                for node in cluster.nodes {
                    for member in node.core.gossip.members {
                        if let number = member.upNumber { holders[number, default: []].insert(member.node.incarnation) }
                    }
                }
            }
            try #require(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2]) } != nil)
            for _ in 0..<4 {
                cluster.start(3)
                try #require(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3]) } != nil)
                cluster.command(3) { $0.onLeave(at: $1) }
                try #require(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2]) } != nil)
            }
            #expect(holders.values.allSatisfy { $0.count == 1 } == mutations.isEmpty)
            #expect(cluster[1].core.gossip.highestUpNumber == (mutations.isEmpty ? 6 : 3))
        }
    }

    @Test("the highest number outlives its member in a merge, in a digest and on the way to a joiner")
    func outlives() {
        let (first, second) = (DowningTests.node(1), DowningTests.node(2))
        var gossip = Gossip()
        for node in [first, second] {
            gossip.add(Member(node: node, status: .joining))
            gossip.setStatus(.up, of: node)
        }
        gossip.setStatus(.down, of: second)
        gossip.addTombstone(second)
        #expect(gossip.highestUpNumber == 2)
        var lower = gossip
        lower.highestUpNumber = 1
        #expect(lower.contentDigest != gossip.contentDigest && !lower.hasSameContent(as: gossip))
        #expect(lower.merged(with: gossip).highestUpNumber == 2)
        gossip.add(Member(node: DowningTests.node(3), status: .joining))
        gossip.setStatus(.up, of: DowningTests.node(3))
        #expect(gossip.member(DowningTests.node(3))?.upNumber == 3)
    }

    /// n1 leads, hangs before it can make n5 up, and is removed by n2, which lets n6 in; then n1 wakes. Returns whether a number was given twice.
    private func thawedLeader(_ mutations: MembershipMutations, seed: UInt64) -> Bool {
        var settings = MembershipSettings.responsive
        settings.mutations = mutations
        let cluster = TestCluster(4, settings: settings, seed: seed)
        var holders: [UInt32: Set<UInt64>] = [:]
        cluster.afterStep = { cluster in
            for node in cluster.nodes {
                for member in node.core.gossip.members {
                    if let number = member.upNumber { holders[number, default: []].insert(member.node.incarnation) }
                }
            }
        }
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3, 4]) } != nil)
        cluster.run(.seconds(5))
        let joiner = cluster.start(5)
        let isIn = cluster.run(within: .seconds(5)) { cluster[1].core.gossip.member(joiner.core.myself) != nil }
        #expect(isIn != nil && cluster[1].core.gossip.member(joiner.core.myself)?.status == .joining)
        cluster.freeze(1)
        cluster.kill(5)
        #expect(cluster.run(within: .seconds(30)) { cluster.agree(on: [2, 3, 4]) } != nil)
        cluster.start(6)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [2, 3, 4, 6]) } != nil)
        cluster.thaw(1)
        cluster.run(.seconds(5))
        #expect(!cluster[1].isRunning && cluster.agree(on: [2, 3, 4, 6]))
        return holders.values.contains { $0.count > 1 }
    }

    @Test(
        "a leader that hung gives no number before it has heard from the others again",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"), arguments: 1...3)
    func thawedLeader(seed: UInt64) {
        #expect(!thawedLeader([], seed: seed))
        #expect(thawedLeader([.leadsWithoutLease], seed: seed))
    }
}
