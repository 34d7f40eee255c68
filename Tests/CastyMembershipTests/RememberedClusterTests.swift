import CastyCore
import Testing

@testable import CastyMembership

@Suite("A remembered cluster") struct RememberedClusterTests {
    private static func place(_ number: Int) -> NodeAddress { TestCluster.address(number) }

    private func cluster(_ count: Int, seeds: [Int], _ mutations: MembershipMutations = []) -> TestCluster {
        let cluster = TestCluster(0)
        cluster.settings.mutations = mutations
        cluster.remembers = true
        cluster.seeds = seeds.map { Self.place($0) }
        cluster.start(1, mayFound: true)
        for number in stride(from: 2, through: count, by: 1) { cluster.start(number) }
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: Array(1...count)) } != nil)
        return cluster
    }

    @Test("a node remembers the cluster and its members, and forgets who has left")
    func remembers() {
        let cluster = cluster(3, seeds: [1, 2, 3])
        #expect(cluster.memories[1]?.id == cluster[1].core.gossip.cluster)
        #expect(cluster.memories[1]?.members == (1...3).map { Self.place($0) })
        cluster.command(3) { $0.onLeave(at: $1) }
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2]) } != nil)
        #expect(cluster.memories[1]?.members == (1...2).map { Self.place($0) })
    }

    @Test(
        "the only seed, started again, finds its living cluster by the members that it remembers, although --found is set"
    )
    func onlySeed() {
        let cluster = cluster(4, seeds: [1])
        cluster.kill(1)
        cluster.start(1, mayFound: true)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3, 4]) } != nil)
        #expect(cluster[1].events.allSatisfy { $0.cause != .start })
    }

    @Test(
        "where all members are started again they found the same cluster again, and not before the last of them is there"
    )
    func wholeCluster() {
        let cluster = cluster(3, seeds: [1, 2])
        let id = cluster[1].core.gossip.cluster
        for number in 1...3 { cluster.kill(number) }
        cluster.start(1)
        cluster.start(2)
        cluster.run(.seconds(20))
        #expect(!cluster[1].wasWelcomed && !cluster[2].wasWelcomed)
        cluster.start(3)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3]) } != nil)
        #expect(cluster[1].core.gossip.cluster == id)
    }

    /// n2 hangs; the others remove it, die, and are started again. Then n2 wakes, and hears that the former ones are gone. Returns whether it lets one in.
    private func leftBehind(_ mutations: MembershipMutations) -> Bool {
        let cluster = cluster(3, seeds: [1, 2, 3], mutations)
        cluster.run(.seconds(5))
        cluster.cut([1, 3], [2])
        cluster.freeze(2)
        #expect(cluster.run(within: .seconds(20)) { cluster.agree(on: [1, 3]) } != nil)
        let former = [1, 3].map { cluster[$0].core.myself }
        for number in [1, 3] {
            cluster.kill(number)
            cluster.start(number)
        }
        let next = [1, 3].map { cluster[$0].core.myself }
        var letIn = false
        cluster.afterStep = { cluster in
            letIn = letIn || cluster[2].core.gossip.members.contains { next.contains($0.node) }
        }
        // What was said to it meanwhile is lost with the connections of those that have died.
        cluster.stalled = []
        cluster.heal()
        cluster.thaw(2)
        for node in former { cluster.command(2) { $0.onPeerIncarnationGone(node, at: $1) } }
        cluster.run(.seconds(15))
        #expect(letIn || !cluster[2].isRunning)
        return letIn
    }

    @Test(
        "a node that hung while the others removed it and died does not let their next incarnations in",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"))
    func hungAlone() {
        #expect(!leftBehind([]))
        #expect(leftBehind([.letsInAfterHanging]))
    }

    @Test(
        "a node that hung and was kept lets others in as soon as one has acknowledged it, and after every later crash")
    func hungAndKept() {
        let cluster = cluster(3, seeds: [1, 2, 3])
        cluster.run(.seconds(5))
        cluster.freeze(2)
        cluster.run(cluster.settings.entityLease + .milliseconds(300))
        var doubted = false
        cluster.afterStep = { doubted = doubted || $0[2].core.mayBeLeftBehind }
        cluster.thaw(2)
        cluster.run(.seconds(2))
        #expect(doubted && !cluster[2].core.mayBeLeftBehind)
        cluster.kill(1)
        cluster.kill(3)
        cluster.run(.milliseconds(100))
        #expect(!cluster[2].core.mayBeLeftBehind)
    }

    @Test(
        "a member goes on above the up-numbers that a joiner remembers",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"), arguments: [true, false])
    func joinersNumbers(isMended: Bool) throws {
        let cluster = cluster(2, seeds: [1, 2])
        if !isMended { cluster.settings.mutations = [.forgetsJoinersNumbers] }
        let id = try #require(cluster[1].core.gossip.cluster)
        cluster.memories[3] = RememberedCluster(id: id, highestUpNumber: 9)
        cluster.start(3)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3]) } != nil)
        #expect(cluster[1].core.gossip.member(cluster[3].core.myself)?.upNumber == (isMended ? 10 : 3))
        // A number that no cluster comes near belongs to no node.
        cluster.memories[4] = RememberedCluster(id: id, highestUpNumber: .max - 1)
        cluster.start(4)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3, 4]) } != nil)
        #expect(cluster[1].core.gossip.highestUpNumber == (isMended ? 11 : 4))
    }

    @Test("a node whose data belongs to another cluster than the one that it finds stops, and says which two these are")
    func foreign() {
        let cluster = cluster(2, seeds: [1, 2])
        let other = ClusterID(high: 7, low: 7)
        cluster.memories[3] = RememberedCluster(id: other)
        cluster.start(3)
        #expect(cluster.run(within: .seconds(5)) { !cluster[3].isRunning } != nil)
        let id = cluster[1].core.gossip.cluster ?? other
        #expect(cluster[3].stopReason == .refused(.otherCluster(remembered: other, found: id)))
        cluster.run(.seconds(5))
        #expect(cluster.agree(on: [1, 2]))
    }

    @Test("a cluster that is founded again by its last member goes on above every number it has given")
    func upNumbers() {
        let id = ClusterID(high: 1, low: 2)
        var core = Membership(
            myself: UniqueAddress(address: Self.place(1), incarnation: 7), settings: .responsive,
            generator: SeededGenerator(seed: 1))
        let remembered = RememberedCluster(id: id, members: [Self.place(1)], highestUpNumber: 41)
        let effects = core.onStart(seeds: [Self.place(1)], mayFound: false, remembered: remembered, at: .start)
        #expect(core.gossip.cluster == id)
        #expect(core.gossip.members.map(\.upNumber) == [42])
        #expect(effects.contains(.remember(RememberedCluster(id: id, members: [Self.place(1)], highestUpNumber: 42))))
    }

    /// n1, n2 and n3 were one cluster; n1 ended early, and numbers were given after that.
    private func foundedAgain(_ mutations: MembershipMutations) -> [UInt32] {
        let cluster = cluster(3, seeds: [1, 2, 3])
        cluster.kill(1)
        #expect(cluster.run(within: .seconds(20)) { cluster.agree(on: [2, 3]) } != nil)
        for _ in 1...3 {
            cluster.start(4)
            #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [2, 3, 4]) } != nil)
            cluster.command(4) { $0.onLeave(at: $1) }
            #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [2, 3]) } != nil)
        }
        cluster.kill(2)
        cluster.kill(3)
        cluster.settings.mutations = mutations
        // It remembers n2 and n3, which must answer, and n4 has left.
        for number in 1...3 { cluster.start(number) }
        #expect(cluster.run(within: .seconds(20)) { cluster.agree(on: [1, 2, 3]) } != nil)
        return cluster[1].core.gossip.members.compactMap(\.upNumber).sorted()
    }

    @Test(
        "a founder that ended before others goes on above the numbers that those remember",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"))
    func othersRemember() {
        #expect(foundedAgain([]) == [7, 8, 9])
        #expect(foundedAgain([.foundsFromOwnMemory, .forgetsJoinersNumbers]) == [4, 5, 6])
    }

    @Test("its text reads back, and a text that is cut short is none")
    func text() {
        let memory = RememberedCluster(
            id: ClusterID(high: 1, low: .max), members: [Self.place(1), NodeAddress(host: "::1", port: 7)],
            highestUpNumber: 9)
        let text = memory.text
        #expect(RememberedCluster(text: text) == memory)
        for length in 0..<text.count {
            #expect(RememberedCluster(text: String(text.prefix(length))) == nil, "\(length)")
        }
    }

    /// n1 ended early and remembers n2 and n3 only; the cluster lives on n4 and n5. The three seeds return while they are cut off from those.
    /// Returns how many foundings ran side by side, and whether all were in one cluster in the end.
    private func earlySeedReturns(_ mutations: MembershipMutations) -> (foundings: Int, isOne: Bool) {
        let cluster = cluster(3, seeds: [1, 2, 3])
        cluster.kill(1)
        #expect(cluster.run(within: .seconds(20)) { cluster.agree(on: [2, 3]) } != nil)
        cluster.start(4)
        cluster.start(5)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [2, 3, 4, 5]) } != nil)
        cluster.command(2) { $0.onLeave(at: $1) }
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [3, 4, 5]) } != nil)
        cluster.command(3) { $0.onLeave(at: $1) }
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [4, 5]) } != nil)
        cluster.cut([1, 2, 3], [4, 5])
        cluster.settings.mutations = mutations
        var foundings: Set<UInt64> = []
        cluster.afterStep = { cluster in
            for node in cluster.alive where node.core.phase == .member { foundings.insert(node.core.gossip.founding) }
        }
        for number in 1...3 { cluster.start(number) }
        cluster.run(.seconds(5))
        cluster.heal()
        let isOne = cluster.run(within: .seconds(60)) {
            let members = cluster.alive.filter { $0.core.phase == .member }
            return !members.isEmpty && Set(members.map(\.core.gossip.founding)).count == 1
        }
        return (foundings.count, isOne != nil)
    }

    @Test(
        "no cluster is founded again beside members of whom only a voter knows; were it, one of the two would end",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"))
    func earlySeed() {
        let sound = earlySeedReturns([])
        #expect(sound.foundings == 1 && sound.isOne)
        let broken = earlySeedReturns([.foundsFromOwnMemory])
        #expect(broken.foundings == 2 && broken.isOne)
    }

    @Test("a new seed waits for the members that other seeds remember, and founds the same cluster again")
    func newSeed() {
        let cluster = TestCluster(0)
        cluster.remembers = true
        cluster.seeds = [1, 3, 4, 5].map { Self.place($0) }
        cluster.start(1, mayFound: true)
        for number in [2, 4, 5] { cluster.start(number) }
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 4, 5]) } != nil)
        let id = cluster[1].core.gossip.cluster
        for number in [1, 2, 4, 5] { cluster.kill(number) }
        for number in [4, 5, 3] { cluster.start(number) }
        cluster.run(.seconds(20))
        #expect([3, 4, 5].allSatisfy { !cluster[$0].wasWelcomed })
        cluster.start(1)
        cluster.start(2)
        #expect(cluster.run(within: .seconds(20)) { cluster.agree(on: [1, 2, 3, 4, 5]) } != nil)
        #expect(cluster[3].core.gossip.cluster == id)
    }

    @Test("a seed with --found continues without a member that is lost for good")
    func lost() {
        let cluster = cluster(3, seeds: [1, 2, 3])
        let id = cluster[1].core.gossip.cluster
        for number in 1...3 { cluster.kill(number) }
        cluster.start(1)
        cluster.start(2)
        cluster.run(.seconds(40))
        #expect(!cluster[1].wasWelcomed && !cluster[2].wasWelcomed)
        #expect(cluster[1].core.waitingForCluster?.description.contains("start this node with --found") == true)
        cluster.kill(1)
        cluster.start(1, mayFound: true)
        cluster.run(.seconds(14))
        #expect(!cluster[1].wasWelcomed)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2]) } != nil)
        #expect(cluster[1].core.gossip.cluster == id)
    }
}
