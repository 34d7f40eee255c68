import CastyCore
import Testing

@testable import CastyMembership

/// Two clusters of one name: both sides find out, and one of them ends.
@Suite("Second clusters") struct SecondClusterTests {
    private static func place(_ number: Int) -> NodeAddress { TestCluster.address(number) }

    private static func ids(_ cluster: TestCluster) -> Set<ClusterID> {
        Set(cluster.alive.filter { $0.core.phase == .member }.compactMap(\.core.gossip.cluster))
    }

    /// Clusters of the given sizes, founded apart; their first nodes are the seeds.
    private func apart(_ sizes: [Int], seed: UInt64 = 1, settings: MembershipSettings = .responsive) -> TestCluster {
        let cluster = TestCluster(0, settings: settings, seed: seed)
        var groups: [[Int]] = []
        for size in sizes {
            let start = (groups.last?.last ?? 0) + 1
            groups.append(Array(start..<(start + size)))
        }
        cluster.seeds = groups.map { Self.place($0[0]) }
        for group in groups {
            for other in groups where other != group { cluster.cut(group, other) }
        }
        for group in groups {
            for (index, number) in group.enumerated() { cluster.start(number, mayFound: index == 0) }
        }
        let formed = cluster.run(within: .seconds(10)) { groups.allSatisfy { cluster.agree(on: $0) } }
        #expect(formed != nil)
        cluster.heal()
        return cluster
    }

    @Test(
        "the smaller of two clusters ends, node by node and with the reason, and both sides report it",
        arguments: 1...20)
    func smallerEnds(seed: Int) {
        let cluster = apart([2, 3], seed: UInt64(seed))
        let bigger = cluster[3].core.gossip.cluster
        #expect(cluster.run(within: .seconds(45)) { !cluster[1].isRunning && !cluster[2].isRunning } != nil)
        for number in 1...2 {
            guard case .secondCluster(_, let other) = cluster[number].stopReason else {
                Issue.record("n\(number) stopped for \(String(describing: cluster[number].stopReason))")
                continue
            }
            #expect(other.id == bigger)
        }
        #expect(!cluster.events("second-cluster", on: 1).isEmpty)
        #expect(cluster.alive.contains { !cluster.events("second-cluster", on: $0.number).isEmpty })
        #expect(cluster.agree(on: [3, 4, 5]))
    }

    @Test("of two clusters of one size the younger ends, and of two of one age the one with the higher identity")
    func order() {
        func claim(_ size: UInt32, _ age: UInt32, _ low: UInt64) -> ClusterClaim {
            ClusterClaim(id: ClusterID(high: 0, low: low), size: size, age: age)
        }
        #expect(claim(2, 9, 1).ends(before: claim(3, 1, 2)))
        #expect(claim(2, 3, 1).ends(before: claim(2, 4, 2)))
        #expect(claim(2, 3, 2).ends(before: claim(2, 3, 1)))
        let all = [claim(1, 1, 1), claim(1, 1, 2), claim(1, 2, 1), claim(2, 1, 1), claim(2, 2, 2)]
        for first in all {
            for second in all where first != second {
                #expect(first.ends(before: second) != second.ends(before: first))
            }
        }
    }

    @Test("three clusters become one", arguments: 1...5)
    func three(seed: Int) {
        let cluster = apart([2, 3, 1], seed: UInt64(seed))
        #expect(cluster.run(within: .seconds(60)) { cluster.alive.count == 3 } != nil)
        #expect(cluster.agree(on: [3, 4, 5]))
    }

    @Test("a node that is set to report only goes on beside the bigger cluster")
    func reportOnly() {
        var settings = MembershipSettings.responsive
        settings.endsSecondClusters = false
        let cluster = apart([1, 2], settings: settings)
        cluster.run(.seconds(60))
        #expect(cluster.alive.count == 3)
        #expect(!cluster.events("second-cluster", on: 1).isEmpty)
        #expect(!cluster.events("second-cluster", on: 2).isEmpty)
    }

    @Test("the only seed, started again beside its living cluster, ends, though no seed of its list is in that cluster")
    func onlySeed() {
        let cluster = TestCluster(0)
        cluster.seeds = [Self.place(1)]
        cluster.start(1, mayFound: true)
        for number in 2...4 { cluster.start(number) }
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3, 4]) } != nil)
        let id = cluster[2].core.gossip.cluster
        cluster.kill(1)
        #expect(cluster.run(within: .seconds(20)) { cluster.agree(on: [2, 3, 4]) } != nil)
        cluster.start(1)
        #expect(cluster.run(within: .seconds(60)) { !cluster[1].isRunning } != nil)
        #expect(Self.ids(cluster) == [id])
    }

    @Test("a seed that waits in vain for the votes of others joins the cluster whose member looks for it")
    func waitingSeed() {
        let cluster = TestCluster(0)
        cluster.seeds = [Self.place(1), Self.place(2)]
        cluster.start(1, mayFound: true)
        for number in 2...5 { cluster.start(number) }
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3, 4, 5]) } != nil)
        cluster.kill(1)
        cluster.kill(2)
        #expect(cluster.run(within: .seconds(20)) { cluster.agree(on: [3, 4, 5]) } != nil)
        cluster.start(1)
        #expect(cluster.run(within: .seconds(45)) { cluster.agree(on: [1, 3, 4, 5]) } != nil)
        cluster.start(2)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3, 4, 5]) } != nil)
    }

    /// All seeds end, are removed or not, and start again together, while other members live. Returns how many of the runs saw a second cluster.
    private func seedsReturn(
        seeds: Int, members: Int, removed: Bool, _ mutations: MembershipMutations = [], runs: UInt64
    ) -> Int {
        var second = 0
        for seed in 1...runs {
            var dice = SeededGenerator(seed: seed).fork("seeds")
            let cluster = TestCluster(0, seed: seed)
            cluster.settings.mutations = mutations
            cluster.seeds = (1...seeds).map { Self.place($0) }
            cluster.latency = .milliseconds(Int64(1 + dice.below(20)))
            cluster.start(1, mayFound: true)
            let all = Array(1...members)
            for number in all.dropFirst() { cluster.start(number) }
            #expect(cluster.run(within: .seconds(20)) { cluster.agree(on: all) } != nil)
            let old = (1...seeds).map { cluster[$0].core.myself }
            for number in 1...seeds { cluster.kill(number) }
            if removed {
                let left = Array(all.dropFirst(seeds))
                #expect(cluster.run(within: .seconds(20)) { cluster.agree(on: left) } != nil)
                cluster.run(.milliseconds(Int64(dice.below(40_000))))
            }
            var found = false
            cluster.afterStep = { cluster in found = found || Self.ids(cluster).count > 1 }
            for number in 1...seeds { cluster.start(number) }
            if !removed {
                // The members' connections meet the new processes.
                cluster.run(.milliseconds(Int64(dice.below(100))))
                for number in (seeds + 1)...members {
                    for former in old { cluster.command(number) { $0.onPeerIncarnationGone(former, at: $1) } }
                }
            }
            let end = cluster.run(within: .seconds(60)) { cluster.agree(on: all) || found }
            #expect(end != nil, "seed \(seed)")
            if found { second += 1 }
        }
        return second
    }

    @Test(
        "seeds that all start again together find the cluster of the other members before they found another one",
        arguments: [true, false])
    func seedsReturn(removed: Bool) {
        #expect(seedsReturn(seeds: 2, members: 5, removed: removed, runs: 15) == 0)
        #expect(seedsReturn(seeds: 3, members: 7, removed: removed, runs: 8) == 0)
    }

    @Test(
        "where members look for seeds every few seconds only, a second cluster is founded",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"))
    func seedsReturnUnseen() {
        #expect(seedsReturn(seeds: 2, members: 5, removed: true, [.looksSeldom], runs: 10) > 5)
    }

    // MARK: what must not end a cluster

    private static let unknownPeer = UniqueAddress(address: place(8), incarnation: 800)
    private static let boast = ClusterClaim(id: ClusterID(high: 9, low: 9), size: 1000, age: 1000)

    private func pair() -> TestCluster {
        let cluster = TestCluster(0)
        cluster.seeds = [Self.place(1), Self.place(2)]
        cluster.start(1, mayFound: true)
        cluster.start(2)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2]) } != nil)
        return cluster
    }

    private func stops(_ effects: [MembershipEffect]) -> Bool {
        effects.contains { if case .stop = $0 { true } else { false } }
    }

    @Test("claims that come unasked, and answers to questions that were not asked, end nothing")
    func unasked() {
        let cluster = pair()
        for number in UInt64(1)...100 {
            for message in [
                ClusterMessage.clusterProbe(number: number, claim: Self.boast),
                .clusterAnswer(
                    number: number, claim: Self.boast, yours: cluster[1].core.claim ?? Self.boast),
                .otherCluster(at: [Self.place(8)]),
            ] {
                let peer = UniqueAddress(address: Self.place(100 + Int(number)), incarnation: number)
                #expect(!stops(cluster[1].core.onMessage(message, from: peer, at: cluster.now)))
            }
        }
        #expect(cluster[1].core.phase == .member)
    }

    @Test(
        "one address that is no seed does not end a cluster, however many live there and whatever they call their own",
        arguments: [UInt32(2), 1000], [1, 50])
    func oneVoice(size: UInt32, names: Int) {
        let cluster = pair()
        let boast = ClusterClaim(id: Self.boast.id, size: size, age: Self.boast.age)
        var asked = 0
        for round in 1...50 {
            cluster.now = cluster.now + .seconds(2)
            let peer = UniqueAddress(
                address: Self.unknownPeer.address, incarnation: Self.unknownPeer.incarnation + UInt64(round % names))
            let effects = cluster[1].core.onMessage(.clusterProbe(number: 1, claim: boast), from: peer, at: cluster.now)
            for effect in effects {
                guard case .contact(.clusterProbe(let number, let claim), Self.unknownPeer.address) = effect else {
                    continue
                }
                asked += 1
                let answer = ClusterMessage.clusterAnswer(number: number, claim: boast, yours: claim)
                #expect(!stops(cluster[1].core.onMessage(answer, from: peer, at: cluster.now)))
            }
        }
        #expect(asked > 10)
        #expect(cluster[1].core.phase == .member)
    }

    @Test("other clusters that are made up are bounded in memory, and reported once each")
    func bounded() {
        let cluster = pair()
        var reports = 0
        for number in UInt64(1)...200 {
            let claim = ClusterClaim(id: ClusterID(high: 1, low: number), size: 1, age: 1)
            let effects = cluster[1].core.onMessage(
                .clusterProbe(number: number, claim: claim), from: Self.unknownPeer, at: cluster.now)
            reports += effects.count { if case .publish = $0 { true } else { false } }
        }
        #expect(reports == 8)
        #expect(cluster[1].core.secondClusters.others.count == 8)
    }

    // MARK: what a claim says

    /// n1 and n2 are a cluster; at the third seed another one answers every probe of n1, and once more right after each. Returns after how many
    /// answers n1 stops.
    private func answers(_ other: ClusterClaim, most: Int = 40) -> Int? {
        let cluster = TestCluster(0)
        cluster.seeds = [Self.place(1), Self.place(2), Self.place(8)]
        cluster.start(1, mayFound: true)
        cluster.start(2)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2]) } != nil)
        var (count, now) = (0, cluster.now)
        while count < most {
            now = max(now, cluster[1].core.armed(.seedProbe) ?? now)
            for effect in cluster[1].core.onTimer(.seedProbe, at: now) {
                guard case .contact(.clusterProbe(let number, let claim), Self.unknownPeer.address) = effect else {
                    continue
                }
                count += 1
                let answer = ClusterMessage.clusterAnswer(number: number, claim: other, yours: claim)
                if stops(cluster[1].core.onMessage(answer, from: Self.unknownPeer, at: now)) { return count }
            }
        }
        return nil
    }

    @Test("a cluster with members in trouble ends no other one, and one without does in the second round")
    func troubled() {
        #expect(answers(Self.boast) == 2)
        let troubled = ClusterClaim(id: Self.boast.id, size: 1000, age: 1000, isTroubled: true)
        #expect(answers(troubled) == nil)
    }

    @Test("a second founding of the same cluster is a second cluster")
    func sameIdentity() throws {
        let cluster = pair()
        let mine = try #require(cluster[1].core.claim)
        let other = ClusterClaim(id: mine.id, founding: mine.founding &+ 1, size: 1, age: 1)
        let effects = cluster[1].core.onMessage(
            .clusterProbe(number: 1, claim: other), from: Self.unknownPeer, at: cluster.now)
        #expect(effects.contains { if case .publish(let event) = $0 { event.name == "second-cluster" } else { false } })
        #expect(mine.founding == cluster[2].core.claim?.founding && mine.founding != 0)
    }

    @Test("a claim counts the members that vote and can be reached, and says that there is trouble")
    func claims() {
        let cluster = TestCluster(3)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3]) } != nil)
        #expect(cluster[1].core.claim?.size == 3 && cluster[1].core.claim?.isTroubled == false)
        cluster.kill(3)
        #expect(cluster.run(within: .seconds(3)) { cluster[1].core.claim?.isTroubled == true } != nil)
        #expect(cluster[1].core.claim?.size == 2)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2]) } != nil)
        #expect(cluster[1].core.claim?.size == 2 && cluster[1].core.claim?.isTroubled == false)
    }
}
