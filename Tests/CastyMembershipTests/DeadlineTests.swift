import CastyCore
import Testing

@testable import CastyMembership

@Suite("Deadlines of statuses") struct DeadlineTests {
    private static func manual(_ mutations: MembershipMutations = []) -> MembershipSettings {
        var settings = MembershipSettings.responsive
        settings.strategy = .manual
        settings.mutations = mutations
        return settings
    }

    private static func formed(_ count: Int, _ settings: MembershipSettings, seed: UInt64) throws -> TestCluster {
        let cluster = TestCluster(count, settings: settings, seed: seed)
        try #require(cluster.run(within: .seconds(60)) { cluster.agree(on: Array(1...count)) } != nil)
        cluster.run(.seconds(3))
        return cluster
    }

    @Test(
        "a leaver that a dead member keeps from agreement goes by its own word, and the others forget it",
        arguments: 1...3)
    func leaving(seed: UInt64) throws {
        let cluster = try Self.formed(4, Self.manual(), seed: seed)
        let leaver = cluster[2].core.myself
        cluster.kill(4)
        cluster.run(.seconds(3))
        cluster.command(2) { $0.onLeave(at: $1) }
        let bound = cluster.settings.statusDeadline(members: 4) + cluster.settings.exitTimeout * 2
        #expect(cluster.run(within: bound) { !cluster[2].isRunning } != nil)
        #expect(cluster[2].stopReason == .left)
        #expect(
            cluster.run(within: .seconds(5)) { [1, 3].allSatisfy { cluster[$0].core.gossip.member(leaver) == nil } }
                != nil)
        // The dead member is for a person to decide about.
        cluster.run(.seconds(60))
        #expect(cluster[1].core.gossip.members.count == 3)
    }

    @Test(
        "a member that a person declares down is removed although another one cannot be asked",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"))
    func down() throws {
        for mutations in [[], [.leavesForEver]] as [MembershipMutations] {
            let cluster = try Self.formed(4, Self.manual(mutations), seed: 1)
            let victim = cluster[3].core.myself
            cluster.kill(4)
            cluster.kill(3)
            cluster.run(.seconds(5))
            cluster.command(1) { $0.onDown(victim.address, at: $1) }
            cluster.run(.seconds(60))
            #expect([1, 2].allSatisfy { (cluster[$0].core.gossip.member(victim) == nil) == mutations.isEmpty })
        }
    }

    @Test("restarts beside an unreachable member do not accumulate dead incarnations")
    func restarts() throws {
        let cluster = try Self.formed(3, Self.manual(), seed: 1)
        cluster.freeze(3)
        cluster.run(.seconds(5))
        var most = 0
        for _ in 0..<40 {
            cluster.kill(2)
            cluster.run(.milliseconds(200))
            cluster.start(2)
            cluster.run(.milliseconds(1300))
            most = max(most, cluster[1].core.gossip.members.count)
        }
        #expect(most < 25)
    }

    @Test("where a strategy decides, no member is removed before all who stay have seen it")
    func agreement() throws {
        let cluster = try Self.formed(5, .responsive, seed: 1)
        cluster.afterStep = { cluster in
            for node in cluster.alive {
                #expect(!node.events.contains { if case .overdue = $0.cause { true } else { false } })
            }
        }
        cluster.kill(5)
        cluster.command(4) { $0.onLeave(at: $1) }
        #expect(cluster.run(within: .seconds(20)) { cluster.agree(on: [1, 2, 3]) } != nil)
    }

    @Test(
        "all nodes that leave together are gone within ten seconds, with the timings of a data centre too",
        arguments: [2, 3, 5], [true, false])
    func together(count: Int, isLan: Bool) throws {
        let cluster = try Self.formed(count, isLan ? .lan : .responsive, seed: 3)
        for number in 1...count { cluster.command(number) { $0.onLeave(at: $1) } }
        #expect(cluster.run(within: .seconds(10)) { cluster.alive.isEmpty } != nil)
        #expect(cluster.nodes.allSatisfy { $0.stopReason == .left })
    }
}
