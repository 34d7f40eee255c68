import CastyCore
import CastySharding
import CastySimulator
import Synchronization
import Testing

@testable import CastyInvariants
@testable import CastyTestbed

@Suite("Journals on a disk that fails")
struct JournalTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static let account = EntityKey(type: "account", id: "account-1", shards: 1)

    private func token(_ sequence: UInt64) -> ShardFence {
        ShardFence(cluster: ClusterID(high: 1, low: 1), upNumber: 1, start: 1, sequence: sequence)
    }

    private func code(_ body: () throws -> Void) -> EntityStoreError.Code? {
        do { try body() } catch { return (error as? EntityStoreError)?.code }
        return nil
    }

    @Test("a torn tail is cut off, however much of it is there, and what stands before it is kept")
    func torn() throws {
        let whole = SimulatedDisk(generator: SeededGenerator(seed: 1))
        let journal = Journal(whole, name: "j", node: "n1")
        for text in ["one", "two", "three"] { try journal.append(bytes(text)) }
        let all = try whole.read("j", by: "n1")
        for length in 0..<all.count {
            let disk = SimulatedDisk(generator: SeededGenerator(seed: 1))
            try disk.append(Array(all.prefix(length)), to: "j", by: "n1")
            let found = try Journal(disk, name: "j", node: "n1").read()
            #expect(found == ["one", "two", "three"].map(bytes).prefix(found.count).map(\.self))
            #expect(found.count == [15, 30].count { $0 <= length })
            // Recovery twice is recovery once, and the next record stands where the torn one began.
            let again = Journal(disk, name: "j", node: "n2")
            #expect(try again.read() == found)
            try again.append(bytes("next"))
            #expect(try Journal(disk, name: "j", node: "n1").read() == found + [bytes("next")])
        }
    }

    @Test("a flipped bit is an error wherever it is, and never data")
    func corrupt() throws {
        let disk = SimulatedDisk(generator: SeededGenerator(seed: 1))
        let journal = Journal(disk, name: "j", node: "n1")
        for text in ["one", "two"] { try journal.append(bytes(text)) }
        let all = try disk.read("j", by: "n1")
        for bit in 0..<(all.count * 8) {
            var flipped = all
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            try disk.replace("j", with: flipped, by: "n1")
            #expect(code { _ = try Journal(disk, name: "j", node: "n1").read() } == .corrupt)
        }
    }

    @Test("whatever the disk does, what was acknowledged is there afterwards", arguments: UInt64(1)...60)
    func walk(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let disk = SimulatedDisk(generator: generator.fork("disk"))
        let violations = Mutex<[String]>([])
        let oracle = DurableOracle { id, entity, text in violations.withLock { $0.append("\(id) \(entity) \(text)") } }
        var stores = ["n1", "n2"].map { JournalStore(disk, node: $0, oracle: oracle) }
        var remembered: Set<String> = []
        var failures = 0
        for step in 0..<400 {
            let node = generator.below(2)
            let id = "account-\(generator.below(3))"
            switch generator.below(8) {
            case 0: disk.set(DiskTrouble.allCases[generator.below(5)], of: "n\(node + 1)")
            case 1: disk.set(nil, of: "n\(node + 1)")
            case 2:
                disk.crash(of: "n\(node + 1)")
                stores[node] = JournalStore(disk, node: "n\(node + 1)", oracle: oracle)
            case 3:
                let starts = generator.below(2) == 0
                // A shard is read before it is written, as by a region that has just been given it.
                let shard = StoreShard(type: "account", number: 0, of: 1)
                do {
                    _ = try await stores[node].load(shard, after: nil, limit: 9, fence: token(UInt64(step)))
                    try await stores[node].record(
                        starts ? .started(id) : .stopped(id), in: shard, fence: token(UInt64(step)))
                    if starts { remembered.insert(id) } else { remembered.remove(id) }
                } catch {
                    failures += 1
                }
            default:
                do {
                    // As an entity does that starts and then writes.
                    let (key, fence) = (EntityKey(type: "account", id: id, shards: 1), token(UInt64(step)))
                    _ = try await stores[node].load(key, fence: fence)
                    try await stores[node].save(bytes("\(step)"), for: key, fence: fence)
                } catch {
                    failures += 1
                }
            }
        }
        for node in ["n1", "n2"] { disk.set(nil, of: node) }
        let reader = JournalStore(disk, node: "n3", oracle: oracle)
        for number in 0..<3 {
            let key = EntityKey(type: "account", id: "account-\(number)", shards: 1)
            _ = try await reader.load(key, fence: token(1000))
        }
        #expect(violations.withLock { $0 } == [], "seed \(seed)")
        #expect(try reader.remembered(type: "account", shards: 1) == remembered.sorted(), "seed \(seed)")
        #expect(failures > 0)
    }

    @Test("whatever the disk does, an entity has the time that it needs or an earlier one", arguments: UInt64(1)...40)
    func wakes(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let disk = SimulatedDisk(generator: generator.fork("disk"))
        let oracle = DurableOracle { _, _, _ in }
        let open = { RemindingJournalStore(JournalStore(disk, node: "n1", oracle: oracle)) }
        var store = open()
        /// The time that the last state needs, by entity.
        var needed: [String: WallTime] = [:]
        var (failures, wanted) = (0, 0)
        for step in 0..<400 {
            let id = "account-\(generator.below(3))"
            switch generator.below(7) {
            case 0: disk.set(DiskTrouble.allCases[generator.below(5)], of: "n1")
            case 1: disk.set(nil, of: "n1")
            case 2:
                disk.crash(of: "n1")
                store = open()
            default:
                let time = generator.below(3) == 0 ? nil : WallTime(milliseconds: Int64(generator.below(1000)))
                let key = EntityKey(type: "account", id: id, shards: 1)
                do {
                    try await store.save(bytes("\(step)"), for: key, fence: token(UInt64(step)), wakeAt: time)
                    needed[id] = time
                } catch {
                    failures += 1
                }
            }
            if let wake = needed[id] {
                disk.set(nil, of: "n1")
                let due = try await open().wakes(of: "account", through: wake, after: nil, limit: 9)
                #expect(due.contains { $0.id == id }, "seed \(seed), step \(step): \(id) at \(wake), and \(due)")
                wanted += 1
            }
        }
        #expect(failures > 0)
        #expect(wanted > 100)
    }

    @Test("a state that comes back as none that was written breaks K1")
    func oracle() {
        let violations = Mutex<[String]>([])
        let oracle = DurableOracle { id, _, _ in violations.withLock { $0.append(id) } }
        load(oracle, nil, on: "n1", token(1))
        write(oracle, bytes("5"), on: "n1", token(1))
        _ = oracle.writes(bytes("6"), of: Self.account)
        _ = oracle.writes(bytes("7"), of: Self.account)
        load(oracle, bytes("6"), on: "n1", token(1))
        #expect(violations.withLock { $0 } == [])
        // What was read once is settled: neither the state before it nor another attempt may come after it.
        load(oracle, bytes("5"), on: "n1", token(1))
        load(oracle, bytes("7"), on: "n1", token(1))
        load(oracle, nil, on: "n1", token(1))
        #expect(violations.withLock { $0 } == ["K1", "K1", "K1"])
    }

    @Test("a write with a lower token than one before is a violation, and so is a reply by a node that lost the shard")
    func entitled() {
        let violations = Mutex<[String]>([])
        let oracle = DurableOracle(
            isEntitled: { _, node in node == "n2" }, object: { id, _, _ in violations.withLock { $0.append(id) } })
        write(oracle, bytes("5"), on: "n2", token(2))
        oracle.acknowledged("account-1", on: "n2")
        #expect(violations.withLock { $0 } == [])
        write(oracle, bytes("4"), on: "n1", token(1))
        #expect(violations.withLock { $0 } == ["K1"])
        oracle.acknowledged("account-1", on: "n1")
        #expect(violations.withLock { $0 } == ["K1", "K1"])
        load(oracle, bytes("5"), on: "n1", token(1))
        #expect(violations.withLock { $0 } == ["K1", "K1", "K1"])
        #expect(oracle.comebacks == 0)
    }

    @Test("a write that lands after a later call of its node is a violation")
    func late() {
        let violations = Mutex<[String]>([])
        let oracle = DurableOracle { id, _, text in violations.withLock { $0.append("\(id) \(text)") } }
        let old = oracle.writes(bytes("5"), of: Self.account)
        load(oracle, nil, on: "n1", token(1))
        oracle.wrote(bytes("5"), of: Self.account, on: "n1", token(1), call: old)
        #expect(violations.withLock { $0 } == ["K1 n1 wrote \"5\" after a later call of its own had used it"])
        write(oracle, bytes("6"), on: "n1", token(1))
        #expect(violations.withLock { $0.count } == 1)
    }

    private func load(_ oracle: DurableOracle, _ state: [UInt8]?, on node: String, _ fence: ShardFence) {
        oracle.loaded(state, of: Self.account, on: node, fence, call: oracle.loads(Self.account))
    }

    private func write(_ oracle: DurableOracle, _ state: [UInt8]?, on node: String, _ fence: ShardFence) {
        let call = oracle.writes(state, of: Self.account)
        oracle.wrote(state, of: Self.account, on: node, fence, call: call)
    }
}
