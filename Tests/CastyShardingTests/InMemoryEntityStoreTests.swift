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

    @Test("It does what every store of events must")
    func events() async throws {
        let store = InMemoryEntityStore()
        let found = try await EventConformance { store }.violations()
        #expect(found == [])
    }

    @Test("A log with a wait goes on with what comes later, and each element says where to go on")
    func log() async throws {
        let store = InMemoryEntityStore()
        let fence = StoreConformance { store }.fence(1)
        let key = StoreConformance { store }.key("account-1")
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
