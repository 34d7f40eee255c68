import CastyConsole
import CastyCore
import CastyObservability
import CastyScenario
import CastyTestbed
import Foundation
import Testing

@testable import CastyCommand

@Suite("A script in the console")
struct ScriptedConsoleTests {
    private static let script = """
        nodes 2
        note "first"
        wait 2s
        note "second"
        freeze n2
        wait 2s
        """

    private static func open(pausing: Bool) throws -> TestClusterBackend {
        let scenario = try Scenario.parse(script, file: "script.casty")
        var plan = ConsolePlan(
            settings: TestClusterSettings(scenario), nodes: 2, seed: 1, speed: 64, script: scenario.body)
        plan.title = "a title"
        plan.pausesAtNotes = pausing
        plan.closing = "the end"
        return try TestClusterBackend.open(plan, clock: .system)
    }

    private static func wait(for text: String, in backend: TestClusterBackend) -> Caption? {
        while backend.caption?.text != text { usleep(2000) }
        return backend.caption
    }

    @Test("in a tour, time stands still at each note until the user goes on", .timeLimit(.minutes(10)))
    func tour() throws {
        let backend = try Self.open(pausing: true)
        defer { backend.close() }
        #expect(Self.wait(for: "first", in: backend) == Caption(title: "a title", text: "first", waits: true))
        #expect(backend.latest().paused)
        #expect(backend.latest().time == .start)
        backend.submit(.control(.play))
        #expect(Self.wait(for: "second", in: backend)?.waits == true)
        #expect(backend.latest().time == .start + .seconds(2))
        // The line after the note has to wait too.
        #expect(!backend.events(after: 0).events.contains { $0.kind == .nodeFrozen })
        backend.submit(.control(.play))
        #expect(Self.wait(for: "the end", in: backend)?.waits == false)
        #expect(backend.events(after: 0).events.contains { $0.kind == .nodeFrozen })
        #expect(backend.isScriptDone)
    }

    @Test("turning back time shows the note of that time, and does not stop at earlier ones", .timeLimit(.minutes(10)))
    func back() throws {
        let backend = try Self.open(pausing: true)
        defer { backend.close() }
        _ = Self.wait(for: "first", in: backend)
        backend.submit(.control(.play))
        _ = Self.wait(for: "second", in: backend)
        backend.submit(.control(.back(10)))
        #expect(Self.wait(for: "first", in: backend)?.waits == false)
        #expect(backend.latest().time == .start + .seconds(1))
        backend.submit(.control(.play))
        #expect(Self.wait(for: "second", in: backend)?.waits == true)
    }

    @Test("other scripts show their notes and go on", .timeLimit(.minutes(10)))
    func script() throws {
        let backend = try Self.open(pausing: false)
        defer { backend.close() }
        #expect(Self.wait(for: "the end", in: backend)?.waits == false)
        #expect(!backend.latest().paused)
    }
}
