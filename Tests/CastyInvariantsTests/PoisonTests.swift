import CastyCore
import CastyInvariants
import CastyObservability
import CastyReporting
import CastyScenario
import CastyTestbed
import Synchronization
import Testing

@Suite("Entities that fail")
struct PoisonTests {
    private func run(_ text: String) throws -> (status: RunResult.Status, events: [RuntimeEvent]) {
        let run = try StoryRun(text)
        return (run.result.status, run.events)
    }

    @Test("An ask of an entity that fails gets the error at once, on its own node and on another", arguments: 1...5)
    func reported(seed: Int) throws {
        let (status, events) = try run(
            """
            seed \(seed)
            nodes 2
            wait 2s
            spawn counter-1..counter-4
            ask counter-1 explode via n1 -> failed within 200ms
            ask counter-1 explode via n2 -> failed within 1s
            ask counter-2 explode via n1 -> failed within 200ms
            ask counter-2 explode via n2 -> failed within 1s
            expect lost 0
            """)
        #expect(status == .passed, "\(events.filter { $0.kind == .expectationFailed }.map(\.json))")
    }

    @Test("An expected failure is no reply, and a reply no expected failure")
    func expected() throws {
        #expect(try run("nodes 1\nwait 1s\nask counter-1 get -> failed within 1s").status == .failed)
        #expect(try run("nodes 1\nwait 1s\nask counter-1 explode -> 0 within 1s").status == .failed)
    }

    @Test(
        "An entity that fails when it starts keeps no sender waiting: messages are given up after the third try, and counted"
    )
    func poisoned() throws {
        let (status, events) = try run(
            """
            nodes 2
            wait 2s
            fault poison entity account-1
            tell account-1 deposit 5
            ask account-1 balance -> failed within 3s
            expect lost 2
            ask account-2 deposit 1 -> 1 within 1s
            """)
        #expect(status == .passed, "\(events.filter { $0.kind == .expectationFailed }.map(\.json))")
        let starts = events.filter { $0.kind == .entityStarted && $0.entity == "account-1" }.map(\.time)
        #expect(starts.count == 4)
        let waits = zip(starts, starts.dropFirst()).map { $1 - $0 }
        #expect(zip(waits, waits.dropFirst()).allSatisfy { $0 * 1.6 < $1 })
        #expect(events.contains { if case .failures(2, _)? = $0.detail { true } else { false } })
        #expect(events.filter { $0.kind == .messageLost }.allSatisfy { $0.reason == .lost(.ledger(.entityFailed)) })
    }

    @Test("Handlers that throw by chance lose one message each, and no state", arguments: 1...3)
    func throwing(seed: Int) throws {
        let (status, events) = try run(
            """
            seed \(seed)
            nodes 2
            wait 2s
            tell account-1 deposit 7
            ask account-1 balance -> 7 within 1s
            fault throw n1,n2 chance 50% times 6
            load 20/s over 4 entities for 3s
            wait 20s
            ask account-5 balance -> 0 within 5s
            expect lost 0
            expect single-activation
            """)
        #expect(status == .passed, "\(events.filter { $0.kind == .expectationFailed }.map(\.json))")
        #expect(events.contains { if case .failures? = $0.detail { true } else { false } })
    }
}
