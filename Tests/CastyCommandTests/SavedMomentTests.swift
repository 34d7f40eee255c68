import CastyConsole
import CastyCore
import CastyInvariants
import CastyObservability
import CastyScenario
import CastyTestbed
import Foundation
import Testing

@testable import CastyCommand

@Suite("The scenario of a saved moment")
struct SavedMomentTests {
    private func see(_ backend: TestClusterBackend, _ wakeup: Wakeup, _ isThere: () -> Bool) {
        while !isThere() { wakeup.wait() }
    }

    private func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "casty-moment-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    private static let script = """
        seed 7
        set downing keep-oldest
        seeds n1,n2
        roles n3 backend
        nodes 3
        wait 2s
        note "second"
        """

    @Test("it repeats the run event for event, settings of the script included", .timeLimit(.minutes(10)))
    func repeats() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let scenario = try Scenario.parse(Self.script, file: "script.casty")
        let plan = ConsolePlan(
            settings: TestClusterSettings(scenario), header: scenario.header, nodes: 3, seed: 7,
            script: scenario.body)
        let backend = try TestClusterBackend.open(plan, clock: .system)
        let wakeup = Wakeup()
        backend.whenChanged { wakeup.signal() }
        backend.submit(.control(.pause))
        backend.submit(.control(.seek(.seconds(3))))
        see(backend, wakeup) { backend.latest().time == .start + .seconds(3) }
        backend.submit(.command(.immediate(.kill([NodeName(3)]))))
        backend.submit(.control(.seek(.seconds(9))))
        see(backend, wakeup) { backend.latest().time == .start + .seconds(9) }
        backend.submit(.control(.saveMoment(folder.path)))
        see(backend, wakeup) { backend.messages(after: 0).messages.contains { $0.text.hasPrefix("saved in") } }
        let events = backend.events(after: 0).events
        backend.close()

        let file = folder.appending(path: "session.casty").path
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.contains("--at 9s"))
        #expect(text.contains("seed 7") && text.contains("at 3s kill n3") && text.hasSuffix("wait 9s\n"))
        let saved = try Scenario.parse(text, file: file)
        #expect(saved.header.settings == scenario.header.settings && saved.header.seeds == scenario.header.seeds)
        #expect(saved.header.roles == scenario.header.roles)
        let runner = ScenarioRunner(saved, checkers: .all)
        _ = runner.run()
        let repeated = runner.testbed.recorder.events(from: 0)
        // A line of a file is known for what the script does; the console's events have none or another.
        let facts: (RuntimeEvent) -> String = { "\($0.time) \($0.id) \($0.kind.rawValue) \($0.subject ?? "")" }
        #expect(events.count > 50)
        #expect(repeated.prefix(events.count).map(facts) == events.map(facts))
    }

    @Test("what time was turned back behind is not in it", .timeLimit(.minutes(10)))
    func turnedBack() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let backend = try TestClusterBackend.open(
            ConsolePlan(settings: TestClusterSettings(), nodes: 3, seed: 1), clock: .system)
        defer { backend.close() }
        let wakeup = Wakeup()
        backend.whenChanged { wakeup.signal() }
        backend.submit(.control(.pause))
        backend.submit(.control(.seek(.seconds(5))))
        see(backend, wakeup) { backend.latest().time == .start + .seconds(5) }
        backend.submit(.command(.immediate(.freeze([NodeName(2)]))))
        backend.submit(.control(.seek(.seconds(2))))
        see(backend, wakeup) { backend.latest().time == .start + .seconds(2) && backend.progress == nil }
        backend.submit(.control(.saveMoment(folder.path)))
        see(backend, wakeup) { backend.messages(after: 0).messages.contains { $0.text.hasPrefix("saved in") } }
        let text = try String(contentsOf: folder.appending(path: "session.casty"), encoding: .utf8)
        #expect(!text.contains("freeze") && text.hasSuffix("wait 2s\n"))
    }

    @Test("a live session says what of it is not reproducible", .timeLimit(.minutes(10)))
    func live() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let backend = try TestClusterBackend.open(
            ConsolePlan(settings: TestClusterSettings(), nodes: 1), clock: .system)
        defer { backend.close() }
        let wakeup = Wakeup()
        backend.whenChanged { wakeup.signal() }
        backend.submit(.control(.saveMoment(folder.path)))
        see(backend, wakeup) { backend.messages(after: 0).messages.contains { $0.text.hasPrefix("saved in") } }
        let text = try String(contentsOf: folder.appending(path: "session.casty"), encoding: .utf8)
        #expect(text.contains("not reproducible") && !text.contains("seed "))
        #expect(try Scenario.parse(text, file: "x").header.nodes == 1)
    }

    @Test("a folder that cannot be written is refused with the reason", .timeLimit(.minutes(10)))
    func refused() throws {
        let backend = try TestClusterBackend.open(
            ConsolePlan(settings: TestClusterSettings(), nodes: 1, seed: 1), clock: .system)
        defer { backend.close() }
        let wakeup = Wakeup()
        backend.whenChanged { wakeup.signal() }
        backend.submit(.control(.saveMoment("/nonexistent/folder")))
        see(backend, wakeup) { backend.messages(after: 0).messages.contains { $0.kind == .refused } }
        #expect(backend.messages(after: 0).messages.last?.text.contains("/nonexistent/folder/session.casty") == true)
    }
}
