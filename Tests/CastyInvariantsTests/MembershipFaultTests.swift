import CastyInvariants
import CastyObservability
import CastyReporting
import CastyScenario
import CastyTestbed
import Synchronization
import Testing

/// Runs in which the membership once broke a promise, with all rules on.
@Suite("Faults of the membership, run again")
struct MembershipFaultTests {
    private func complaints(_ text: String, seed: UInt64 = 1) throws -> [String] {
        let scenario = try Scenario.parse(text, file: "membership.casty")
        let complaints = Mutex<[String]>([])
        var options = RunOptions(seed: seed, keepsGoing: true)
        options.toleratesRefusals = true
        let runner = ScenarioRunner(
            scenario, options: options, checkers: .all,
            hear: { event in
                guard event.kind == .expectationFailed || event.kind == .invariantViolated else { return }
                complaints.withLock { $0.append(event.json) }
            })
        _ = runner.run()
        return complaints.withLock { Array($0.prefix(5)) }
    }

    @Test("nine nodes that start at once all stay", arguments: [19, 20] as [UInt64])
    func lanStart(seed: UInt64) throws {
        let found = try complaints(
            """
            set preset lan
            nodes 9
            wait 30s
            expect members n1,n2,n3,n4,n5,n6,n7,n8,n9 up
            """, seed: seed)
        #expect(found.isEmpty)
    }

    @Test("members that join beside a dead one prolong the time for which the view must be still")
    func joinersBesideDead() throws {
        let found = try complaints(
            """
            set preset lan
            nodes 6
            expect members n1,n2,n3,n4,n5,n6 up within 60s
            wait 10s
            kill n4
            at +11s start n7,n8,n9
            wait 30s
            expect members n1,n2,n3,n5,n6,n7,n8,n9 up
            """)
        #expect(found.isEmpty)
    }

    @Test("a node that leaves between its join and its welcome is never found unreachable")
    func leaveWhileJoining() throws {
        let found = try complaints(
            """
            nodes 3
            expect members n1,n2,n3 up within 20s
            wait 2s
            start n4
            link n4 n1 latency 50ms
            link n4 n2 latency 50ms
            link n4 n3 latency 50ms
            at +340ms leave n4
            wait 20s
            expect no member-unreachable
            expect no member-down
            expect members n1,n2,n3 up
            """)
        #expect(found.isEmpty)
    }

    @Test("seeds that come back cut off from the living members found nothing, and join them after the heal")
    func foundedTwice() throws {
        let found = try complaints(
            """
            set memory on
            set remember on
            seeds n1,n2,n3
            nodes 3
            expect members n1,n2,n3 up within 20s
            wait 3s
            kill n1
            expect members n2,n3 up on n2,n3 within 20s
            start n4,n5
            expect members n2,n3,n4,n5 up on n2,n3,n4,n5 within 20s
            wait 2s
            leave n2
            wait 5s
            leave n3
            expect members n4,n5 up on n4,n5 within 30s
            wait 2s
            spawn account-1..account-12
            wait 2s
            cut n1,n2,n3 | n4,n5
            restart n1,n2,n3
            at +3s heal
            wait 60s
            spawn account-1..account-12
            ask account-1 deposit 5 via n4 -> 5
            ask account-1 deposit 7 via n1 -> 12
            wait 5s
            expect members n1,n2,n3,n4,n5 up within 60s
            expect single-activation
            """)
        #expect(found.isEmpty)
    }

    @Test("a new seed beside seeds that remember their cluster founds no other one")
    func newcomerFounds() throws {
        let found = try complaints(
            """
            set memory on
            set remember on
            seeds n1,n3,n4,n5
            nodes 2
            start n4,n5
            expect members n1,n2,n4,n5 up within 20s
            ask account-1 deposit 5 -> 5
            wait 3s
            kill n1,n2,n4,n5
            wait 3s
            restart n4,n5
            wait 1s
            start n3
            wait 10s
            restart n1,n2
            wait 20s
            expect members n1,n2,n3,n4,n5 up
            """)
        #expect(found.isEmpty)
    }

    @Test("voters that are cut off from their founder and start again wait for it", arguments: [2000, 3110])
    func votersForget(heal: Int) throws {
        let found = try complaints(
            """
            seeds n1,n2,n3
            nodes 3
            expect members n1,n2,n3 up within 20s
            wait 3s
            kill n1,n2,n3
            wait 2s
            restart n1,n2,n3
            at +540ms cut n1 | n2,n3
            at +600ms kill n2,n3
            at +650ms restart n2,n3
            at +\(heal)ms heal
            wait 30s
            expect members n1,n2,n3 up
            """)
        #expect(found.isEmpty)
    }

    @Test("no cluster ends before one that counts dead members", arguments: [1, 2, 3] as [UInt64])
    func twoClustersEndBoth(seed: UInt64) throws {
        let found = try complaints(
            """
            set stable-after 8s
            seeds n1,n2,n3
            nodes 3
            expect members n1,n2,n3 up within 20s
            wait 3s
            kill n1,n2,n3
            wait 2s
            restart n1,n2,n3
            at +1010ms cut n1 | n2,n3
            at +1070ms kill n2,n3
            at +1120ms restart n2,n3
            at +3110ms heal
            wait 40s
            expect members n1,n2,n3 up
            """, seed: seed)
        #expect(found.isEmpty)
    }
}
