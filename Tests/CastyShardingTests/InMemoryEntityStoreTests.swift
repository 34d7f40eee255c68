import CastySharding
import CastyTestSupport
import Testing

@Suite("States in memory")
struct InMemoryEntityStoreTests {
    @Test("It does what every store must")
    func conformance() async throws {
        let store = InMemoryEntityStore()
        let found = try await StoreConformance { store }.violations()
        #expect(found == [])
    }
}
