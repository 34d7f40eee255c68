import CastyCore
import CastyInvariants
import CastyObservability
import CastyReporting
import CastyScenario
import CastyTestbed
import Synchronization
import Testing

@Suite("Accounts made of events")
struct EventStoryTests {
    private func run(_ text: String, _ state: String = "events") throws -> (
        status: RunResult.Status, problems: [String]
    ) {
        let events = Mutex<[RuntimeEvent]>([])
        let runner = ScenarioRunner(
            try Scenario.parse("set account-state \(state)\n" + text, file: "test.casty"), checkers: .all,
            hear: { event in events.withLock { $0.append(event) } })
        let status = runner.run().status
        let problems = events.withLock { $0 }.filter {
            $0.kind == .expectationFailed || $0.kind == .invariantViolated
        }
        return (status, problems.map(\.json))
    }

    @Test("a balance is there after a passivation, with and without a snapshot")
    func returns() throws {
        let (status, problems) = try run(
            """
            nodes 3
            expect members n1,n2,n3 up within 15s
            ask account-1 deposit 10 -> 10 within 1s
            ask account-1 withdraw 3 -> 7 within 1s
            ask account-1 withdraw 30 -> "refused: balance 7" within 1s
            passivate account-1
            ask account-1 balance -> 7 within 2s
            load 60/s over 1 entities for 1s
            wait 2s
            ask account-1 balance -> 68 within 2s
            """)
        #expect(status == .passed, "\(problems)")
    }

    @Test(
        "what a failing disk refuses has not happened",
        arguments: ["full", "failing", "torn", "lost-tail"])
    func refused(error: String) throws {
        let (status, problems) = try run(
            """
            nodes 1
            wait 1s
            ask account-1 deposit 10 -> 10 within 1s
            fault disk n1 error \(error) for 2s
            ask account-1 deposit 5 -> failed within 1s
            ask account-1 balance -> 10 within 1s
            wait 3s
            ask account-1 deposit 5 -> 15 within 1s
            passivate account-1
            ask account-1 balance -> 15 within 1s
            """)
        #expect(status == .passed, "\(problems)")
    }

    @Test(
        "a reminder comes at its time, once, after a crash and through a failing disk",
        arguments: ["events", "durable"])
    func reminded(state: String) throws {
        let (status, problems) = try run(
            """
            nodes 3
            expect members n1,n2,n3 up within 15s
            ask account-1 remind 5 deposit 10 -> 0 within 1s
            ask account-2 remind 40 deposit 10 -> 0 within 1s
            ask account-2 remind 41 withdraw 3 -> 0 within 1s
            ask account-2 remind 45 withdraw 30 -> 0 within 1s
            wait 4s
            ask account-1 balance -> 0 within 1s
            wait 2s
            ask account-1 balance -> 10 within 1s
            fault disk n1,n2,n3 error failing for 5s
            wait 6s
            kill n2
            wait 8s
            restart n2
            wait 10s
            kill n3
            wait 40s
            ask account-2 balance -> 7 within 1s
            ask account-1 balance -> 10 within 1s
            """, state)
        #expect(status == .passed, "\(problems)")
    }

    @Test("an account that stores its balance alone does not understand reminders")
    func balanceOnly() throws {
        let (status, problems) = try run(
            """
            nodes 1
            wait 1s
            ask account-1 remind 5 deposit 10 -> "not understood: remind 5 deposit 10; say deposit N, withdraw N or balance" within 1s
            """, "balance")
        #expect(status == .passed, "\(problems)")
    }

    @Test(
        "reminders survive moves, crashes, freezes and disks that fail, tear and hang",
        arguments: ["events", "durable"], 1...3)
    func remindedStorm(state: String, seed: Int) throws {
        let (status, problems) = try run(
            """
            seed \(seed)
            nodes 3
            expect members n1,n2,n3 up within 15s
            tell account-1..account-20 remind 3 deposit 1
            tell account-1..account-20 remind 9 deposit 1
            load 20/s over 10 entities for 12s
            wait 1s
            fault disk n1,n2,n3 error slow for 3s
            wait 1s
            fault disk n1 error torn for 2s
            wait 1s
            freeze n3
            wait 3s
            thaw n3
            fault disk n1,n2 error hanging for 4s
            tell account-1..account-20 remind 2 deposit 1
            wait 2s
            kill n2
            wait 2s
            restart n2
            wait 10s
            tell account-1..account-20 balance
            wait 80s
            expect single-activation
            """, state)
        #expect(status == .passed, "\(problems)")
    }

    @Test("moves, crashes, freezes and slow stores under load break no rule", arguments: 1...4)
    func storm(seed: Int) throws {
        let (status, problems) = try run(
            """
            seed \(seed)
            nodes 3
            expect members n1,n2,n3 up within 15s
            spawn account-1..account-20
            load 60/s over 20 entities for 12s
            wait 1s
            fault slow n2 factor 10 for 3s
            fault disk n1,n2,n3 error slow for 3s
            wait 2s
            freeze n3
            wait 3s
            thaw n3
            wait 2s
            kill n2
            wait 2s
            restart n2
            wait 20s
            expect single-activation
            """)
        #expect(status == .passed, "\(problems)")
    }
}
