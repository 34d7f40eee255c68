import CastySharding
import CastyTestSupport
import Testing

@Suite("Remembered entities in memory")
struct InMemoryRememberedEntityStoreTests {
    @Test("It does what every store of remembered entities must")
    func conformance() async throws {
        let store = InMemoryRememberedEntityStore()
        #expect(try await RememberedConformance { store }.violations() == [])
    }
}
