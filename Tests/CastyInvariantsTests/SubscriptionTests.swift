import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyMembership
import CastyScenario
import CastyTestbed
import Synchronization
import Testing

@Suite("Subscribing to a cluster")
struct SubscriptionTests {
    private final class Heard: Sendable {
        let events = Mutex<[ClusterEvent]>([])
    }

    /// What n1 hears of n3 while commands are carried out, in words.
    private func steps(seed: UInt64, _ commands: [(ImmediateCommand, Duration)]) throws -> [String] {
        let world = SimulatedClusterWorld(seed: seed)
        let testbed = TestCluster(world: world, settings: TestClusterSettings(), checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2])
        try testbed.advance(until: .start + .seconds(2))
        let first = try #require(testbed.running.first)
        let heard = Heard()
        let subscriber = try first.system.spawn(
            Behavior<ClusterEvent>.receive { _, event in
                heard.events.withLock { $0.append(event) }
                return .same
            }, name: "subscriber")
        first.cluster.subscribe(subscriber)
        try testbed.start([3])
        var time = Instant.start + .seconds(5)
        try testbed.advance(until: time)
        let place = testbed.address(of: 3)
        for (command, pause) in commands {
            try testbed.perform(command)
            time = time + pause
            try testbed.advance(until: time)
        }
        return heard.events.withLock { $0.compactMap { word($0, place) } }
    }

    private func word(_ event: ClusterEvent, _ place: NodeAddress) -> String? {
        func status(_ name: String, _ member: Member) -> String? {
            member.node.address == place ? "\(name) \(member.status)\(member.upNumber.map { " \($0)" } ?? "")" : nil
        }
        switch event {
        case .memberJoined(let member): return status("joined", member)
        case .memberWeaklyUp(let member): return status("weakly up", member)
        case .memberUp(let up): return status("up", up.member)
        case .memberLeaving(let member): return status("leaving", member)
        case .memberExiting(let member): return status("exiting", member)
        case .memberDown(let member): return status("down", member)
        case .memberLeft(let left): return left.node.address == place ? "left, was \(left.lastStatus)" : nil
        case .unreachableMember(let news): return news.node.address == place ? "unreachable" : nil
        case .reachableMember(let news): return news.node.address == place ? "reachable" : nil
        case .leaderChanged: return nil
        }
    }

    @Test(
        "every step of a member is published once and in order, each with the member as that step left it",
        arguments: 1...5 as ClosedRange<UInt64>)
    func leave(seed: UInt64) throws {
        let steps = try steps(seed: seed, [(.leave([NodeName(3)]), .seconds(5))])
        #expect(
            steps == ["joined joining", "up up 3", "leaving leaving 3", "exiting exiting 3", "left, was exiting"])
    }

    @Test("a member that dies is published as unreachable, down and removed", arguments: 1...5 as ClosedRange<UInt64>)
    func death(seed: UInt64) throws {
        let steps = try steps(seed: seed, [(.kill([NodeName(3)]), .seconds(10))])
        #expect(steps == ["joined joining", "up up 3", "unreachable", "down down 3", "left, was down"])
    }

    @Test("a node that was away while a member left publishes all its steps", arguments: 1...5 as ClosedRange<UInt64>)
    func away(seed: UInt64) throws {
        let steps = try steps(
            seed: seed,
            [
                (.freeze([NodeName(1)]), .milliseconds(100)), (.leave([NodeName(3)]), .milliseconds(800)),
                (.thaw([NodeName(1)]), .seconds(5)),
            ])
        #expect(
            steps == ["joined joining", "up up 3", "leaving leaving 3", "exiting exiting 3", "left, was exiting"])
    }
}
