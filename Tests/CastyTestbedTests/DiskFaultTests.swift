import CastyCore
import CastyInvariants
import CastyObservability
import CastyReporting
import CastyScenario
import CastyTestbed
import Synchronization
import Testing

@Suite("Entities on a disk that fails")
struct DiskFaultTests {
    private func run(_ text: String) throws -> (status: RunResult.Status, events: [RuntimeEvent]) {
        let events = Mutex<[RuntimeEvent]>([])
        let runner = ScenarioRunner(
            try Scenario.parse(text, file: "test.casty"), checkers: .all,
            hear: { event in events.withLock { $0.append(event) } })
        return (runner.run().status, events.withLock { $0 })
    }

    @Test(
        "A change that the store refuses has not happened, and the asker gets an error",
        arguments: [
            ("full", "full"), ("failing", "unavailable"), ("torn", "unavailable"), ("lost-tail", "unavailable"),
        ])
    func refused(error: String, word: String) throws {
        let (status, events) = try run(
            """
            nodes 1
            wait 1s
            ask account-1 deposit 10 -> 10 within 1s
            fault disk n1 error \(error) for 2s
            ask account-1 deposit 5 -> "refused: the store is \(word)" within 1s
            ask account-1 balance -> 10 within 1s
            wait 3s
            ask account-1 deposit 5 -> 15 within 1s
            passivate account-1
            ask account-1 balance -> 15 within 1s
            """)
        #expect(status == .passed, "\(events.filter { $0.kind == .expectationFailed }.map(\.json))")
    }

    @Test("An entity whose state cannot be read starts not as a new one, and is back when it can")
    func unreadable() throws {
        let (status, events) = try run(
            """
            nodes 1
            wait 1s
            ask account-1 deposit 10 -> 10 within 1s
            passivate account-1
            wait 1s
            fault disk n1 error corrupt for 8s
            ask account-1 balance -> failed within 5s
            wait 8s
            ask account-1 balance -> 10 within 10s
            """)
        #expect(status == .passed, "\(events.filter { $0.kind == .expectationFailed }.map(\.json))")
    }

    @Test(
        "While entities cannot be remembered the region says so, refuses after a while, and recovers", arguments: 1...3)
    func notRemembered(seed: Int) throws {
        let (status, events) = try run(
            """
            seed \(seed)
            set remember on
            nodes 1
            wait 1s
            ask account-1 balance -> 0 within 1s
            fault disk n1 error full for 15s
            ask account-1 balance -> 0 within 1s
            ask account-2 balance -> failed within 14s
            ask account-3 balance -> failed within 200ms
            wait 20s
            ask account-2 balance -> 0 within 1s
            """)
        #expect(status == .passed, "\(events.filter { $0.kind == .expectationFailed }.map(\.json))")
        let notices = events.filter { $0.kind == .note && $0.reason == .notice(.store) }.compactMap(\.detail)
        #expect(
            notices.contains { notice in
                guard case .sharding("account", .storeRefuses(let trouble, _)) = notice else { return false }
                return !trouble.isReading && trouble.error?.hasPrefix("full") == true
            })
        #expect(notices.last == .sharding(type: "account", .storeRecovered))
    }
}
