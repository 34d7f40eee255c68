import CastySharding
import CastyStoreConformance
import Testing

@Suite("Remembered entities in memory")
struct InMemoryRememberedEntityStoreTests {
    private static let excused = ["crash-points": "what is in memory ends with its process"]

    @Test("It does what every store of remembered entities must", arguments: RememberedConformance.checks)
    func conformance(check: RememberedConformance.Check) async throws {
        let store = InMemoryRememberedEntityStore()
        let outcome = try await check.run(on: TestedStore(excused: Self.excused) { store })
        #expect((outcome == .passed) == (Self.excused[check.name] == nil))
    }
}
