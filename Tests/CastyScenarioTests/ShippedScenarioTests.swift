import CastyScenario
import Foundation
import Testing

@Suite("The scenarios of the demo")
struct ShippedScenarioTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "demo/scenarios")

    static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".casty") }.sorted()

    @Test("the first stories are there")
    func present() {
        let wanted = ["first-cluster", "kill-a-node", "freeze-and-thaw", "cut-and-heal", "restart-same-address"]
        #expect(Set(wanted.map { $0 + ".casty" }).isSubset(of: Self.files))
    }

    @Test("a shipped scenario reads, has a title, tells its story and expects something", arguments: files)
    func reads(file: String) throws {
        let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
        let scenario = try Scenario.parse(text, file: file)
        #expect(scenario.title != nil)
        #expect(scenario.header.nodes != nil && scenario.header.seed != nil)
        #expect(scenario.body.contains { $0.command.verb == .note })
        #expect(scenario.body.filter { $0.command.verb == .expect }.count >= 3)
        #expect(
            try Scenario.parse(scenario.description, file: file).statements.map(\.command)
                == scenario.statements.map(\.command))
    }
}
