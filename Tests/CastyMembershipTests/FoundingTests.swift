import CastyCore
import Testing

@testable import CastyMembership

/// Who founds a cluster where there is none.
@Suite("Founding") struct FoundingTests {
    private static func address(_ number: Int) -> NodeAddress { TestCluster.address(number) }

    private static func node(_ number: Int, incarnation: UInt64 = 1) -> UniqueAddress {
        UniqueAddress(address: address(number), incarnation: UInt64(number) * 100 + incarnation)
    }

    private static func seed(
        _ number: Int, of count: Int = 3, remembered: [Int] = [], mutations: MembershipMutations = []
    ) -> Founding {
        var settings = MembershipSettings.responsive
        settings.mutations = mutations
        return Founding(
            node(number), seeds: (1...max(count, 1)).map { address($0) },
            remembered: remembered.isEmpty ? nil : Self.memory(remembered), settings: settings)
    }

    private static func memory(_ members: [Int], highest: UInt32 = 0, id: UInt64 = 1) -> RememberedCluster {
        RememberedCluster(
            id: ClusterID(high: 0, low: id), members: members.map { address($0) }, highestUpNumber: highest)
    }

    private static func at(_ milliseconds: Int64) -> Instant { .start + .milliseconds(milliseconds) }

    // MARK: the value

    @Test("a seed asks for votes only when a vote that it may have forgotten has run out, and founds with a majority")
    func majority() {
        var seed = Self.seed(1)
        #expect(seed.ask(at: Self.at(0)) == .question(round: 1))
        #expect(seed.onNoCluster(from: Self.node(2), round: 1, .granted, at: Self.at(1)) == .none)
        #expect(seed.ask(at: Self.at(500)) == .candidacy(round: 2))
        #expect(seed.onRefusedConnection(Self.address(3), at: Self.at(501)) == .none)
        #expect(seed.onNoCluster(from: Self.node(9), round: 2, .granted, at: Self.at(501)) == .none)
        #expect(
            seed.onNoCluster(from: Self.node(2), round: 2, .granted, at: Self.at(502))
                == .found(voters: [Self.node(2)]))
    }

    @Test(
        "with other seeds a node founds only once those of the earlier list, which may have its vote, are known not to have"
    )
    func otherSeeds() {
        var former = Self.seed(2)
        _ = former.ask(at: Self.at(0))
        _ = former.ask(at: Self.at(500))
        _ = former.onNoCluster(from: Self.node(3), round: 2, .notAsked, at: Self.at(501))
        let list = [2, 3, 4].map { Self.address($0) }
        let next = Founding(
            Self.node(2), seeds: list, remembered: nil, settings: .responsive, after: former)
        #expect(next.others == [1, 3, 4].map { Self.address($0) })
        for isGone in [false, true] {
            var seed = next
            // It asks before it is a candidate, as a process does that starts; earlier rounds' answers do not count.
            #expect(seed.ask(at: Self.at(1000)) == .question(round: 3))
            #expect(seed.onNoCluster(from: Self.node(3), round: 2, .granted, at: Self.at(1001)) == .none)
            #expect(seed.ask(at: Self.at(1500)) == .candidacy(round: 4))
            _ = seed.onNoCluster(from: Self.node(4), round: 4, .givenTo(Self.address(3)), at: Self.at(1501))
            if isGone { _ = seed.onRefusedConnection(Self.address(1), at: Self.at(1502)) }
            let outcome = seed.onNoCluster(from: Self.node(3), round: 4, .granted, at: Self.at(1503))
            #expect(outcome == (isGone ? .found(voters: [Self.node(3)]) : .none))
            #expect(seed.onAsked(by: Self.node(1), .candidacy(round: 9), at: Self.at(1504)) == .noSeed)
        }
        // What answers at an address that is no seed any more is no reason to give up.
        var seed = next
        _ = seed.ask(at: Self.at(1000))
        seed.onWrongNode(at: Self.address(1), "another cluster", now: Self.at(1000))
        #expect(seed.lastingError(at: Self.at(60_000)) == nil)
    }

    @Test("a vote that comes late, or for another round, does not count")
    func late() {
        var seed = Self.seed(1)
        _ = seed.ask(at: Self.at(0))
        _ = seed.ask(at: Self.at(500))
        #expect(seed.onNoCluster(from: Self.node(2), round: 2, .granted, at: Self.at(990)) == .none)
        #expect(seed.ask(at: Self.at(1000)) == .candidacy(round: 3))
        #expect(seed.onNoCluster(from: Self.node(3), round: 2, .granted, at: Self.at(1001)) == .none)
        #expect(seed.stance == .candidate(voters: [Self.node(1)]))
    }

    @Test("a refused connection is no vote, nor is a member that is about to go; it forbids founding for a while")
    func noAnswers() {
        var seed = Self.seed(1)
        _ = seed.ask(at: Self.at(0))
        #expect(seed.ask(at: Self.at(500)) == .candidacy(round: 2))
        #expect(seed.onRefusedConnection(Self.address(2), at: Self.at(501)) == .none)
        #expect(seed.onGoingAway(Self.node(3), at: Self.at(501)) == .none)
        #expect(seed.onNoCluster(from: Self.node(2), round: 2, .granted, at: Self.at(502)) == .none)
        #expect(seed.ask(at: Self.at(1000)) == .question(round: 3))
        #expect(seed.onAsked(by: Self.node(0), .candidacy(round: 4), at: Self.at(1001)) == .noSeed)
        // It has gone: the connection is refused there now.
        #expect(seed.onRefusedConnection(Self.address(3), at: Self.at(1100)) == .none)
        #expect(seed.ask(at: Self.at(1500)) == .candidacy(round: 4))
    }

    @Test("a seed has one vote: the first lower candidate gets it, and it stays bound until more is known of that one")
    func oneVote() {
        var seed = Self.seed(3)
        _ = seed.ask(at: Self.at(0))
        #expect(seed.onAsked(by: Self.node(2), .candidacy(round: 5), at: Self.at(100)) == .later(.milliseconds(400)))
        #expect(seed.ask(at: Self.at(500)) == .candidacy(round: 2))
        // n1 may have founded with a vote that this seed has forgotten.
        #expect(seed.onAsked(by: Self.node(2), .candidacy(round: 5), at: Self.at(500)) == .later(.milliseconds(50)))
        _ = seed.onNoCluster(from: Self.node(1), round: 2, .notAsked, at: Self.at(500))
        #expect(seed.onAsked(by: Self.node(2), .candidacy(round: 5), at: Self.at(500)) == .granted)
        #expect(seed.onAsked(by: Self.node(1), .candidacy(round: 9), at: Self.at(501)) == .givenTo(Self.address(2)))
        #expect(seed.ask(at: Self.at(600)) == .question(round: 3))
        // Its claim has run out, but it may have founded.
        #expect(seed.onAsked(by: Self.node(1), .candidacy(round: 9), at: Self.at(1100)) == .givenTo(Self.address(2)))
        #expect(seed.ask(at: Self.at(1100)) == .question(round: 4))
        #expect(seed.onNoCluster(from: Self.node(2), round: 4, .notAsked, at: Self.at(1102)) == .none)
        #expect(seed.onAsked(by: Self.node(1), .candidacy(round: 9), at: Self.at(1103)) == .granted)
    }

    @Test(
        "a voter is free when its candidate asks without a candidacy, is gone, was started again, or was silent for long"
    )
    func free() {
        func voter() -> Founding {
            var seed = Self.seed(3)
            _ = seed.ask(at: Self.at(0))
            _ = seed.ask(at: Self.at(500))
            for number in 1...2 { _ = seed.onNoCluster(from: Self.node(number), round: 2, .notAsked, at: Self.at(500)) }
            _ = seed.onAsked(by: Self.node(2), .candidacy(round: 5), at: Self.at(500))
            return seed
        }
        var seed = voter()
        #expect(seed.onAsked(by: Self.node(2), .question(round: 6), at: Self.at(510)) == .notAsked)
        #expect(seed.onAsked(by: Self.node(1), .candidacy(round: 1), at: Self.at(511)) == .granted)

        seed = voter()
        _ = seed.onRefusedConnection(Self.address(2), at: Self.at(600))
        #expect(seed.onAsked(by: Self.node(1), .candidacy(round: 1), at: Self.at(601)) == .givenTo(Self.address(2)))
        _ = seed.onRefusedConnection(Self.address(2), at: Self.at(1000))
        #expect(seed.onAsked(by: Self.node(1), .candidacy(round: 1), at: Self.at(1001)) == .granted)

        seed = voter()
        #expect(seed.onAsked(by: Self.node(2, incarnation: 2), .candidacy(round: 1), at: Self.at(510)) == .granted)
        #expect(seed.onAsked(by: Self.node(1), .candidacy(round: 1), at: Self.at(511)) == .givenTo(Self.address(2)))

        seed = voter()
        #expect(seed.ask(at: Self.at(15_400)) == .question(round: 3))
        #expect(seed.ask(at: Self.at(15_500)) == .candidacy(round: 4))
    }

    @Test("a candidate ends its candidacy for a lower one, and keeps its vote from a higher one")
    func lowestFirst() {
        var seed = Self.seed(2)
        _ = seed.ask(at: Self.at(0))
        #expect(seed.ask(at: Self.at(500)) == .candidacy(round: 2))
        #expect(seed.onAsked(by: Self.node(3), .candidacy(round: 2), at: Self.at(501)) == .givenTo(Self.address(2)))
        _ = seed.onNoCluster(from: Self.node(3), round: 2, .notAsked, at: Self.at(501))
        #expect(seed.onAsked(by: Self.node(1), .candidacy(round: 2), at: Self.at(501)) == .granted)
        #expect(seed.onNoCluster(from: Self.node(3), round: 2, .granted, at: Self.at(502)) == .none)
    }

    @Test("a remembered cluster is founded again only when each of its members and seeds has said that it is in none")
    func remembered() {
        var seed = Self.seed(1, of: 1, remembered: [1, 4, 5])
        #expect(!seed.isAlone)
        _ = seed.ask(at: Self.at(0))
        #expect(seed.ask(at: Self.at(500)) == .candidacy(round: 2))
        #expect(seed.onNoCluster(from: Self.node(4), round: 2, .noSeed, at: Self.at(501)) == .none)
        #expect(seed.onRefusedConnection(Self.address(5), at: Self.at(501)) == .none)
        #expect(seed.ask(at: Self.at(1000)) == .candidacy(round: 3))
        #expect(seed.onNoCluster(from: Self.node(4), round: 3, .noSeed, at: Self.at(1001)) == .none)
        #expect(seed.onNoCluster(from: Self.node(5), round: 3, .noSeed, at: Self.at(1001)) == .found(voters: []))
    }

    @Test("a candidate asks those that others remember, founds that cluster, and goes on above its numbers")
    func othersRemember() {
        var seed = Self.seed(1, of: 2)
        _ = seed.ask(at: Self.at(0))
        #expect(seed.ask(at: Self.at(500)) == .candidacy(round: 2))
        let news = seed.onNoCluster(
            from: Self.node(2), round: 2, .granted, Self.memory([2, 4], highest: 7), at: Self.at(501))
        #expect(news == .askAgain(after: .milliseconds(50)))
        #expect(seed.others == [2, 4].map { Self.address($0) })
        #expect(seed.ask(at: Self.at(600)) == .candidacy(round: 3))
        let granted = seed.onNoCluster(
            from: Self.node(2), round: 3, .granted, Self.memory([2, 4], highest: 7), at: Self.at(601))
        #expect(granted == .none)
        let further = seed.onNoCluster(
            from: Self.node(4), round: 3, .noSeed, Self.memory([4, 5], highest: 9), at: Self.at(602))
        #expect(further == .askAgain(after: .milliseconds(50)))
        #expect(seed.ask(at: Self.at(700)) == .candidacy(round: 4))
        _ = seed.onNoCluster(from: Self.node(2), round: 4, .granted, at: Self.at(701))
        _ = seed.onNoCluster(from: Self.node(4), round: 4, .noSeed, at: Self.at(701))
        // It is joining a cluster.
        #expect(seed.onNoCluster(from: Self.node(5), round: 4, .knowsCluster, at: Self.at(701)) == .none)
        _ = seed.ask(at: Self.at(800))
        _ = seed.onNoCluster(from: Self.node(2), round: 5, .granted, at: Self.at(801))
        _ = seed.onNoCluster(from: Self.node(4), round: 5, .noSeed, at: Self.at(801))
        let last = seed.onNoCluster(from: Self.node(5), round: 5, .noSeed, at: Self.at(801))
        #expect(last == .found(voters: [Self.node(2)]))
        #expect(seed.memory?.id == ClusterID(high: 0, low: 1) && seed.memory?.highestUpNumber == 9)
    }

    @Test("where seeds remember two clusters, one that remembers none founds nothing, and says so")
    func twoMemories() {
        var seed = Self.seed(1, of: 3)
        _ = seed.ask(at: Self.at(0))
        _ = seed.ask(at: Self.at(500))
        for number in 2...3 {
            _ = seed.onNoCluster(
                from: Self.node(number), round: 2, .granted, Self.memory([number], id: UInt64(number)), at: Self.at(501)
            )
        }
        _ = seed.ask(at: Self.at(600))
        for number in 2...3 {
            let outcome = seed.onNoCluster(
                from: Self.node(number), round: 3, .granted, Self.memory([number], id: UInt64(number)), at: Self.at(601)
            )
            #expect(outcome == .none)
        }
        #expect(seed.waiting.description.contains("one of them was in cluster"))
    }

    @Test("what a seed waits for names the answer of each address")
    func words() {
        var seed = Self.seed(1, of: 4)
        _ = seed.ask(at: Self.at(0))
        _ = seed.onRefusedConnection(Self.address(2), at: Self.at(1))
        _ = seed.onNoCluster(from: Self.node(3), round: 1, .otherSeeds("127.0.0.9:1"), at: Self.at(1))
        #expect(
            seed.waiting.description
                == "waits for a cluster, or the votes of 3 of 4 seeds: 127.0.0.2:25520 refuses the connection; 127.0.0.3:25520 has other seeds "
                + "(127.0.0.9:1) than this node (127.0.0.1:25520,127.0.0.2:25520,127.0.0.3:25520,127.0.0.4:25520); 127.0.0.4:25520 has not answered"
        )
    }

    // MARK: stories

    private static func clusters(_ cluster: TestCluster) -> Set<ClusterID> {
        Set(cluster.alive.filter { $0.core.phase == .member }.compactMap(\.core.gossip.cluster))
    }

    @Test(
        "seeds that start at about the same time found one cluster, whatever the order of their lists",
        arguments: [2, 3, 5])
    func simultaneous(count: Int) {
        for seed in UInt64(1)...200 {
            var dice = SeededGenerator(seed: seed).fork("starts")
            let cluster = TestCluster(0, seed: seed)
            cluster.latency = .milliseconds(Int64(1 + dice.below(60)))
            let places = (1...count).map { Self.address($0) }
            for number in dice.permuted(Array(1...count)) {
                cluster.seeds = dice.permuted(places)
                cluster.start(number)
                cluster.run(.milliseconds(Int64(dice.below(400))))
            }
            let all = Array(1...count)
            #expect(cluster.run(within: .seconds(12)) { cluster.agree(on: all) } != nil, "seed \(seed)")
            #expect(Self.clusters(cluster).count == 1, "seed \(seed)")
        }
    }

    @Test("seeds that are killed and started again while they found never found two clusters")
    func restarts() {
        for seed in UInt64(1)...200 {
            var dice = SeededGenerator(seed: seed).fork("restarts")
            let cluster = TestCluster(0, seed: seed)
            cluster.latency = .milliseconds(Int64(1 + dice.below(60)))
            cluster.seeds = (1...3).map { Self.address($0) }
            cluster.afterStep = { cluster in
                #expect(Self.clusters(cluster).count <= 1, "seed \(seed) at \(cluster.now)")
            }
            for number in 1...3 { cluster.start(number) }
            for _ in 1...6 {
                cluster.run(.milliseconds(Int64(dice.below(700))))
                let number = 1 + dice.below(3)
                cluster.kill(number)
                cluster.start(number)
            }
            #expect(cluster.run(within: .seconds(30)) { cluster.agree(on: [1, 2, 3]) } != nil, "seed \(seed)")
        }
    }

    @Test("a founder that dies right after founding leaves no second cluster, and the other seeds found a new one")
    func founderDies() {
        for seed in UInt64(1)...50 {
            let cluster = TestCluster(0, seed: seed)
            cluster.seeds = (1...3).map { Self.address($0) }
            for number in 1...3 { cluster.start(number) }
            let founded = cluster.run(within: .seconds(5)) { (1...3).contains { cluster[$0].wasWelcomed } }
            #expect(founded != nil)
            let founder = (1...3).first { cluster[$0].wasWelcomed } ?? 1
            cluster.kill(founder)
            let left = (1...3).filter { $0 != founder }
            #expect(cluster.run(within: .seconds(30)) { cluster.agree(on: left) } != nil, "seed \(seed)")
            #expect(Self.clusters(cluster).count == 1)
        }
    }

    @Test(
        "of two seeds the one that is started again waits for the other, though three other members live, and joins them through it"
    )
    func bothSeedsDie() {
        let cluster = TestCluster(0)
        cluster.seeds = (1...2).map { Self.address($0) }
        cluster.start(1, mayFound: true)
        for number in 2...5 { cluster.start(number) }
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3, 4, 5]) } != nil)
        cluster.kill(1)
        cluster.kill(2)
        #expect(cluster.run(within: .seconds(20)) { cluster.agree(on: [3, 4, 5]) } != nil)
        let id = cluster[3].core.gossip.cluster
        cluster.start(1)
        cluster.run(.seconds(20))
        #expect(Self.clusters(cluster) == [id])
    }

    @Test(
        "a seed that is started again beside leaving members, while another seed is down, founds nothing before they have gone"
    )
    func besideLeavers() {
        let cluster = TestCluster(0)
        cluster.seeds = (1...3).map { Self.address($0) }
        cluster.start(1, mayFound: true)
        cluster.start(2)
        cluster.start(3)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3]) } != nil)
        cluster.kill(1)
        cluster.kill(3)
        cluster.command(2) { $0.onLeave(at: $1) }
        cluster.start(1)
        cluster.start(3)
        cluster.afterStep = { cluster in #expect(Self.clusters(cluster).count <= 1) }
        #expect(cluster.run(within: .seconds(60)) { cluster.agree(on: [1, 3]) } != nil)
    }

    /// n1 founds with the votes of n2 and n3, which are cut off from it and started again. Returns the most clusters there were at once.
    private func votersForget(_ mutations: MembershipMutations, seed: UInt64) -> Int {
        var settings = MembershipSettings.responsive
        settings.mutations = mutations
        let cluster = TestCluster(0, settings: settings, seed: seed)
        cluster.seeds = (1...3).map { Self.address($0) }
        for number in 1...3 { cluster.start(number) }
        #expect(cluster.run(within: .seconds(5)) { cluster[1].wasWelcomed } != nil)
        cluster.cut([1], [2, 3])
        for number in 2...3 { cluster.kill(number) }
        for number in 2...3 { cluster.start(number) }
        var most = 1
        cluster.afterStep = { cluster in most = max(most, Self.clusters(cluster).count) }
        cluster.run(.seconds(10))
        cluster.heal()
        cluster.run(.seconds(20))
        if mutations.isEmpty { #expect(cluster.agree(on: [1, 2, 3]), "seed \(seed)") }
        return most
    }

    @Test(
        "a seed that was started again gives no vote while it does not hear from one that may have its earlier vote",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"))
    func votersForget() {
        for seed in UInt64(1)...20 { #expect(votersForget([], seed: seed) == 1, "seed \(seed)") }
        #expect(votersForget([.forgetsVotes], seed: 1) == 2)
    }
}
