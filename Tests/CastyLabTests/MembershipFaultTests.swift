import CastyInspection
import CastyLab
import CastyScenario
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
            scenario, options: options,
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
}
