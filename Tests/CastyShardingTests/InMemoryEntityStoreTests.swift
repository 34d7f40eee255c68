import CastyCore
import CastySharding
import CastyStoreConformance
import Testing

@Suite("States in memory")
struct InMemoryEntityStoreTests {
    private static let excused = ["crash-points": "what is in memory ends with its process"]

    @Test("It does what every store must", arguments: StoreConformance.checks)
    func conformance(check: StoreConformance.Check) async throws {
        let store = InMemoryEntityStore()
        let outcome = try await check.run(on: TestedStore(excused: Self.excused) { store })
        #expect((outcome == .passed) == (Self.excused[check.name] == nil))
    }

    @Test("It does what every store of events must", arguments: EventConformance.checks)
    func events(check: EventConformance.Check) async throws {
        let store = InMemoryEntityStore()
        let outcome = try await check.run(on: TestedStore(excused: Self.excused) { store })
        #expect((outcome == .passed) == (Self.excused[check.name] == nil))
    }

    @Test("A log with a wait goes on with what comes later, and each element says where to go on")
    func log() async throws {
        let store = InMemoryEntityStore()
        let fence = ShardFence(cluster: ClusterID(high: 1, low: 1), upNumber: 1, start: 1, sequence: 1)
        let key = EntityKey(type: "account", id: "account-1", shards: 1)
        let record = EventRecord(payload: [1], manifest: "added", tags: ["b", "a", "b"])
        #expect(record.tags == ["a", "b"])
        try await store.append([record], after: 0, for: key, fence: fence)
        var numbers: [UInt64] = []
        let log = store.eventLog(.tag("a"), page: 1) {
            try await store.append([record], after: UInt64(1), for: key, fence: fence)
        }
        for try await element in log {
            numbers.append(element.event.sequence)
            if numbers.count == 2 { break }
        }
        #expect(numbers == [1, 2])
    }
}
