import CastyActors
import CastyCore
import CastySimulator
import Synchronization
import Testing

@testable import CastySharding

@Suite("Reminders of event-sourced entities")
struct EventReminderTests {
    private enum Message: Codable, Sendable {
        case remind(seconds: Int, replyTo: ActorRef<Int>)
        case due
        case stop
        case get(replyTo: ActorRef<Int>)
    }

    private enum Event: Codable, SendableMetatype { case set, handled }

    /// A store of events without reminders, on another one.
    private final class Plain: EventStore {
        let inner = InMemoryEntityStore()

        func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]? {
            try await inner.load(key, fence: fence)
        }

        func save(_ state: [UInt8], for key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
            try await inner.save(state, for: key, fence: fence)
        }

        func delete(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
            try await inner.delete(key, fence: fence)
        }

        func append(
            _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence
        ) async throws(EntityStoreError) {
            try await inner.append(events, after: sequence, for: key, fence: fence)
        }

        func events(
            of key: EntityKey, after sequence: UInt64, limit: Int, fence: ShardFence
        ) async throws(EntityStoreError) -> EventPage {
            try await inner.events(of: key, after: sequence, limit: limit, fence: fence)
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

    /// One entity of a simulated node. `@unchecked` because the world runs on the thread of the test only.
    private final class Scene: @unchecked Sendable {
        let world = SimulatedWorld(seed: 1)
        let system: ActorSystem
        let store: any EventStore
        let mayAct = Mutex(true)
        let answers = Mutex<[String]>([])
        let key = EntityKey(type: "order", id: "order-1", shards: 1)
        let fence = ShardFence(cluster: ClusterID(high: 1, low: 1), upNumber: 1, start: 1, sequence: 1)

        init(_ store: any EventStore) {
            self.store = store
            let node = world.node(name: "n1", address: NodeAddress(host: "127.0.0.1", port: 1))
            system = ActorSystem(name: "test", address: node.address, world: node.world)
        }

        func spawn() throws -> ActorRef<Message> {
            let clock = system.world.wallClock
            let access = StoreAccess(store, key: key, system: system, calls: StoreCalls(), limit: .seconds(1)) {
                [self] in mayAct.withLock { $0 } ? fence : nil
            }
            let entity = EntityContext(
                type: "order", id: key.id, shard: 0, node: system.unique, incarnation: 1, access: access,
                clock: { clock.now }, passivate: {})
            return try system.spawn(
                .eventSourced(entity, 0, snapshots: .every(4)) { _, _, message in
                    switch message {
                    case .remind(let seconds, let replyTo):
                        try entity.remind("due", at: entity.wallTime + .seconds(seconds), Message.due)
                        return .persist(Event.set).then { replyTo.tell($0) }
                    case .stop: return .stop
                    case .due: return .persist(Event.handled)
                    case .get(let replyTo): return .none.then { replyTo.tell($0) }
                    }
                } apply: { count, event in
                    switch event {
                    case .set: count += 1
                    case .handled: count += 100
                    }
                })
        }

        /// What an asker gets.
        func ask(
            _ ref: ActorRef<Message>, _ message: @escaping @Sendable (ActorRef<Int>) -> Message
        ) throws -> String {
            answers.withLock { $0 = [] }
            system.ask(ref, within: .seconds(5), message) { [self] (result: Result<Int, AskError>) in
                let text =
                    switch result {
                    case .success(let number): "\(number)"
                    case .failure(let error): "\(error.code): \(error.reason ?? "")"
                    }
                answers.withLock { $0.append(text) }
            }
            run(1)
            return try #require(answers.withLock { $0.first })
        }

        func run(_ seconds: Int) { world.run(until: world.now + .seconds(seconds)) }

        /// Appends behind the entity's back.
        func append(_ record: EventRecord, after sequence: UInt64) {
            Task(executorPreference: system.tasks) { [self] in
                try? await store.append([record], after: sequence, for: key, fence: fence)
            }
            run(1)
        }

        deinit { world.dispose() }
    }

    @Test("a store of events that keeps no reminders is named, and the turn has no effect")
    func unsupported() throws {
        let scene = Scene(Plain())
        let ref = try scene.spawn()
        let answer = try scene.ask(ref) { .remind(seconds: 1, replyTo: $0) }
        #expect(answer.contains("Plain is no RemindingEventStore"), "\(answer)")
        #expect(try scene.ask(try scene.spawn()) { .get(replyTo: $0) } == "0")
    }

    @Test("an append that the store refuses sets no reminder; one that is stored outlives incarnations and snapshots")
    func refused() throws {
        let scene = Scene(InMemoryEntityStore())
        let ref = try scene.spawn()
        #expect(try scene.ask(ref) { .get(replyTo: $0) } == "0")
        scene.mayAct.withLock { $0 = false }
        #expect(try scene.ask(ref) { .remind(seconds: 3, replyTo: $0) }.hasPrefix("1") == false)
        scene.mayAct.withLock { $0 = true }
        scene.run(10)
        let next = try scene.spawn()
        #expect(try scene.ask(next) { .get(replyTo: $0) } == "0")
        // Four events, two of them the runtime's: the reminder is in the snapshot.
        #expect(try scene.ask(next) { .remind(seconds: 60, replyTo: $0) } == "1")
        #expect(try scene.ask(next) { .remind(seconds: 30, replyTo: $0) } == "2")
        next.tell(.stop)
        scene.run(40)
        let last = try scene.spawn()
        scene.run(1)
        #expect(try scene.ask(last) { .get(replyTo: $0) } == "102")
        scene.run(60)
        #expect(try scene.ask(last) { .get(replyTo: $0) } == "102")
    }

    @Test("an event of the runtime's that this program does not know stops the entity with words")
    func unknown() throws {
        let scene = Scene(InMemoryEntityStore())
        scene.append(EventRecord(payload: [], manifest: "casty.later"), after: 0)
        let answer = try scene.ask(try scene.spawn()) { .get(replyTo: $0) }
        #expect(answer != "0")
        let known = EventRecord(reminders: [])
        #expect(known.isReserved)
        let key = scene.key
        func event(_ record: EventRecord) -> StoredEvent {
            StoredEvent(type: key.type, entity: key.id, sequence: 1, record: record)
        }
        #expect(try event(known).reminders() == [])
        #expect(try event(EventRecord(payload: [1], manifest: "added")).reminders() == nil)
        let broken = EventRecord(payload: [0, 0, 0, 1], manifest: EventRecord.reminderManifest)
        let later = EventRecord(payload: [], manifest: EventRecord.reminderManifest, version: 2)
        for (record, code) in [(broken, EntityStoreError.Code.corrupt), (later, .newer)] {
            let error = #expect(throws: EntityStoreError.self) { try event(record).reminders() }
            #expect(error?.code == code)
        }
    }

    @Test("a snapshot has its reminders in it")
    func snapshots() throws {
        let snapshots = Snapshots<Int>.every(2)
        let reminders = [ReminderBook.Reminder(name: "ü", at: WallTime(milliseconds: -5), message: [1, 2])]
        let bytes = try snapshots.bytes(of: 7, after: 9, reminders: reminders)
        let content = try snapshots.content(of: bytes)
        #expect((content.state, content.sequence) == (7, 9))
        #expect(content.reminders == reminders)
        #expect(throws: EntityStoreError.self) { try snapshots.content(of: Array(bytes.prefix(20))) }
    }
}
