import CastyCore
import CastyMembership
import CastyObservability
import CastyScenario
import Synchronization
import Testing

@testable import CastyInvariants
@testable import CastyTestbed

@Suite("Rules that say nothing of a correct run")
struct FalseAlarmTests {
    private func reported(_ text: String, seed: UInt64) throws -> [String] {
        let reported = Mutex<[String]>([])
        let runner = ScenarioRunner(
            try Scenario.parse(text, file: "correct.casty"), options: RunOptions(seed: seed, keepsGoing: true),
            checkers: .all,
            hear: { event in
                guard event.kind == .invariantViolated || event.kind == .expectationFailed else { return }
                reported.withLock { $0.append("\(event.rule ?? ""): \(event.text ?? "")") }
            })
        _ = runner.run()
        return reported.withLock { $0 }
    }

    @Test("S10 does not ask for a shard whose only message died with the node it was given to", arguments: 1...3)
    func lostMessage(seed: UInt64) throws {
        let text = """
            nodes 2
            shards 1
            expect members n1,n2 up within 10s
            tell account-1 deposit 1
            kill n1
            restart n1
            wait 45s
            """
        #expect(try reported(text, seed: seed) == [])
    }

    @Test("S4 does not ask for what waits for a node that is never started", arguments: 1...2)
    func noHost(seed: UInt64) throws {
        let text = """
            roles n3 backend
            set account-role backend
            nodes 3
            expect members n1,n2,n3 up within 15s
            spawn account-1..account-8
            wait 2s
            leave n3
            wait 6s
            tell account-1..account-8 deposit 1 via n1
            wait 60s
            """
        #expect(try reported(text, seed: seed) == [])
    }

    @Test("where only an operator removes the dead, shards and joiners may wait for good", arguments: 1...2)
    func manual(seed: UInt64) throws {
        let text = """
            set downing none
            nodes 3
            shards 3
            expect members n1,n2,n3 up within 20s
            spawn account-1..account-12
            wait 1s
            kill n3
            wait 20s
            start n4
            tell account-1..account-12 deposit 1 via n1
            wait 60s
            """
        #expect(try reported(text, seed: seed) == [])
    }

    @Test("the bounds of sharding follow from the preset and the number of nodes")
    func bounds() {
        let (responsive, lan) = (TestClusterSettings(preset: .responsive), TestClusterSettings(preset: .lan))
        for nodes in [3, 10, 30, 50] {
            #expect(lan.failover(nodes: nodes) > responsive.failover(nodes: nodes))
            let margin = lan.membership.removalMargin(members: nodes)
            #expect(lan.rebalancing(nodes: nodes) > margin)
            #expect(lan.failover(nodes: nodes) > margin + lan.bounds(nodes: nodes).stability)
            #expect(lan.aftermath(nodes: nodes) > lan.failover(nodes: nodes))
        }
        #expect(lan.failover(nodes: 30) > lan.failover(nodes: 3))
        #expect(lan.aftermath(nodes: 30) > .seconds(30))
    }

    private static let (one, two) = (node(1), node(2))

    private static func node(_ number: Int) -> UniqueAddress {
        UniqueAddress(address: NodeAddress(host: "127.0.0.\(number)", port: 25_520), incarnation: UInt64(number))
    }

    @Test("F2 looks at the state before a step and the order of its events, not at what the step ends with")
    func markAndRemoval() {
        func event(_ kind: MembershipEvent.Kind) -> MembershipEvent {
            MembershipEvent(kind, subject: Self.two, at: .start, cause: .silence(phi: 8, silence: .zero))
        }
        func look(_ kinds: [MembershipEvent.Kind], wasGone: Bool = false) -> [String] {
            let gone = [Tombstone(node: Self.two, lastStatus: .down)]
            func gossip(_ tombstones: [Tombstone]) -> Gossip {
                Gossip(members: [], reachability: [], tombstones: tombstones, version: VectorClock([]), seen: [])
            }
            let step = StepTrace(
                time: .start, node: Self.one, before: gossip(wasGone ? gone : []),
                after: gossip(gone), events: kinds.map(event))
            var checker = NoSelfSuspicion()
            let moment = ClusterMoment(time: .start, views: [], incarnations: [], steps: [step])
            return checker.check(moment).map(\.id)
        }
        let marked = MembershipEvent.Kind.memberUnreachable(observers: [Self.one], witness: nil)
        let removed = MembershipEvent.Kind.memberRemoved(lastStatus: .down)
        #expect(look([marked, .memberDown, removed]) == [])
        #expect(look([removed, marked]) == ["F2"])
        #expect(look([marked], wasGone: true) == ["F2"])
    }
}

@Suite("Expectations about what does not exist yet")
struct EarlyExpectationTests {
    private func run(_ text: String) throws -> RunResult {
        ScenarioRunner(
            try Scenario.parse(text, file: "early.casty"), options: RunOptions(keepsGoing: true), checkers: .all
        ).run()
    }

    @Test("a node is removed only after it was a member")
    func removed() throws {
        #expect(try run("nodes 3\nexpect n3 removed\n").failed == 1)
        #expect(try run("nodes 3\nwait 5s\nexpect n3 removed within 5s\n").failed == 1)
        let text = "nodes 3\nexpect members n1,n2,n3 up within 10s\nkill n3\nexpect n3 removed within 30s\n"
        #expect(try run(text).status == .passed)
    }

    @Test("shards are balanced only when there are some")
    func balanced() throws {
        #expect(try run("nodes 2\nwait 5s\nexpect shards balanced within 5s\n").failed == 1)
        let text = "nodes 2\nwait 5s\nspawn account-1..account-9\nexpect shards balanced within 5s\n"
        #expect(try run(text).status == .passed)
    }

    @Test("nothing is balanced where no node may host what is wanted")
    func noHost() throws {
        let text = "set account-role backend\nnodes 2\nwait 5s\nspawn account-1\nexpect shards balanced within 5s\n"
        #expect(try run(text).failed == 1)
    }
}
