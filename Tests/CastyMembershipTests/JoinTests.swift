import CastyCore
import Testing

@testable import CastyMembership

@Suite("Joining") struct JoinTests {
    @Test("what two nodes say about a type of entities must agree; a node that does not know the type says nothing")
    func declarations() {
        func join(_ declared: [SharedSetting]) -> StopReason? {
            let cluster = TestCluster(1)
            cluster.command(1) { core, _ in
                core.onDeclaration(SharedSetting("of cart: shards", "24"))
                return []
            }
            cluster.run(.seconds(2))
            cluster.start(2, shared: declared)
            cluster.run(.seconds(3))
            #expect(cluster.agree(on: [1, 2]) == (cluster[2].stopReason == nil))
            return cluster[2].stopReason
        }
        #expect(join([]) == nil)
        #expect(join([SharedSetting("of till: shards", "5")]) == nil)
        #expect(join([SharedSetting("of cart: shards", "24")]) == nil)
        let refusal = JoinRefusal.settingDiffers(name: "of cart: shards", cluster: "24", joiner: "12")
        #expect(join([SharedSetting("of cart: shards", "12")]) == .refused(refusal))
    }

    @Test("a node declares so much that every message about it can be read")
    func declarationsAreBounded() {
        var core = Membership(
            myself: UniqueAddress(address: TestCluster.address(1), incarnation: 1), settings: .responsive,
            generator: SeededGenerator(seed: 1))
        let before = core.sharedSettings.count
        core.onDeclaration(SharedSetting("shards", "7"))
        #expect(core.sharedSettings.count == before)
        for number in 0..<2000 { core.onDeclaration(SharedSetting("of type \(number): shards", "7")) }
        #expect(core.sharedSettings.count == before + SharedSetting.mostDeclared)
    }

    @Test("only the first start of the first seed founds at once; started again it asks first")
    func foundOnce() {
        let cluster = TestCluster(0)
        cluster.start(1, mayFound: true)
        cluster.run(.milliseconds(1))
        #expect(cluster[1].wasWelcomed)
        cluster.start(2)
        cluster.run(.seconds(2))
        cluster.kill(1)
        cluster.start(1)
        #expect(cluster.run(within: .seconds(3)) { cluster.agree(on: [1, 2]) } != nil)
        #expect(cluster[2].core.gossip.member(cluster[1].core.myself)?.upNumber == 3)
    }

    @Test("a refused connection is no answer: a seed that is started again alone waits for a majority of the seeds")
    func refusalsAreNoAnswer() {
        let cluster = TestCluster(0)
        cluster.seeds = [1, 2, 3].map { TestCluster.address($0) }
        cluster.start(1)
        cluster.run(.seconds(30))
        #expect(!cluster[1].wasWelcomed)
        cluster.start(3)
        #expect(cluster.run(within: .seconds(3)) { cluster.agree(on: [1, 3]) } != nil)
    }

    @Test("a node that is no seed never founds, and joins as soon as a seed has")
    func othersWait() {
        let cluster = TestCluster(0)
        cluster.seeds = [TestCluster.address(1)]
        cluster.start(2)
        cluster.start(3)
        cluster.run(.seconds(20))
        #expect(!cluster[2].wasWelcomed && !cluster[3].wasWelcomed)
        cluster.start(1)
        #expect(cluster.run(within: .seconds(3)) { cluster.agree(on: [1, 2, 3]) } != nil)
    }

    @Test("a joiner whose settings differ from the cluster's is refused and stops")
    func settingsDiffer() {
        let cluster = TestCluster(0)
        cluster.start(1, mayFound: true, shared: [SharedSetting("shards.account", "24")])
        cluster.run(.seconds(1))
        cluster.start(2, shared: [SharedSetting("shards.account", "32")])
        cluster.start(3, shared: [SharedSetting("shards.account", "24")])
        cluster.run(.seconds(2))
        let refusal = JoinRefusal.settingDiffers(name: "shards.account", cluster: "24", joiner: "32")
        #expect(cluster[2].stopReason == .refused(refusal))
        #expect(cluster.agree(on: [1, 3]))
    }

    @Test("nodes that look their seeds up by one name may join with lists that differ, and others may not")
    func seedsByName() {
        let name = SharedSetting(SharedSetting.seedsName, "shop.internal:1")
        let cluster = TestCluster(0)
        cluster.seeds = [TestCluster.address(1)]
        cluster.start(1, shared: [name])
        cluster.run(.seconds(1))
        cluster.seeds = [TestCluster.address(1), TestCluster.address(2)]
        cluster.start(2, shared: [name])
        cluster.run(.seconds(2))
        #expect(cluster.agree(on: [1, 2]))
        cluster.start(3, shared: [SharedSetting(SharedSetting.seedsName, "stall.internal:1")])
        cluster.start(4)
        cluster.run(.seconds(2))
        for number in 3...4 {
            guard case .refused(.settingDiffers(let setting, _, _))? = cluster[number].stopReason else {
                Issue.record("node \(number) stopped for \(String(describing: cluster[number].stopReason))")
                continue
            }
            #expect(["seeds", "seeds-name"].contains(setting))
        }
        #expect(cluster.agree(on: [1, 2]))
    }

    @Test("a setting that only one side has differs too, whichever side that is")
    func settingMissing() {
        let cluster = TestCluster(0)
        cluster.start(1, mayFound: true, shared: [SharedSetting("shards.account", "24")])
        cluster.run(.seconds(1))
        cluster.start(2)
        cluster.start(3, shared: [SharedSetting("shards.account", "24"), SharedSetting("zone", "a")])
        cluster.run(.seconds(2))
        #expect(
            cluster[2].stopReason
                == .refused(.settingDiffers(name: "shards.account", cluster: "24", joiner: "not set")))
        #expect(cluster[3].stopReason == .refused(.settingDiffers(name: "zone", cluster: "not set", joiner: "a")))
        #expect(cluster.agree(on: [1]))
    }

    @Test(
        "a joiner with another timing that safety rests on is refused with both values",
        arguments: [
            ("lease", "2900ms", "2ms"), ("removal-margin", "3000ms", "by-size"), ("heartbeat", "200ms", "201ms"),
            ("tombstones", "600000ms", "1ms"), ("pause", "1000ms", "1001ms"), ("stable-after", "3000ms", "3001ms"),
            ("threshold", "8.0", "9.0"), ("join-retry", "500ms", "400ms"),
        ])
    func timingDiffers(name: String, mine: String, theirs: String) {
        let cluster = TestCluster(1)
        cluster.run(.seconds(1))
        switch name {
        case "lease": cluster.settings.lease = .milliseconds(2)
        case "removal-margin": cluster.settings.removalMargin = .bySize
        case "heartbeat": cluster.settings.heartbeat = .milliseconds(201)
        case "tombstones": cluster.settings.tombstones = .milliseconds(1)
        case "pause": cluster.settings.pause = .milliseconds(1001)
        case "stable-after": cluster.settings.stableAfter = .fixed(.milliseconds(3001))
        case "threshold": cluster.settings.threshold = 9
        default: cluster.settings.joinRetry = .milliseconds(400)
        }
        cluster.start(2)
        cluster.run(.seconds(2))
        #expect(
            cluster[2].stopReason == .refused(.settingDiffers(name: name, cluster: mine, joiner: theirs)))
    }

    @Test(
        "seed lists are compared as sets: their order does not matter, and another seed is a refusal that names both lists"
    )
    func seedLists() {
        let cluster = TestCluster(0)
        cluster.seeds = [TestCluster.address(1), TestCluster.address(2)]
        cluster.start(1, mayFound: true)
        cluster.run(.seconds(1))
        cluster.seeds = [TestCluster.address(2), TestCluster.address(1), TestCluster.address(2)]
        cluster.start(2)
        #expect(cluster.run(within: .seconds(3)) { cluster.agree(on: [1, 2]) } != nil)
        cluster.seeds = [TestCluster.address(1)]
        cluster.start(3)
        cluster.run(.seconds(2))
        #expect(
            cluster[3].stopReason
                == .refused(
                    .settingDiffers(
                        name: "seeds", cluster: "127.0.0.1:25520,127.0.0.2:25520", joiner: "127.0.0.1:25520")))
    }

    @Test("a seed that is a node of another cluster, or calls itself otherwise, ends a node that finds no other way in")
    func wrongSeed() {
        let cluster = TestCluster(0)
        cluster.seeds = [TestCluster.address(1), TestCluster.address(2)]
        // Something else listens there: the connection is not refused.
        cluster.start(2)
        cluster.freeze(2)
        cluster.start(1)
        cluster.run(.milliseconds(10))
        let answer = "it says: this is cluster shop"
        cluster.command(1) { $0.onWrongNode(at: TestCluster.address(2), answer: answer, now: $1) }
        cluster.run(.seconds(1))
        #expect(cluster[1].isRunning)
        cluster.run(.seconds(2))
        #expect(cluster[1].stopReason == .refused(.wrongSeed(address: TestCluster.address(2), answer: answer)))
    }

    @Test("a seed whose credentials are not accepted does not end a node: it waits, says why, and joins once they are")
    func notTrusted() {
        let cluster = TestCluster(0)
        cluster.seeds = [TestCluster.address(1), TestCluster.address(2)]
        cluster.start(2)
        cluster.freeze(2)
        cluster.start(1)
        for _ in 0..<120 {
            cluster.command(1) { $0.onNotTrusted(by: TestCluster.address(2), reason: "it has expired", now: $1) }
            cluster.run(.milliseconds(500))
        }
        #expect(cluster[1].isRunning)
        #expect(cluster[1].core.waitingForCluster?.description.contains("cannot be talked to: it has expired") == true)
        cluster.thaw(2)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2]) } != nil)
    }

    @Test("a joiner with another downing strategy is refused with the name of the strategy")
    func strategyDiffers() {
        let cluster = TestCluster(1)
        cluster.run(.seconds(1))
        cluster.settings.strategy = .leaseMajority()
        cluster.start(2)
        cluster.run(.seconds(2))
        let refusal = JoinRefusal.settingDiffers(name: "downing", cluster: "keep-majority", joiner: "lease-majority")
        #expect(cluster[2].stopReason == .refused(refusal))
        #expect(cluster.agree(on: [1]))
    }

    @Test("a joiner whose contact dies before the welcome asks again")
    func contactDies() {
        let cluster = TestCluster(3)
        cluster.run(.seconds(3))
        cluster.start(4)
        // The contact answered, then hangs for good.
        _ = cluster.run(within: .seconds(1)) {
            if case .joining = cluster[4].core.phase { true } else { false }
        }
        guard case .joining(let contact) = cluster[4].core.phase else {
            Issue.record("n4 found no contact")
            return
        }
        let number = [1, 2, 3].first { cluster[$0].core.myself == contact } ?? 0
        cluster.freeze(number)
        let left = [1, 2, 3, 4].filter { $0 != number }
        #expect(cluster.run(within: .seconds(12)) { cluster.agree(on: left) } != nil)
    }

    @Test("the first members become up only when there are enough of them, of each role too")
    func minMembers() {
        var settings = MembershipSettings.responsive
        settings.minMembers = 3
        settings.minMembersOfRole = [.init(role: "data", count: 2)]
        let cluster = TestCluster(0, settings: settings)
        cluster.start(1, mayFound: true, roles: ["data"])
        cluster.start(2)
        cluster.start(3)
        cluster.run(.seconds(5))
        for number in 1...3 {
            #expect(cluster[number].core.gossip.members.map(\.status) == [.joining, .joining, .joining])
        }
        cluster.start(4, roles: ["data"])
        #expect(cluster.run(within: .seconds(2)) { cluster.agree(on: [1, 2, 3, 4]) } != nil)
        let numbers = cluster[1].core.gossip.members.compactMap(\.upNumber)
        #expect(numbers == [1, 2, 3, 4])
    }

    @Test("while the cluster cannot agree a joiner becomes weakly up, and up when it can again")
    func weaklyUp() {
        var settings = MembershipSettings.responsive
        settings.strategy = .manual
        let cluster = TestCluster(3, settings: settings)
        cluster.run(.seconds(3))
        cluster.kill(3)
        cluster.run(.seconds(3))
        cluster.start(4)
        cluster.run(.seconds(4))
        #expect(cluster[1].core.gossip.member(cluster[4].core.myself)?.status == .joining)
        cluster.run(.seconds(5))
        #expect(cluster[1].core.gossip.member(cluster[4].core.myself)?.status == .weaklyUp)
        #expect(!cluster[4].core.leaseHeld(at: cluster.now))
        cluster.command(1) { $0.onDown(TestCluster.address(3), at: $1) }
        #expect(cluster.run(within: .seconds(2)) { cluster.agree(on: [1, 2, 4]) } != nil)
    }

    @Test("what a node did not ask for, or cannot trust, changes nothing")
    func unknownPeers() {
        let cluster = TestCluster(2)
        cluster.run(.seconds(3))
        let unknownPeer = UniqueAddress(address: TestCluster.address(9), incarnation: 99)
        let before = cluster[1].core
        var forged = before.gossip
        forged.setStatus(.down, of: cluster[2].core.myself)
        forged.version.tick(unknownPeer)
        let messages: [ClusterMessage] = [
            .welcome(forged), .gossipEnvelope(forged), .gossipSeen(digest: before.present.digest, seen: [unknownPeer]),
            .initJoinAck(leader: nil),
            .joinRefused(.removed), .exitingConfirmed, .gone, .unknownPeer,
            .heartbeatAck(sequence: 1, sentAt: .distantFuture, voters: 0),
            .lastAcknowledged(subject: cluster[2].core.myself, ago: nil),
            .unknown(sequence: 1, sentAt: .distantFuture),
            .probeAnswer(id: 1, subject: unknownPeer), .gossipStatus(digest: 1, seenDigest: 1), .initJoinNack(.removed),
        ]
        for message in messages {
            let effects = cluster[1].core.onMessage(message, from: unknownPeer, at: cluster.now)
            #expect(effects == [], "\(message)")
        }
        #expect(cluster[1].core.gossip == before.gossip)
        #expect(cluster[1].core.phase == .member)
    }

    /// n4 is asked to leave when n1 has let it in, and the welcome is under way. Returns whether someone found it unreachable.
    private func leavesUnwelcomed(_ mutations: MembershipMutations) -> Bool {
        var settings = MembershipSettings.responsive
        settings.mutations = mutations
        let cluster = TestCluster(3, settings: settings)
        #expect(cluster.run(within: .seconds(10)) { cluster.agree(on: [1, 2, 3]) } != nil)
        cluster.latency = .milliseconds(50)
        let joiner = cluster.start(4)
        let isIn = cluster.run(within: .seconds(5)) { cluster[1].core.gossip.member(joiner.core.myself) != nil }
        #expect(isIn != nil && !joiner.wasWelcomed)
        cluster.command(4) { $0.onLeave(at: $1) }
        cluster.run(.seconds(20))
        #expect(joiner.stopReason == .left)
        #expect(cluster.agree(on: [1, 2, 3]))
        return (1...3).contains { !cluster.events("member-unreachable", on: $0).isEmpty }
    }

    @Test(
        "a node that is asked to leave while it is let in leaves like a member",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"))
    func leavesWhenWelcomed() {
        #expect(!leavesUnwelcomed([]))
        #expect(leavesUnwelcomed([.leavesUnwelcomed]))
    }

    @Test("a node that is asked to leave, and gets no welcome, goes within a few attempts")
    func leavesWithoutWelcome() {
        var core = Membership(
            myself: TestCluster(0).start(9).core.myself, settings: .responsive, generator: SeededGenerator(seed: 1))
        let door = TestCluster(0).start(1).core.myself
        _ = core.onStart(seeds: [door.address], mayFound: false, at: .start)
        _ = core.onMessage(.initJoinAck(leader: nil), from: door, at: .start)
        #expect(!core.onLeave(at: .start).contains(.stop(.left)))
        let due = core.armed(.leave)
        #expect(due == .start + .seconds(4))
        #expect(core.onTimer(.leave, at: due ?? .start).contains(.stop(.left)))
    }
}
