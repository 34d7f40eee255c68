import CastyBenchmarks
import CastySharding
import Testing

@Suite("Benchmarks of a store")
struct StoreBenchTests {
    @Test("What takes minutes runs only where its own name is given")
    func onRequest() throws {
        let stores = BenchStores(
            entities: InMemoryEntityStore(), remembered: InMemoryRememberedEntityStore(), groups: { nil })
        let all = stores.cases
        #expect(all.count { $0.matches("store") } == all.count - 1)
        #expect(all.filter { $0.matches("large") }.map(\.isOnRequest) == [true])
    }
}
