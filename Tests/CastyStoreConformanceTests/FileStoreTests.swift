import Casty
import CastyStoreConformance
import Foundation
import Testing

// The test of the page WritingAStore in Casty.docc, line by line: `ReadmeTests` compares the two.

@Suite("States in a file")
struct FileStoreTests {
    @Test("They do what every store must", arguments: StoreConformance.checks)
    func conforms(check: StoreConformance.Check) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "states").path
        let store = TestedStore<any EntityStore>(crashing: { FileStore(path, crashesAt: $0) }) { FileStore(path) }
        let outcome = try await check.run(on: store)
        // This store keeps no times at which entities must run.
        #expect((outcome == .passed) == (check.name != "reminders"))
    }
}
