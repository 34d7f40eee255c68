import CastySharding

extension RememberedChecks {
    func sets() async throws {
        let (first, second) = (try await open(), try await open())
        let type = "set"
        func expect(_ expected: [String], _ what: String, fence: ShardFence) async throws {
            for (name, store) in [("the writer", first), ("another opener", second)] {
                findings.expect("\(what), read by \(name)", try await all(store, type, fence: fence), is: expected)
            }
        }
        try await expect([], "a type without entities", fence: token(1))
        for id in ["b", "a\u{0}b", "a", "ü \n'", "b"] {
            try await first.record(.started(id), in: shard(id, type), fence: token(1))
        }
        try await first.record(.started("x"), in: shard("x", "other"), fence: token(1))
        try await first.record(.stopped("none"), in: shard("none", type), fence: token(1))
        try await expect(["a", "a\u{0}b", "b", "ü \n'"], "entities that were started", fence: token(1))
        try await first.record(.stopped("a"), in: shard("a", type), fence: token(1))
        try await first.record(.stopped("a"), in: shard("a", type), fence: token(1))
        try await expect(["a\u{0}b", "b", "ü \n'"], "entities after one was stopped", fence: token(1))
        // The next owner stops what the former has started, and starts what it has stopped.
        try await second.record(.stopped("b"), in: shard("b", type), fence: token(2))
        try await second.record(.started("a"), in: shard("a", type), fence: token(2))
        try await expect(["a", "a\u{0}b", "ü \n'"], "entities after changes of the next owner", fence: token(2))
    }

    func pages() async throws {
        let (first, second) = (try await open(), try await open())
        let names = (1...50).map { "p-\($0)" }.sorted()
        // In turn by two owners, and some of the first's are stopped by the second: pages without any of them come up.
        for name in names { try await first.record(.started(name), in: shard(name, "paged"), fence: token(1)) }
        let stopped = Set(names[10..<30])
        for name in stopped.sorted() {
            try await second.record(.stopped(name), in: shard(name, "paged"), fence: token(2))
        }
        let left = names.filter { !stopped.contains($0) }
        let reader = try await open()
        for limit in [1, 3, 100] {
            let found = try await all(reader, "paged", page: limit, fence: token(3))
            findings.expect("entities in pages of \(limit)", found, is: left)
        }
    }

    func layouts() async throws {
        let names = (1...40).map { "l-\($0)" }.sorted()
        for name in names {
            try await open().record(.started(name), in: shard(name, "laid", of: 8), fence: token(1))
        }
        for (number, count) in [5, 8, 3].enumerated() {
            let found = try await all(open(), "laid", of: count, fence: token(1, upNumber: number + 2))
            findings.expect("entities with \(count) shards", found, is: names)
        }
        try await findings.expectRefusal(.stale, "a change by a node with a former number of shards") {
            try await open().record(.started("late"), in: shard("late", "laid", of: 8), fence: token(9))
        }
    }

    /// Entities that start and stop again and again, all at the same time: of each the last change counts.
    func turns() async throws {
        let (first, second) = (try await open(), try await open())
        let names = (1...16).map { "t-\($0)" }.sorted()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, name) in names.enumerated() {
                group.addTask {
                    // Every other one ends with a start.
                    for step in 0..<(10 + number % 2) {
                        let change = step.isMultiple(of: 2) ? RememberedChange.started(name) : .stopped(name)
                        try await first.record(change, in: shard(name, "turned"), fence: token(1))
                    }
                }
            }
            try await group.waitForAll()
        }
        let running = names.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
        let found = try await all(second, "turned", fence: token(2))
        findings.expect("entities after starts and stops of many at once", found, is: running)
    }

    /// Each starts entities of its own; twice, the second time on a store that exists.
    func openers() async throws {
        for round in UInt64(1)...2 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        let store = try await open()
                        for id in ["o-\(number)-\(round)", "o-\(number)-gone"] {
                            try await store.record(.started(id), in: shard(id, "opened"), fence: token(round))
                        }
                        let gone = "o-\(number)-gone"
                        try await store.record(.stopped(gone), in: shard(gone, "opened"), fence: token(round))
                    }
                }
                try await group.waitForAll()
            }
            let expected = (0..<8).flatMap { number in (1...round).map { "o-\(number)-\($0)" } }.sorted()
            let found = try await all(open(), "opened", fence: token(round))
            findings.expect("round \(round): entities that eight openers have started", found, is: expected)
        }
    }
}
