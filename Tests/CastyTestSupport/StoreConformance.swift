import CastyCore
package import CastySharding
import Synchronization

/// What every store of entities' states must do, as checks that report violations.
///
/// `open` opens the same store once more, as another node does that reaches it.
package struct StoreConformance: Sendable {
    package typealias Open = @Sendable () throws -> any EntityStore

    let open: Open
    private let cluster = ClusterID(high: 1, low: 1)

    package init(_ open: @escaping Open) {
        self.open = open
    }

    /// A token of the cluster of the checks.
    package func fence(_ sequence: UInt64, upNumber: Int = 1, start: Int = 1) -> ShardFence {
        ShardFence(cluster: cluster, upNumber: upNumber, start: start, sequence: sequence)
    }

    /// A key of an account; all accounts have one shard where `shards` is 1.
    package func key(_ id: String, type: String = "account", shards: Int = 1) -> EntityKey {
        EntityKey(type: type, id: id, shards: shards)
    }

    /// Runs all checks, each on entities of its own.
    package func violations() async throws -> [String] {
        var found: [String] = []
        found += try await states()
        found += try await fences()
        found += try await laterOwners()
        found += try await layouts()
        found += try await manyAtOnce()
        found += try await races()
        if let store = try open() as? any RemindingEntityStore { found += try await wakes(store) }
        return found
    }

    private func states() async throws -> [String] {
        var found: [String] = []
        let store = try open()
        func expect(_ id: String, type: String = "account", _ state: [UInt8]?, _ what: String) async throws {
            for (name, store) in [("the writer", store), ("another opener", try open())] {
                let loaded = try await store.load(key(id, type: type), fence: fence(1))
                if loaded != state { found.append("\(what): \(name) reads \(String(describing: loaded))") }
            }
        }
        try await expect("s-1", nil, "an entity that was never saved")
        try await store.save([1], for: key("s-1"), fence: fence(1))
        try await store.save([1, 2], for: key("s-1"), fence: fence(1))
        try await expect("s-1", [1, 2], "the second state of an entity")
        try await store.save([9], for: key("s-1", type: "cart"), fence: fence(1))
        try await expect("s-1", [1, 2], "an entity beside one of another type with its id")
        try await expect("s-1", type: "cart", [9], "an entity of another type")
        try await store.save([], for: key("ü \u{0}\n'"), fence: fence(1))
        try await expect("ü \u{0}\n'", [], "an empty state under an unusual id")
        try await store.delete(key("s-1"), fence: fence(1))
        try await expect("s-1", nil, "a deleted entity")
        try await store.save([3], for: key("s-1"), fence: fence(1))
        try await expect("s-1", [3], "an entity that was saved after it had been deleted")
        let large = [UInt8](repeating: 7, count: 1 << 20)
        try await store.save(large, for: key("s-large"), fence: fence(1))
        try await expect("s-large", large, "a state of a mebibyte")
        return found
    }

    private func fences() async throws -> [String] {
        var found: [String] = []
        let (former, latter) = (try open(), try open())
        func code(_ body: () async throws -> Void) async -> EntityStoreError.Code? {
            do { try await body() } catch { return (error as? EntityStoreError)?.code }
            return nil
        }
        func expect(_ code: EntityStoreError.Code?, _ expected: EntityStoreError.Code?, _ what: String) {
            if code != expected { found.append("\(what): \(code.map { $0.rawValue } ?? "allowed")") }
        }
        func key(_ id: String) -> EntityKey { self.key(id, type: "fenced") }
        try await former.save([1], for: key("f-1"), fence: fence(5))
        _ = try await latter.load(key("f-2"), fence: fence(6))
        expect(
            await code { try await former.save([2], for: key("f-1"), fence: fence(5)) }, .stale,
            "a save after the next owner has read another entity of the shard")
        expect(
            await code { _ = try await former.load(key("f-1"), fence: fence(5)) }, .stale,
            "a load after the next owner has read")
        expect(
            await code { try await former.delete(key("f-1"), fence: fence(5)) }, .stale,
            "a deletion after the next owner has read")
        if try await latter.load(key("f-1"), fence: fence(6)) != [1] { found.append("a refused save had an effect") }
        try await latter.save([3], for: key("f-1"), fence: fence(7))
        expect(
            await code { try await latter.save([4], for: key("f-1"), fence: fence(6)) }, .stale,
            "a save with a token that the same node had before")
        // The order of tokens: coordinator, then start, then sequence.
        expect(
            await code { try await former.save([5], for: key("f-1"), fence: fence(1, upNumber: 1, start: 2)) }, nil,
            "a save of a later start with a lower sequence")
        expect(
            await code { try await former.save([6], for: key("f-1"), fence: fence(1, upNumber: 2)) }, nil,
            "a save of a later coordinator with a lower start")
        expect(
            await code { try await latter.save([7], for: key("f-1"), fence: fence(100, upNumber: 1, start: 9)) },
            .stale,
            "a save of an earlier coordinator with a higher sequence")
        let other = ShardFence(cluster: ClusterID(high: 1, low: 2), upNumber: 9, start: 1, sequence: 1)
        expect(
            await code { try await former.save([8], for: key("f-1"), fence: other) }, .foreign,
            "a save by another cluster")
        expect(
            await code { _ = try await former.load(key("f-1"), fence: other) }, .foreign, "a load by another cluster")
        if try await former.load(key("f-1"), fence: fence(1, upNumber: 2)) != [6] {
            found.append("the state is not the one that was saved last")
        }
        return found
    }

    /// The number of shards of a type changes; a node that has the former number is an owner of the past.
    private func layouts() async throws -> [String] {
        let (former, latter) = (try open(), try open())
        try await former.save([1], for: key("l-1", type: "laid", shards: 4), fence: fence(1))
        guard try await latter.load(key("l-1", type: "laid", shards: 6), fence: fence(1, upNumber: 2)) == [1] else {
            return ["a state is not found after a change of the number of shards"]
        }
        do {
            try await former.save([2], for: key("l-1", type: "laid", shards: 4), fence: fence(2))
            return ["a node with the former number of shards has saved"]
        } catch  where error.code == .stale {
            return []
        }
    }

    private func manyAtOnce() async throws -> [String] {
        let store = try open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    for step in UInt8(0)..<10 {
                        try await store.save([step], for: key("m-\(number)", type: "many", shards: 8), fence: fence(1))
                    }
                }
            }
            try await group.waitForAll()
        }
        let reader = try open()
        var found: [String] = []
        for number in 0..<64 {
            let state = try await reader.load(key("m-\(number)", type: "many", shards: 8), fence: fence(1))
            if state != [9] { found.append("m-\(number) is \(String(describing: state)) after saves of many at once") }
        }
        return found
    }

    /// A former owner saves while the next one loads: one of them must notice the other.
    private func races() async throws -> [String] {
        var found: [String] = []
        var refused = 0
        let (first, second) = (try open(), try open())
        for round in UInt64(0)..<60 {
            let key = key("r-\(round)", type: "raced")
            try await first.save([0], for: key, fence: fence(2 * round + 1))
            async let saved: Bool = {
                do {
                    try await first.save([1], for: key, fence: fence(2 * round + 1))
                    return true
                } catch { return false }
            }()
            let loaded = try await second.load(key, fence: fence(2 * round + 2))
            let isSaved = await saved
            if !isSaved { refused += 1 }
            let after = try await second.load(key, fence: fence(2 * round + 2))
            if isSaved, loaded != [1] {
                found.append("round \(round): a save that counts was not read by the next owner")
            }
            if loaded == [1], after != [1] { found.append("round \(round): what was read once is gone") }
        }
        return found
    }
}
