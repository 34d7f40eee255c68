import CastyActors
import CastyCore
import CastySerialization
import CastySimulator
import CastyTestSupport
import Synchronization
import Testing

@testable import CastySharding

@Suite("Event-sourced entities")
struct EventSourcedTests {
    private enum Message: Sendable {
        case add(Int, ActorRef<Int>)
        case addTwice(Int, ActorRef<Int>)
        case get(ActorRef<Int>)
        case addAndThrow(Int, ActorRef<Int>)
        case addAndStop(Int, ActorRef<Int>)
    }

    private enum Event: Codable, Hashable { case added(Int) }

    /// A class: a decision that was not stored must not show in it.
    private final class Total: Codable {
        var total = 0
    }

    /// A store in memory whose calls take 50 ms and fail as told; `@unchecked` because the world runs on the thread of
    /// the test only.
    private final class SlowStore: EventStore {
        let inner = InMemoryEntityStore()
        let failure = Mutex<EntityStoreError?>(nil)
        /// Whether an append that fails has appended all the same.
        let appendsAnyway = Mutex(false)
        let reads = Mutex(0)
        let sleep: @Sendable () async -> Void

        init(_ sleep: @escaping @Sendable () async -> Void) { self.sleep = sleep }

        func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]? {
            try await inner.load(key, fence: fence)
        }

        func save(_ state: [UInt8], for key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
            await sleep()
            if let failure = failure.withLock({ $0 }) { throw failure }
            try await inner.save(state, for: key, fence: fence)
        }

        func delete(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
            try await inner.delete(key, fence: fence)
        }

        func append(
            _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence
        ) async throws(EntityStoreError) {
            await sleep()
            let failure = failure.withLock { $0 }
            if failure == nil || appendsAnyway.withLock({ $0 }) {
                try await inner.append(events, after: sequence, for: key, fence: fence)
            }
            if let failure { throw failure }
        }

        func events(
            of key: EntityKey, after sequence: UInt64, limit: Int, fence: ShardFence
        ) async throws(EntityStoreError) -> EventPage {
            reads.withLock { $0 += 1 }
            return try await inner.events(of: key, after: sequence, limit: limit, fence: fence)
        }

        func deleteEvents(
            of key: EntityKey, through sequence: UInt64, fence: ShardFence
        ) async throws(EntityStoreError) {
            try await inner.deleteEvents(of: key, through: sequence, fence: fence)
        }

        func events(
            matching filter: EventFilter, after offset: EventOffset, limit: Int
        ) async throws(EntityStoreError) -> EventBatch {
            try await inner.events(matching: filter, after: offset, limit: limit)
        }
    }

    /// One entity of a simulated node, and what its askers have got.
    private final class Scene: @unchecked Sendable {
        let world = SimulatedWorld(seed: 1)
        let system: ActorSystem
        let store: SlowStore
        let calls = StoreCalls()
        let mayAct = Mutex(true)
        let answers = Mutex<[String]>([])
        let key = EntityKey(type: "counter", id: "counter-1", shards: 1)
        let fence = ShardFence(cluster: ClusterID(high: 1, low: 1), upNumber: 1, start: 1, sequence: 1)

        init() {
            let node = world.node(name: "n1", address: NodeAddress(host: "127.0.0.1", port: 1))
            let system = ActorSystem(name: "test", address: node.address, world: node.world)
            self.system = system
            store = SlowStore { try? await system.sleep(for: .milliseconds(50)) }
        }

        func entity(_ store: any EntityStore) -> EntityContext {
            let access = StoreAccess(store, key: key, system: system, calls: calls, limit: .seconds(1)) { [self] in
                mayAct.withLock { $0 } ? fence : nil
            }
            return EntityContext(
                type: "counter", id: key.id, shard: 0, node: system.unique, incarnation: 1, access: access,
                passivate: {})
        }

        func spawn(
            _ other: (any EntityStore)? = nil, events: EventForm<Event> = EventForm(),
            snapshots: Snapshots<Total> = .never
        ) throws -> ActorRef<Message> {
            try system.spawn(
                .eventSourced(entity(other ?? store), Total(), events: events, snapshots: snapshots) { _, _, message in
                    switch message {
                    case .add(let number, let replyTo):
                        .persist(.added(number)).then { replyTo.tell($0.total) }
                    case .addTwice(let number, let replyTo):
                        .persist(.added(number), .added(number)).then { replyTo.tell($0.total) }
                    case .get(let replyTo): .none.then { replyTo.tell($0.total) }
                    case .addAndThrow(_, let replyTo):
                        try Self.tellAndThrow(replyTo)
                    case .addAndStop(let number, let replyTo):
                        .persist(.added(number)).then { replyTo.tell($0.total) }.thenStop()
                    }
                } apply: { total, event in
                    switch event {
                    case .added(let number): total.total += number
                    }
                })
        }

        private static func tellAndThrow(_ replyTo: ActorRef<Int>) throws -> EventEffect<Total, Event> {
            replyTo.tell(-1)
            throw EntityStoreError(.unavailable, "thrown")
        }

        func ask(_ ref: ActorRef<Message>, _ message: @escaping @Sendable (ActorRef<Int>) -> Message) {
            system.ask(ref, within: .seconds(5), message) { [self] (result: Result<Int, AskError>) in
                let text =
                    switch result {
                    case .success(let number): "\(number) at \(system.now)"
                    case .failure(let error): "\(error.code): \(error.reason ?? "")"
                    }
                answers.withLock { $0.append(text) }
            }
        }

        func run(_ duration: Duration = .seconds(1)) { world.run(until: world.now + duration) }

        /// Runs work to its end while the world stands still.
        func wait<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
            let result = Mutex<Result<Value, any Error>?>(nil)
            Task(executorPreference: system.tasks) {
                let value: Result<Value, any Error>
                do { value = .success(try await work()) } catch { value = .failure(error) }
                result.withLock { $0 = value }
            }
            run()
            return try #require(result.withLock { $0 }).get()
        }

        func stored() throws -> [StoredEvent] {
            try wait { [self] in
                try await store.inner.events(of: key, after: 0, limit: 100_000, fence: fence).events
            }
        }

        func append(_ records: [EventRecord], after sequence: UInt64 = 0) throws {
            try wait { [self] in try await store.inner.append(records, after: sequence, for: key, fence: fence) }
        }

        var all: [String] { answers.withLock { $0 } }

        deinit { world.dispose() }
    }

    private static func added(_ number: Int, version: Int = 1) -> EventRecord {
        EventRecord(payload: Array(#"{"added":{"_0":\#(number)}}"#.utf8), manifest: "Event", version: version)
    }

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
