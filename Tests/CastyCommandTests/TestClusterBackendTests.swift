import CastyConsole
import CastyCore
import CastyObservability
import CastyScenario
import CastyTestbed
import Testing

@testable import CastyCommand

@Suite("The console's testbed")
struct TestClusterBackendTests {
    /// Waits for a snapshot with a property, woken by changes only.
    private func see(_ backend: TestClusterBackend, _ wakeup: Wakeup, _ isThere: () -> Bool) {
        while !isThere() { wakeup.wait() }
    }

    private func open() throws -> (TestClusterBackend, Wakeup) {
        let plan = ConsolePlan(settings: TestClusterSettings(), nodes: 3, seed: 1)
        let backend = try TestClusterBackend.open(plan, clock: .system)
        let wakeup = Wakeup()
        backend.whenChanged { wakeup.signal() }
        return (backend, wakeup)
    }

    @Test("a paused run answers requests, and every answer wakes the screen", .timeLimit(.minutes(10)))
    func paused() throws {
        let (backend, wakeup) = try open()
        defer { backend.close() }
        backend.submit(.control(.pause))
        see(backend, wakeup) { backend.latest().paused }
        let time = backend.latest().time
        backend.submit(.control(.step(5)))
        see(backend, wakeup) { backend.latest().time == time + .milliseconds(500) }
        backend.submit(.command(.immediate(.freeze([NodeName(2)]))))
        see(backend, wakeup) { backend.latest().nodes[1].state == .frozen }
        backend.submit(.control(.back(5)))
        see(backend, wakeup) { backend.latest().time == time }
        #expect(backend.latest().nodes[1].state == .running)
        backend.submit(.control(.seek(.seconds(10))))
        see(backend, wakeup) { backend.latest().time == .start + .seconds(10) }
        backend.previewPartition(cut: ["n3"])
        see(backend, wakeup) { backend.latest().forecast != nil }
        #expect(backend.latest().paused)
    }

    @Test("a run that is not paused goes on by itself", .timeLimit(.minutes(10)))
    func running() throws {
        let (backend, wakeup) = try open()
        defer { backend.close() }
        see(backend, wakeup) { backend.latest().time >= .start + .milliseconds(500) }
        #expect(!backend.latest().paused)
    }
}
