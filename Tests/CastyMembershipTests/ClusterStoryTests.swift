import CastyCore
import Testing

@testable import CastyMembership

@Suite("Stories of small clusters") struct ClusterStoryTests {
    @Test("three nodes form one cluster, n1 first and leader", arguments: 1...20 as ClosedRange<UInt64>)
    func form(seed: UInt64) {
        let cluster = TestCluster(3, seed: seed)
        let time = cluster.run(within: .seconds(3)) { cluster.agree(on: [1, 2, 3]) }
        #expect(time != nil)
        for number in 1...3 {
            #expect(cluster[number].core.leader == cluster[1].core.myself)
            #expect(cluster[number].core.gossip.member(cluster[1].core.myself)?.upNumber == 1)
            #expect(cluster[number].wasWelcomed)
        }
        #expect(Set(cluster[1].core.gossip.members.compactMap(\.upNumber)) == [1, 2, 3])
    }

    @Test("a quiet cluster's version stands still and its gossip is digests only")
    func quiet() {
        let cluster = TestCluster(5)
        cluster.run(.seconds(10))
        #expect(cluster.agree(on: [1, 2, 3, 4, 5]))
        let version = cluster[1].core.gossip.version
        cluster.sent = [:]
        cluster.run(.seconds(60))
        #expect(cluster[1].core.gossip.version == version)
        #expect(cluster.sent["envelope"] == nil)
        #expect(cluster.sent["seen"] == nil)
        #expect(cluster.sent["probe"] == nil)
        #expect((cluster.sent["status"] ?? 0) > 0)
    }

    @Test(
        "a killed node is suspected, unreachable, down and removed within bounds",
        arguments: 1...10 as ClosedRange<UInt64>)
    func kill(seed: UInt64) throws {
        let cluster = TestCluster(3, seed: seed)
        cluster.run(.seconds(5))
        let victim = cluster[2].core.myself
        cluster.kill(2)
        let start = cluster.now
        #expect(cluster.run(within: .seconds(12)) { cluster.agree(on: [1, 3]) } != nil)
        func time(_ name: String, on number: Int) throws -> Double {
            let events = cluster.events(name, on: number, about: victim)
            #expect(events.count == 1, "\(name) on n\(number)")
            return (try #require(events.first).at - start).inSeconds
        }
        for number in [1, 3] {
            let suspected = try time("suspected", on: number)
            let unreachable = try time("member-unreachable", on: number)
            let down = try time("member-down", on: number)
            let removed = try time("member-removed", on: number)
            #expect(suspected < unreachable + 0.2)
            #expect((1.2...2.0).contains(unreachable))
            #expect((unreachable + 2.5...unreachable + 3.5).contains(down))
            #expect((down...down + 0.5).contains(removed))
        }
        #expect(cluster.events("downing-decision", on: 1).count == 1)
        #expect(cluster.events("downing-decision", on: 3).isEmpty)
    }

    @Test("a killed leader is replaced and removed")
    func killLeader() {
        let cluster = TestCluster(3)
        cluster.run(.seconds(5))
        cluster.kill(1)
        #expect(cluster.run(within: .seconds(8)) { cluster.agree(on: [2, 3]) } != nil)
        #expect(cluster[3].core.leader == cluster[2].core.myself)
    }

    @Test("a short freeze changes nothing for good, and the frozen node suspects no member", arguments: [1, 2, 3])
    func shortFreeze(victim: Int) {
        let cluster = TestCluster(3)
        cluster.run(.seconds(5))
        cluster.freeze(victim)
        cluster.run(.milliseconds(2500))
        cluster.thaw(victim)
        #expect(cluster.run(within: .seconds(2)) { cluster.agree(on: [1, 2, 3]) } != nil)
        cluster.run(.seconds(10))
        #expect(cluster.agree(on: [1, 2, 3]))
        #expect(cluster.events("suspected", on: victim).isEmpty)
        #expect(cluster.alive.count == 3)
    }

    @Test("a node that thaws after its removal stops, and holds no lease when it wakes", arguments: [1, 2, 3])
    func longFreeze(victim: Int) {
        let cluster = TestCluster(3)
        cluster.run(.seconds(5))
        cluster.freeze(victim)
        cluster.run(.seconds(20))
        let others = [1, 2, 3].filter { $0 != victim }
        #expect(cluster.agree(on: others))
        #expect(!cluster[victim].core.leaseHeld(at: cluster.now))
        cluster.thaw(victim)
        #expect(cluster.run(within: .seconds(1)) { !cluster[victim].isRunning } != nil)
        #expect(cluster[victim].stopReason == .removed || cluster[victim].stopReason == .downed)
        #expect(cluster.agree(on: others))
    }

    @Test(
        "of a partition the majority stays and the minority stops, lease first",
        arguments: 1...10 as ClosedRange<UInt64>)
    func partition(seed: UInt64) {
        let cluster = TestCluster(5, seed: seed)
        cluster.run(.seconds(6))
        #expect(cluster.agree(on: [1, 2, 3, 4, 5]))
        cluster.cut([1, 2], [3, 4, 5])
        let start = cluster.now
        cluster.run(.milliseconds(2950))
        for number in [1, 2] { #expect(!cluster[number].core.leaseHeld(at: cluster.now)) }
        for number in [3, 4, 5] { #expect(cluster[number].core.leaseHeld(at: cluster.now)) }
        #expect(cluster.run(within: .seconds(6)) { cluster.agree(on: [3, 4, 5]) && cluster.alive.count == 3 } != nil)
        #expect(cluster.now - start < .seconds(7))
        #expect(cluster[1].stopReason == .downed)
        cluster.heal()
        cluster.run(.seconds(5))
        #expect(cluster.agree(on: [3, 4, 5]))
    }

    @Test("a partition that heals in time leaves everyone where they were")
    func shortPartition() {
        let cluster = TestCluster(4)
        cluster.run(.seconds(6))
        cluster.cut([1, 2], [3, 4])
        cluster.run(.seconds(3))
        cluster.heal()
        #expect(cluster.run(within: .seconds(2)) { cluster.agree(on: [1, 2, 3, 4]) } != nil)
        cluster.run(.seconds(20))
        #expect(cluster.agree(on: [1, 2, 3, 4]))
    }

    @Test(
        "a node started again on its address becomes up under a new incarnation", arguments: [1, 2, 3],
        [0, 500, 3000, 20_000])
    func restart(victim: Int, delay: Int) {
        let cluster = TestCluster(3)
        cluster.run(.seconds(5))
        let old = cluster[victim].core.myself
        cluster.kill(victim)
        cluster.run(.milliseconds(delay))
        cluster.start(victim)
        #expect(cluster.run(within: .seconds(4)) { cluster.agree(on: [1, 2, 3]) } != nil)
        for number in 1...3 where number != victim {
            #expect(cluster.events("member-down", on: number, about: old).count == 1)
            #expect(cluster.events("member-removed", on: number, about: old).count == 1)
        }
    }

    @Test("a leaver is never called unreachable or down, and is gone soon", arguments: [1, 2, 3])
    func leave(leaver: Int) {
        let cluster = TestCluster(3)
        cluster.run(.seconds(5))
        let gone = cluster[leaver].core.myself
        cluster.command(leaver) { $0.onLeave(at: $1) }
        let others = [1, 2, 3].filter { $0 != leaver }
        #expect(cluster.run(within: .seconds(2)) { cluster.agree(on: others) && !cluster[leaver].isRunning } != nil)
        #expect(cluster[leaver].stopReason == .left)
        for number in others {
            let names = cluster[number].events.filter { $0.subject == gone }.map(\.name).suffix(3)
            #expect(names == ["member-leaving", "member-exiting", "member-removed"])
        }
        cluster.run(.seconds(10))
        #expect(cluster.alive.count == 2)
    }

    @Test("a member declared down by a person stops at once and is removed", arguments: [1, 2, 3])
    func operatorDown(victim: Int) {
        let cluster = TestCluster(3)
        cluster.run(.seconds(5))
        let by = victim == 1 ? 2 : 1
        cluster.command(by) { $0.onDown(TestCluster.address(victim), at: $1) }
        let others = [1, 2, 3].filter { $0 != victim }
        #expect(cluster.run(within: .seconds(1)) { cluster.agree(on: others) } != nil)
        #expect(cluster[victim].stopReason == .downed)
    }

    @Test("one cut link is resolved by the loss of one of its ends, and witnesses are named")
    func oneLink() {
        let cluster = TestCluster(3)
        cluster.run(.seconds(5))
        cluster.cut([1], [3])
        cluster.run(.milliseconds(3200))
        let row = cluster[2].core.gossip.row(by: cluster[1].core.myself, of: cluster[3].core.myself)
        #expect(row?.verdict == .indirect)
        #expect(row?.witness == cluster[2].core.myself)
        #expect(cluster.run(within: .seconds(6)) { cluster.agree(on: [1, 2]) } != nil)
        #expect(cluster[3].stopReason == .downed)
    }

    @Test("two runs with one seed publish the same events")
    func deterministic() {
        func trace() -> UInt64 {
            let cluster = TestCluster(5, seed: 7)
            cluster.run(.seconds(5))
            cluster.kill(3)
            cluster.cut([1], [4])
            cluster.run(.seconds(12))
            cluster.heal()
            cluster.run(.seconds(3))
            return cluster.trace.value
        }
        #expect(trace() == trace())
    }
}
