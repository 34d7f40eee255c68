import CastyActors
import CastyCore
import CastySerialization
import CastySimulator
import Synchronization
import Testing

@testable import CastySharding

@Suite("Durable entities")
struct DurableTests {
    @Test("a reply leaves when the change is saved, and what changes nothing is not saved")
    func reply() throws {
        let scene = Scene()
        let ref = try scene.spawn()
        scene.ask(ref) { .add(5, replyTo: $0) }
        scene.ask(ref) { .get(replyTo: $0) }
        scene.run(.milliseconds(40))
        #expect(scene.all == [])
        scene.run(.seconds(1))
        #expect(scene.all == ["5 at 0.050", "5 at 0.050"])
        #expect(scene.store.saves == 1)
        let again = try scene.spawn()
        scene.ask(again) { .get(replyTo: $0) }
        scene.run(.seconds(1))
        #expect(scene.all.last?.hasPrefix("5 at") == true)
    }

    @Test("a change that was surely not saved has no effect: its asker learns why, and the entity goes on")
    func full() throws {
        let scene = Scene()
        let ref = try scene.spawn()
        scene.ask(ref) { .add(5, replyTo: $0) }
        scene.run(.seconds(1))
        scene.store.failure = EntityStoreError(.full, "no space left")
        scene.ask(ref) { .add(7, replyTo: $0) }
        scene.run(.seconds(1))
        scene.store.failure = nil
        scene.ask(ref) { .get(replyTo: $0) }
        scene.run(.seconds(1))
        #expect(scene.all.count == 3)
        #expect(scene.all.dropFirst().first == "failed: the change was not saved: no space left")
        #expect(scene.all.last?.hasPrefix("5 at") == true)
    }

    @Test(
        "an incarnation stops where the shard has moved, the store is silent, or it may have saved",
        arguments: ["lease", "stale", "unknown", "silent"])
    func ends(cause: String) throws {
        let scene = Scene()
        let ref = try scene.spawn()
        scene.ask(ref) { .add(5, replyTo: $0) }
        scene.run(.seconds(1))
        switch cause {
        case "lease": break
        case "stale": scene.store.failure = EntityStoreError(.stale, "moved")
        case "unknown": scene.store.failure = EntityStoreError(.unavailable, "gone", isOutcomeUnknown: true)
        default: scene.store.failure = EntityStoreError(.timeout, "silent")
        }
        scene.ask(ref) { .add(7, replyTo: $0) }
        scene.run(.milliseconds(20))
        // The lease ends while the store works: it may save, and nothing is acknowledged.
        if cause == "lease" { scene.mayAct.withLock { $0 = false } }
        scene.run(.seconds(1))
        #expect(scene.all.count == 2)
        #expect(scene.all.last?.hasPrefix("failed: ") == true)
        scene.ask(ref) { .get(replyTo: $0) }
        scene.run(.seconds(1))
        #expect(scene.all.last?.hasPrefix("no such actor") == true)
    }

    @Test("a handler that throws changes nothing, and what it told is dropped")
    func throwing() throws {
        let scene = Scene()
        let ref = try scene.spawn()
        scene.ask(ref) { .addAndThrow(5, $0) }
        scene.run(.seconds(1))
        #expect(scene.all == ["failed: thrown"])
        #expect(scene.store.saved == nil)
    }

    /// A state that a copy shares.
    private final class Total: Codable {
        var total = 0
    }

    @Test("a refused change, and one whose handler throws, is not seen in an object either")
    func object() throws {
        let scene = Scene()
        let ref: ActorRef<Message> = try scene.system.spawn(
            .supervise(
                .durable(scene.entity, Total()) { state, _, message in
                    switch message {
                    case .add(let number, let replyTo):
                        state.total += number
                        replyTo?.tell(state.total)
                    case .get(let replyTo): replyTo.tell(state.total)
                    case .addAndThrow(let number, _):
                        state.total += number
                        throw EntityStoreError(.unavailable, "thrown")
                    }
                    return .same
                }, on: EntityStoreError.self, with: .resume))
        scene.ask(ref) { .add(5, replyTo: $0) }
        scene.run(.seconds(1))
        scene.store.failure = EntityStoreError(.full, "no space left")
        scene.ask(ref) { .add(7, replyTo: $0) }
        scene.run(.seconds(1))
        scene.store.failure = nil
        scene.ask(ref) { .addAndThrow(7, $0) }
        scene.ask(ref) { .get(replyTo: $0) }
        scene.run(.seconds(1))
        #expect(scene.all.count == 4)
        #expect(scene.all.last?.hasPrefix("5 at") == true, "\(scene.all)")
        #expect(scene.store.saves == 1)
    }

    @Test("a call that was refused because its owner has been confirmed meanwhile is done under the higher token")
    func confirmed() throws {
        let scene = Scene()
        let store = InMemoryEntityStore()
        let key = EntityKey(type: "counter", id: "counter-2", shards: 1)
        func token(_ sequence: UInt64) -> ShardFence {
            ShardFence(cluster: ClusterID(high: 1, low: 1), upNumber: 1, start: 1, sequence: sequence)
        }
        let (low, high) = (token(1), token(2))
        /// The outcome of a save whose owner finds these tokens in turn; the last one stays.
        func outcome(_ tokens: [ShardFence]) -> String? {
            let left = Mutex(tokens)
            let ended = Mutex<String?>(nil)
            let access = StoreAccess(store, key: key, system: scene.system, calls: scene.calls, limit: .seconds(1)) {
                left.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
            }
            Task(executorPreference: scene.system.tasks) {
                do throws(EntityStoreError) {
                    _ = try await store.load(key, fence: high)
                    try await access.run(changing: true) { store, key, fence throws(EntityStoreError) in
                        try await store.save([1], for: key, fence: fence)
                    }
                    ended.withLock { $0 = "saved" }
                } catch {
                    ended.withLock { $0 = "\(error.code)" }
                }
            }
            scene.run(.seconds(1))
            return ended.withLock { $0 }
        }
        #expect(outcome([low, high]) == "saved")
        #expect(outcome([low]) == "stale")
    }

    @Test("a store that does not answer is given up after the limit")
    func silence() throws {
        let scene = Scene()
        let slow = SlowStore { [system = scene.system] _ in try? await system.sleep(for: .seconds(3600)) }
        let fence = ShardFence(cluster: ClusterID(high: 1, low: 1), upNumber: 1, start: 1, sequence: 1)
        let access = StoreAccess(
            slow, key: EntityKey(type: "counter", id: "counter-2", shards: 1), system: scene.system,
            calls: scene.calls, limit: .seconds(1)
        ) { fence }
        let ended = Mutex<String?>(nil)
        Task(executorPreference: scene.system.tasks) {
            do throws(EntityStoreError) {
                try await access.run(changing: true) { store, key, fence throws(EntityStoreError) in
                    try await store.save([1], for: key, fence: fence)
                }
            } catch {
                ended.withLock { $0 = "\(error.code) \(error.isOutcomeUnknown) \(scene.system.now)" }
            }
        }
        scene.run(.seconds(5))
        #expect(ended.withLock { $0 } == "timeout true 1.000")
    }

    @Test("the next incarnation waits for the save of one that has stopped meanwhile")
    func barrier() throws {
        let scene = Scene()
        scene.store.duration = .milliseconds(800)
        let first = try scene.spawn()
        scene.ask(first) { .add(1, replyTo: $0) }
        scene.run(.milliseconds(100))
        // The save is under way; its incarnation stops and the next one loads.
        scene.system.stop(first)
        let second = try scene.spawn()
        scene.ask(second) { .add(10, replyTo: $0) }
        scene.run(.seconds(3))
        #expect(scene.all.last?.hasPrefix("11 at") == true, "\(scene.all)")
        #expect(scene.store.saved.map { String(decoding: $0.dropFirst(5), as: UTF8.self) } == "11")
        #expect(scene.calls.isIdle)
    }

    @Test("while a store hangs in one call it gets no other for the entity, and each asker learns why")
    func hung() throws {
        let scene = Scene()
        scene.store.duration = .seconds(12)
        scene.ask(try scene.spawn()) { .add(1, replyTo: $0) }
        scene.run(.seconds(2))
        #expect(scene.all.count == 1)
        for _ in 1...3 {
            scene.ask(try scene.spawn()) { .add(10, replyTo: $0) }
            scene.run(.seconds(2))
        }
        #expect(scene.all.count == 4)
        #expect(scene.store.begun == 1)
        #expect(scene.all[0].contains("has not answered"), "\(scene.all)")
        #expect(scene.all.dropFirst().allSatisfy { $0.hasPrefix("no such actor") }, "\(scene.all)")
        #expect(
            scene.load() == "unavailable: the store still works on an earlier call for counter-1, after 1.0 seconds")
        scene.run(.seconds(8))
        scene.store.duration = .milliseconds(50)
        // The save that was given up has landed; a new incarnation knows it.
        scene.ask(try scene.spawn()) { .add(10, replyTo: $0) }
        scene.run(.seconds(2))
        #expect(scene.all.last?.hasPrefix("11 at") == true, "\(scene.all)")
        #expect(scene.calls.isIdle)
    }

    @Test("states of earlier versions are migrated, those of later ones and foreign bytes are refused")
    func versions() throws {
        let scene = Scene()
        let ref = try scene.spawn()
        scene.ask(ref) { .add(5, replyTo: $0) }
        scene.run(.seconds(1))
        let later = try scene.spawn(version: 2)
        scene.ask(later) { .get(replyTo: $0) }
        scene.run(.seconds(1))
        #expect(scene.all.last?.hasPrefix("500 at") == true)
        scene.ask(later) { .add(1, replyTo: $0) }
        scene.run(.seconds(1))
        #expect(scene.all.last?.hasPrefix("501 at") == true)
        // The earlier program does not understand it, and does not start from zero.
        scene.ask(try scene.spawn()) { .get(replyTo: $0) }
        scene.run(.seconds(6))
        #expect(scene.all.count == 4)
        #expect(scene.all.last?.contains("at") == false || scene.all.last?.hasPrefix("no such actor") == true)
        let form = StateForm<Int>(version: 1, codec: JSONSerializer(), migrate: nil)
        for bytes in [[], [1], [0xCA, 0, 0, 0], Array("5".utf8), [0xCA, 0, 0, 0, 1, 34]] as [[UInt8]] {
            let error = #expect(throws: EntityStoreError.self) { _ = try form.state(from: bytes) }
            #expect(error?.code == .corrupt)
        }
        let error = #expect(throws: EntityStoreError.self) { _ = try form.state(from: [0xCA, 0, 0, 0, 2, 53]) }
        #expect(error?.code == .newer)
    }
}
