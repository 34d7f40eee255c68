import CastyCore
import Testing

@testable import CastyMembership

@Suite("The last proof for the lease of a removed member") struct LastProofTests {
    private func formed(_ count: Int, mutations: MembershipMutations = []) -> TestCluster {
        var settings = MembershipSettings.responsive
        settings.mutations = mutations
        let cluster = TestCluster(count, settings: settings)
        cluster.run(.seconds(6))
        return cluster
    }

    private func removal(of node: TestCluster.Node, at observer: TestCluster.Node) -> (at: Instant, silence: Duration)?
    {
        let removed = observer.events.first { event in
            if case .memberRemoved = event.kind { event.subject == node.core.myself } else { false }
        }
        let tombstone = observer.core.gossip.tombstones.first { $0.node == node.core.myself }
        guard let removed, let tombstone else { return nil }
        return (removed.at, tombstone.silence)
    }

    @Test("is a heartbeat before its crash at most, whichever node died", arguments: 1...5)
    func crash(number: Int) throws {
        let cluster = formed(5)
        let victim = cluster[number]
        let crash = cluster.now
        cluster.kill(number)
        cluster.run(.seconds(6))
        for observer in cluster.alive {
            let (at, silence) = try #require(removal(of: victim, at: observer), "n\(observer.number) has removed it")
            // The observer has learned of the removal, and the silence is in whole milliseconds.
            #expect(at - silence <= crash + cluster.latency * 5, "\(at) - \(silence) is after the crash, \(crash)")
            #expect(at - silence >= crash - cluster.settings.heartbeat)
            // The lease has ended by the time of the removal: its shards need not wait.
            let proof = try #require(observer.core.lastProof(of: victim.core.myself))
            #expect(proof + cluster.settings.removalMargin(members: 4) < at)
        }
    }

    @Test("is known to a node that joins later, counted from when it joined")
    func joiner() throws {
        let cluster = formed(3)
        let victim = cluster[3].core.myself
        cluster.kill(3)
        cluster.run(.seconds(6))
        let start = cluster.now
        cluster.start(4)
        cluster.run(.seconds(3))
        let proof = try #require(cluster[4].core.lastProof(of: victim))
        #expect(proof < start - .seconds(4))
    }

    @Test("is the removal where a member is removed as it exits: no voter knew that it is down")
    func exiting() throws {
        let cluster = formed(3)
        let victim = cluster[3]
        cluster.command(3) { $0.onLeave(at: $1) }
        cluster.run(.milliseconds(100))
        cluster.kill(3)
        cluster.run(.seconds(20))
        let (at, silence) = try #require(removal(of: victim, at: cluster[1]))
        if cluster[1].core.gossip.tombstones.contains(where: { $0.lastStatus == .exiting }) {
            #expect(silence == .zero)
            #expect(cluster[1].core.lastProof(of: victim.core.myself) == at)
        } else {
            #expect(silence > .zero)
        }
    }

    @Test("is the removal where more are lost at once than half of the peers that each monitors")
    func many() throws {
        let cluster = formed(14)
        let lost = (9...14).map { cluster[$0] }
        for node in lost { cluster.kill(node.number) }
        cluster.run(.seconds(12))
        for node in lost {
            let (_, silence) = try #require(removal(of: node, at: cluster[1]))
            #expect(silence == .zero)
        }
        let cluster2 = formed(14)
        let few = (12...14).map { cluster2[$0] }
        for node in few { cluster2.kill(node.number) }
        cluster2.run(.seconds(12))
        for node in few {
            let (_, silence) = try #require(removal(of: node, at: cluster2[1]))
            #expect(silence > .seconds(3))
        }
    }

    /// n5 has been cut off from the leader for a second, and acknowledged by the others, when a person declares it down
    /// and the others lose it too.
    ///
    /// - Returns: For how long n5 held a lease after it had certainly ended, as the others count.
    private func overlap(_ mutations: MembershipMutations) -> Duration {
        let cluster = formed(5, mutations: mutations)
        cluster.cut([1], [5])
        cluster.run(.seconds(1))
        cluster.command(1) { $0.onDown(TestCluster.address(5), at: $1) }
        cluster.cut([5], [2, 3, 4])
        let victim = cluster[5]
        var end: Instant?
        var overlap = Duration.zero
        for _ in 0..<500 {
            cluster.run(.milliseconds(10))
            let proofs = (1...4).compactMap { cluster[$0].core.lastProof(of: victim.core.myself) }
            if let proof = proofs.min() { end = proof + cluster.settings.removalMargin(members: 4) }
            if let end, cluster.now >= end, victim.core.leaseHeld(at: cluster.now) {
                overlap = max(overlap, cluster.now - end)
            }
        }
        #expect(end != nil, "it was removed")
        return overlap
    }

    @Test("is the acknowledgement of any voter, not only of the leader")
    func anyVoter() {
        #expect(overlap([]) == .zero)
    }

    @Test(
        "a leader that counts from its own acknowledgements is found out",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"))
    func leaderOnly() {
        #expect(overlap([.asksNoVoters]) > .milliseconds(100))
    }

    @Test("survives a merge as the shorter of two silences, in whole milliseconds and within its bound")
    func merge() {
        let node = UniqueAddress(address: TestCluster.address(1), incarnation: 1)
        let left = Tombstone(node: node, lastStatus: .down, silence: .microseconds(4_200_700))
        let right = Tombstone(node: node, lastStatus: .down, silence: .seconds(90_000))
        #expect(left.silence == .milliseconds(4200))
        #expect(right.silence == Tombstone.longestSilence)
        #expect(left.merged(with: right).silence == .milliseconds(4200))
        #expect(right.merged(with: left) == left.merged(with: right))
        #expect(Tombstone(node: node, lastStatus: .down, silence: .seconds(-1)).silence == .zero)
    }
}
