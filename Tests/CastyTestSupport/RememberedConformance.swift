import CastyCore
import CastyPlacement
package import CastySharding

/// What every store of remembered entities must do, as checks that report violations.
///
/// `open` opens the same store once more, as another node does that reaches it.
package struct RememberedConformance: Sendable {
    package typealias Open = @Sendable () throws -> any RememberedEntityStore

    private let open: Open
    private let cluster = ClusterID(high: 1, low: 1)

    package init(_ open: @escaping Open) {
        self.open = open
    }

    private func fence(_ sequence: UInt64, upNumber: Int = 1) -> ShardFence {
        ShardFence(cluster: cluster, upNumber: upNumber, start: 1, sequence: sequence)
    }

    private func shard(_ id: String, _ type: String, of count: Int = 1) -> StoreShard {
        StoreShard(type: type, number: StableHash.shard(of: id, count: count), of: count)
    }

    /// All entities of all shards, read in pages of three, sorted.
    private func all(
        _ store: any RememberedEntityStore, _ type: String, of count: Int = 1, fence: ShardFence
    ) async throws -> [String] {
        var found: [String] = []
        for number in 0..<count {
            let shard = StoreShard(type: type, number: number, of: count)
            var cursor: String?
            repeat {
                let page = try await store.load(shard, after: cursor, limit: 3, fence: fence)
                if page.entities.count > 3 { found.append("a page of \(page.entities.count)") }
                found += page.entities
                cursor = page.next
            } while cursor != nil
        }
        return found.sorted()
    }

    /// Runs all checks, each on a type of its own.
    ///
    /// - Parameter isSimulated: The store belongs to a world of one thread, whose types never change their number of
    ///   shards.
    package func violations(isSimulated: Bool = false) async throws -> [String] {
        var found = try await sets()
        found += try await pages()
        found += try await fences()
        found += try await laterOwners()
        guard !isSimulated else { return found }
        found += try await turns()
        found += try await layouts()
        found += try await races()
        return found
    }

    private func sets() async throws -> [String] {
        let (first, second) = (try open(), try open())
        let type = "set"
        var found: [String] = []
        func expect(_ expected: [String], _ what: String, fence: ShardFence) async throws {
            for (name, store) in [("the writer", first), ("another opener", second)] {
                let entities = try await all(store, type, fence: fence)
                if entities != expected { found.append("\(what): \(name) reads \(entities)") }
            }
        }
        try await expect([], "a type without entities", fence: fence(1))
        for id in ["b", "a\u{0}b", "a", "ü \n'", "b"] {
            try await first.record(.started(id), in: shard(id, type), fence: fence(1))
        }
        try await first.record(.started("x"), in: shard("x", "other"), fence: fence(1))
        try await first.record(.stopped("none"), in: shard("none", type), fence: fence(1))
        try await expect(["a", "a\u{0}b", "b", "ü \n'"], "entities that were started", fence: fence(1))
        try await first.record(.stopped("a"), in: shard("a", type), fence: fence(1))
        try await first.record(.stopped("a"), in: shard("a", type), fence: fence(1))
        try await expect(["a\u{0}b", "b", "ü \n'"], "after one was stopped", fence: fence(1))
        // The next owner stops what the former has started, and starts what it has stopped.
        try await second.record(.stopped("b"), in: shard("b", type), fence: fence(2))
        try await second.record(.started("a"), in: shard("a", type), fence: fence(2))
        try await expect(["a", "a\u{0}b", "ü \n'"], "after changes of the next owner", fence: fence(2))
        return found
    }

    private func pages() async throws -> [String] {
        let (first, second) = (try open(), try open())
        let names = (1...50).map { "p-\($0)" }.sorted()
        // In turn by two owners, and some of the first's are stopped by the second: pages without any of them come up.
        for name in names { try await first.record(.started(name), in: shard(name, "paged"), fence: fence(1)) }
        let stopped = Set(names[10..<30])
        for name in stopped.sorted() {
            try await second.record(.stopped(name), in: shard(name, "paged"), fence: fence(2))
        }
        let left = names.filter { !stopped.contains($0) }
        let entities = try await all(try open(), "paged", fence: fence(3))
        return entities == left ? [] : ["pages of three have \(entities), not \(left)"]
    }

    /// Entities that start and stop again and again, all at the same time: of each the last change counts.
    private func turns() async throws -> [String] {
        let (first, second) = (try open(), try open())
        let names = (1...16).map { "t-\($0)" }.sorted()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, name) in names.enumerated() {
                group.addTask {
                    // Every other one ends with a start.
                    for step in 0..<(10 + number % 2) {
                        let change = step.isMultiple(of: 2) ? RememberedChange.started(name) : .stopped(name)
                        try await first.record(change, in: shard(name, "turned"), fence: fence(1))
                    }
                }
            }
            try await group.waitForAll()
        }
        let running = names.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
        let entities = try await all(second, "turned", fence: fence(2))
        return entities == running ? [] : ["after starts and stops \(entities) run, not \(running)"]
    }

    private func layouts() async throws -> [String] {
        let names = (1...40).map { "l-\($0)" }.sorted()
        var found: [String] = []
        for name in names {
            try await open().record(.started(name), in: shard(name, "laid", of: 8), fence: fence(1))
        }
        for (number, count) in [5, 8, 3].enumerated() {
            let entities = try await all(try open(), "laid", of: count, fence: fence(1, upNumber: number + 2))
            if entities != names { found.append("with \(count) shards there are \(entities)") }
        }
        do {
            try await open().record(.started("late"), in: shard("late", "laid", of: 8), fence: fence(9))
            found.append("a node with a former number of shards has changed something")
        } catch  where (error as? EntityStoreError)?.code == .stale {}
        return found
    }

    private func fences() async throws -> [String] {
        let (former, latter) = (try open(), try open())
        var found: [String] = []
        func expect(_ code: EntityStoreError.Code, _ what: String, _ body: () async throws -> Void) async {
            do {
                try await body()
                found.append("\(what): allowed")
            } catch {
                let got = (error as? EntityStoreError)?.code
                if got != code { found.append("\(what): \(error)") }
            }
        }
        let key = shard("f", "fenced")
        try await former.record(.started("f"), in: key, fence: fence(5))
        _ = try await latter.load(key, after: nil, limit: 9, fence: fence(6))
        await expect(.stale, "a change after the next owner has read") {
            try await former.record(.stopped("f"), in: key, fence: fence(5))
        }
        await expect(.stale, "a load after the next owner has read") {
            _ = try await former.load(key, after: nil, limit: 9, fence: fence(5))
        }
        let other = ShardFence(cluster: ClusterID(high: 9, low: 9), upNumber: 9, start: 1, sequence: 1)
        await expect(.foreign, "a change by another cluster") {
            try await former.record(.stopped("f"), in: key, fence: other)
        }
        let left = try await latter.load(key, after: nil, limit: 9, fence: fence(6))
        if left != RememberedPage(["f"]) { found.append("refused changes had an effect: \(left)") }
        return found
    }

    /// The next owner opens the store after the last call of the former one, and may be gone when that comes back.
    private func laterOwners() async throws -> [String] {
        var found: [String] = []
        let former = try open()
        let key = shard("l", "later")
        for round in UInt64(0)..<2 {
            let (early, late) = (fence(2 * round + 1), fence(2 * round + 2))
            let what = "round \(round) of a next owner that opened later"
            try await former.record(.started("l-\(round)"), in: key, fence: early)
            var latter = [try open()]
            let expected = (0...round).map { "l-\($0)" }
            let page = try await latter[0].load(key, after: nil, limit: 9, fence: late)
            if page.entities != expected { found.append("\(what): reads \(page)") }
            if round == 1 { latter = [] }
            for change in [RememberedChange.started("x"), .stopped("l-0")] {
                let code = await code { try await former.record(change, in: key, fence: early) }
                if code != .stale { found.append("\(what): \(change) of the former one: \(String(describing: code))") }
            }
            if latter.isEmpty { latter = [try open()] }
            let left = try await latter[0].load(key, after: nil, limit: 9, fence: late).entities
            if left != expected { found.append("\(what): refused changes had an effect: \(left)") }
        }
        return found
    }

    private func code(_ body: () async throws -> Void) async -> EntityStoreError.Code? {
        do { try await body() } catch { return (error as? EntityStoreError)?.code }
        return nil
    }

    /// A former owner starts an entity while the next one reads: one of them must notice the other.
    private func races() async throws -> [String] {
        let (first, second) = (try open(), try open())
        var found: [String] = []
        for round in UInt64(0)..<40 {
            let (id, key) = ("r-\(round)", shard("r", "raced"))
            async let recorded: Bool = {
                do {
                    try await first.record(.started(id), in: key, fence: fence(2 * round + 1))
                    return true
                } catch { return false }
            }()
            let entities = try await second.load(key, after: nil, limit: 100, fence: fence(2 * round + 2)).entities
            if await recorded, !entities.contains(id) {
                found.append("round \(round): a change that counts was not read by the next owner")
            }
        }
        return found
    }
}
