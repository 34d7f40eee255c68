import CastyActors
import CastyCore
import CastySerialization
import CastySimulator
import Synchronization
import Testing

@testable import CastySharding

/// What the tests of event-sourced entities use.
extension EventSourcedTests {
    enum Message: Sendable {
        case add(Int, ActorRef<Int>)
        case addTwice(Int, ActorRef<Int>)
        case get(ActorRef<Int>)
        case addAndThrow(Int, ActorRef<Int>)
        case addAndStop(Int, ActorRef<Int>)
    }

    enum Event: Codable, Hashable { case added(Int) }

    /// A class: a decision that was not stored must not show in it.
    final class Total: Codable {
        var total = 0
    }

    /// A store in memory whose calls take 50 ms and fail as told; `@unchecked` because the world runs on the thread of
    /// the test only.
    final class SlowStore: EventStore {
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
    final class Scene: @unchecked Sendable {
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

    static func added(_ number: Int, version: Int = 1) -> EventRecord {
        EventRecord(payload: Array(#"{"added":{"_0":\#(number)}}"#.utf8), manifest: "Event", version: version)
    }
}
