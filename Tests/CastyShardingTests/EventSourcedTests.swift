import CastyActors
import CastyCore
import CastySerialization
import CastySimulator
import Synchronization
import Testing

@testable import CastySharding

@Suite("Event-sourced entities")
struct EventSourcedTests {
    @Test("a reply leaves when the events are stored, and what has no events stores nothing")
    func reply() throws {
        let scene = Scene()
        let ref = try scene.spawn()
        scene.ask(ref) { .add(5, $0) }
        scene.ask(ref) { .get($0) }
        scene.run(.milliseconds(40))
        #expect(scene.all == [])
        scene.run()
        #expect(scene.all == ["5 at 0.050", "5 at 0.050"])
        scene.ask(ref) { .addTwice(2, $0) }
        scene.run()
        #expect(scene.all.last?.hasPrefix("9 at") == true)
        let stored = try scene.stored()
        #expect(stored.map(\.sequence) == [1, 2, 3])
        #expect(stored.map(\.record) == [Self.added(5), Self.added(2), Self.added(2)])
        scene.ask(try scene.spawn()) { .get($0) }
        scene.run()
        #expect(scene.all.last?.hasPrefix("9 at") == true)
    }

    @Test("events that surely were not stored have no effect, not even on an object: the asker learns why")
    func full() throws {
        let scene = Scene()
        let ref = try scene.spawn()
        scene.ask(ref) { .add(5, $0) }
        scene.run()
        scene.store.failure.withLock { $0 = EntityStoreError(.full, "no space left") }
        scene.ask(ref) { .add(7, $0) }
        scene.run()
        scene.store.failure.withLock { $0 = nil }
        scene.ask(ref) { .addAndThrow(7, $0) }
        scene.run()
        #expect(scene.all.dropFirst() == ["failed: the events were not stored: no space left", "failed: thrown"])
        scene.ask(try scene.spawn()) { .add(1, $0) }
        scene.run()
        #expect(scene.all.last?.hasPrefix("6 at") == true)
        #expect(try scene.stored().map(\.sequence) == [1, 2])
    }

    @Test(
        "an incarnation stops where the outcome is unknown, and the next one counts what is stored once",
        arguments: [EntityStoreError.Code.timeout, .stale, .conflict, .unavailable])
    func ends(code: EntityStoreError.Code) throws {
        let scene = Scene()
        let ref = try scene.spawn()
        scene.ask(ref) { .add(5, $0) }
        scene.run()
        scene.store.appendsAnyway.withLock { $0 = code == .timeout }
        scene.store.failure.withLock {
            $0 = EntityStoreError(code, "gone", isOutcomeUnknown: code == .unavailable)
        }
        scene.ask(ref) { .add(7, $0) }
        scene.run()
        scene.store.failure.withLock { $0 = nil }
        #expect(scene.all.count == 2)
        #expect(scene.all.last?.hasPrefix("failed: ") == true)
        scene.ask(ref) { .get($0) }
        scene.ask(try scene.spawn()) { .add(1, $0) }
        scene.run()
        #expect(scene.all.contains { $0.hasPrefix("no such actor") })
        #expect(scene.all.last?.hasPrefix(code == .timeout ? "13 at" : "6 at") == true, "\(scene.all)")
    }

    @Test("the entity can stop when its events are stored")
    func stops() throws {
        let scene = Scene()
        let ref = try scene.spawn()
        scene.ask(ref) { .addAndStop(5, $0) }
        scene.run()
        scene.ask(ref) { .get($0) }
        scene.run()
        #expect(scene.all.first == "5 at 0.050")
        #expect(scene.all.last?.hasPrefix("no such actor") == true)
    }

    @Test("a start reads the snapshot and the events since, in pages; deleted events are in the snapshot")
    func snapshots() throws {
        let scene = Scene()
        let ref = try scene.spawn(snapshots: .every(3, deletesEvents: true))
        for number in 1...7 { scene.ask(ref) { .add(number, $0) } }
        scene.run(.seconds(2))
        #expect(scene.all.last?.hasPrefix("28 at") == true)
        #expect(try scene.stored().map(\.sequence) == [7])
        scene.ask(try scene.spawn(snapshots: .every(3, deletesEvents: true))) { .get($0) }
        scene.run()
        #expect(scene.all.last?.hasPrefix("28 at") == true)
        // A state that does not need to be stored cannot be read from a snapshot, and does not start from zero.
        scene.ask(try scene.spawn()) { .get($0) }
        scene.run()
        #expect(scene.all.last?.hasPrefix("28 at") == false)
        let many = Scene()
        try many.append(Array(repeating: Self.added(1), count: 1200))
        many.ask(try many.spawn()) { .get($0) }
        many.run()
        #expect(many.all.last?.hasPrefix("1200 at") == true)
        #expect(many.store.reads.withLock { $0 } == 3)
    }

    @Test("a snapshot that cannot be stored costs nothing but time at the next start")
    func noSnapshot() throws {
        let scene = Scene()
        let ref = try scene.spawn(snapshots: .every(1))
        scene.ask(ref) { .add(5, $0) }
        scene.run(.milliseconds(70))
        // The reply did not wait for the snapshot that is under way.
        #expect(scene.all == ["5 at 0.050"])
        scene.store.failure.withLock { $0 = EntityStoreError(.full, "no space left") }
        scene.run()
        scene.store.failure.withLock { $0 = nil }
        scene.ask(try scene.spawn(snapshots: .every(1))) { .get($0) }
        scene.ask(ref) { .get($0) }
        scene.run()
        #expect(scene.all.dropFirst().allSatisfy { $0.hasPrefix("5 at") })
        #expect(scene.all.count == 3)
    }

    @Test("events of earlier versions are upcast to none, one or several; those of later versions are refused")
    func versions() throws {
        let scene = Scene()
        try scene.append([Self.added(1), Self.added(2), Self.added(3, version: 2)])
        let form = EventForm<Event>(
            version: 2, manifest: "Event",
            upcast: { record in
                #expect(record.version == 1)
                return record.payload.contains(UInt8(ascii: "1")) ? [] : [.added(20), .added(200)]
            }, tags: { _ in ["z", "a"] })
        let ref = try scene.spawn(events: form)
        scene.ask(ref) { .add(4, $0) }
        scene.run()
        #expect(scene.all.last?.hasPrefix("227 at") == true, "\(scene.all)")
        let last = try #require(try scene.stored().last)
        #expect(last.sequence == 4)
        #expect(last.record.tags == ["a", "z"])
        #expect(last.record.version == 2)
        scene.ask(try scene.spawn(events: EventForm(manifest: "Event"))) { .get($0) }
        scene.run()
        #expect(scene.all.last?.hasPrefix("no such actor") == true, "\(scene.all)")
        let broken = StoredEvent(
            type: "t", entity: "e", sequence: 1, record: EventRecord(payload: [1], manifest: "Event"))
        let error = #expect(throws: EntityStoreError.self) {
            _ = try EventForm<Event>(manifest: "Event").events(from: broken)
        }
        #expect(error?.code == .corrupt)
    }

    @Test("an entity whose first events are gone, or whose store keeps no events, does not start from zero")
    func missing() throws {
        let scene = Scene()
        try scene.append([Self.added(1), Self.added(2)])
        try scene.wait { try await scene.store.inner.deleteEvents(of: scene.key, through: 1, fence: scene.fence) }
        scene.ask(try scene.spawn()) { .get($0) }
        scene.run()
        #expect(scene.all.last?.hasPrefix("no such actor") == true, "\(scene.all)")

        final class States: EntityStore {
            func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]? { nil }
            func save(_ state: [UInt8], for key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {}
            func delete(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {}
        }
        let other = Scene()
        other.ask(try other.spawn(States())) { .get($0) }
        other.run()
        #expect(other.all.last?.hasPrefix("no such actor") == true, "\(other.all)")
        let snapshots = Snapshots<Int>.every(2)
        let bytes = try snapshots.bytes(of: 7, after: 1 << 40)
        let content = try snapshots.content(of: bytes)
        #expect((content.state, content.sequence) == (7, 1 << 40))
        #expect(content.reminders == [])
        for bytes in [[], [0xCC, 0], Array(bytes.dropLast()), [0xCA] + bytes.dropFirst()] as [[UInt8]] {
            #expect(throws: EntityStoreError.self) { _ = try snapshots.content(of: bytes) }
        }
    }
}
