import CastyActors
import CastyCore
import CastySerialization
import CastySimulator
import Synchronization
import Testing

@testable import CastySharding

/// What the tests of durable entities use.
extension DurableTests {
    enum Message: Sendable {
        case add(Int, replyTo: ActorRef<Int>?)
        case get(replyTo: ActorRef<Int>)
        case addAndThrow(Int, ActorRef<Int>)
    }

    /// A store in memory that takes its time, and fails as it is told to.
    final class SlowStore: EntityStore {
        private struct State {
            var saved: [UInt8]?
            var failure: EntityStoreError?
            var saves = 0
            var begun = 0
            var duration = Duration.milliseconds(50)
        }

        private let state = Mutex(State())
        let sleep: @Sendable (Duration) async -> Void

        init(_ sleep: @escaping @Sendable (Duration) async -> Void) {
            self.sleep = sleep
        }

        var saved: [UInt8]? {
            get { state.withLock { $0.saved } }
            set { state.withLock { $0.saved = newValue } }
        }

        var failure: EntityStoreError? {
            get { state.withLock { $0.failure } }
            set { state.withLock { $0.failure = newValue } }
        }

        var saves: Int { state.withLock { $0.saves } }

        /// How many saves have begun.
        var begun: Int { state.withLock { $0.begun } }

        var duration: Duration {
            get { state.withLock { $0.duration } }
            set { state.withLock { $0.duration = newValue } }
        }

        func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]? { saved }

        func save(_ bytes: [UInt8], for key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
            state.withLock { $0.begun += 1 }
            await sleep(duration)
            if let failure { throw failure }
            state.withLock { state in
                state.saved = bytes
                state.saves += 1
            }
        }

        func delete(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) { saved = nil }
    }

    /// One entity of a simulated node, and what its askers have got.
    /// `@unchecked` because the world runs on the thread of the test only.
    final class Scene: @unchecked Sendable {
        let world = SimulatedWorld(seed: 1)
        let system: ActorSystem
        let store: SlowStore
        let calls = StoreCalls()
        let mayAct = Mutex(true)
        let answers = Mutex<[String]>([])

        init() {
            let node = world.node(name: "n1", address: NodeAddress(host: "127.0.0.1", port: 1))
            let system = ActorSystem(name: "test", address: node.address, world: node.world)
            self.system = system
            store = SlowStore { try? await system.sleep(for: $0) }
        }

        var entity: EntityContext {
            let fence = ShardFence(cluster: ClusterID(high: 1, low: 1), upNumber: 1, start: 1, sequence: 1)
            let key = EntityKey(type: "counter", id: "counter-1", shards: 1)
            let access = StoreAccess(store, key: key, system: system, calls: calls, limit: .seconds(1)) { [self] in
                mayAct.withLock { $0 } ? fence : nil
            }
            return EntityContext(
                type: "counter", id: key.id, shard: 0, node: system.unique, incarnation: 1, access: access,
                passivate: {})
        }

        func spawn(version: Int = 1) throws -> ActorRef<Message> {
            try system.spawn(
                .durable(
                    entity, 0, version: version,
                    migrate: { bytes, found in
                        #expect(found == 1)
                        return (Int(String(decoding: bytes, as: UTF8.self)) ?? 0) * 100
                    }
                ) { total, _, message in
                    switch message {
                    case .add(let number, let replyTo):
                        total += number
                        replyTo?.tell(total)
                    case .get(let replyTo): replyTo.tell(total)
                    case .addAndThrow(let number, let replyTo):
                        total += number
                        replyTo.tell(total)
                        throw EntityStoreError(.unavailable, "thrown")
                    }
                    return .same
                })
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

        /// What a load of the entity gives after its time limit.
        func load() -> String? {
            let ended = Mutex<String?>(nil)
            let entity = entity
            Task(executorPreference: system.tasks) {
                do throws(EntityStoreError) {
                    _ = try await entity.load()
                    ended.withLock { $0 = "loaded" }
                } catch {
                    ended.withLock { $0 = "\(error.code): \(error.message)" }
                }
            }
            run(.seconds(2))
            return ended.withLock { $0 }
        }

        func run(_ duration: Duration) { world.run(until: world.now + duration) }

        var all: [String] { answers.withLock { $0 } }

        deinit { world.dispose() }
    }
}
