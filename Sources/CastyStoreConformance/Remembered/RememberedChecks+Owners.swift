import CastySharding

extension RememberedChecks {
    func formerOwner() async throws {
        let (former, latter) = (try await open(), try await open())
        let key = shard("f", "fenced")
        try await former.record(.started("f"), in: key, fence: token(5))
        _ = try await latter.load(key, after: nil, limit: 9, fence: token(6))
        for change in [RememberedChange.started("x"), .stopped("f")] {
            try await findings.expectRefusal(.stale, "\(change) after the next owner has read") {
                try await former.record(change, in: key, fence: token(5))
            }
        }
        try await findings.expectRefusal(.stale, "a load after the next owner has read") {
            _ = try await former.load(key, after: nil, limit: 9, fence: token(5))
        }
        let left = try await all(latter, "fenced", fence: token(6))
        findings.expect("entities after refused changes", left, is: ["f"])
        // A change makes an owner known as well as a read does.
        try await latter.record(.started("g"), in: key, fence: token(7))
        try await findings.expectRefusal(.stale, "a change after the next owner has changed something") {
            try await former.record(.stopped("g"), in: key, fence: token(6))
        }
    }

    func secondCluster() async throws {
        let (first, second) = (try await open(), try await open())
        let key = shard("c", "clustered")
        try await first.record(.started("c"), in: key, fence: token(1))
        for change in [RememberedChange.started("x"), .stopped("c")] {
            try await findings.expectRefusal(.foreign, "\(change) by another cluster") {
                try await second.record(change, in: key, fence: secondToken)
            }
        }
        try await findings.expectRefusal(.foreign, "a load by another cluster") {
            _ = try await second.load(key, after: nil, limit: 9, fence: secondToken)
        }
        let left = try await all(second, "clustered", fence: token(1))
        findings.expect("the first cluster's entities", left, is: ["c"])
    }

    /// The next owner opens the store after the last call of the former one, and may be gone when that comes back.
    func laterOwners() async throws {
        let former = try await open()
        let key = shard("l", "later")
        for round in UInt64(0)..<2 {
            let (early, late) = (token(2 * round + 1), token(2 * round + 2))
            let what = "round \(round) of a next owner that opened later"
            try await former.record(.started("l-\(round)"), in: key, fence: early)
            var latter: (any RememberedEntityStore)? = try await open()
            let expected = (0...round).map { "l-\($0)" }
            let page = try await latter?.load(key, after: nil, limit: 9, fence: late)
            findings.expect("\(what): what it reads", page?.entities.sorted(), is: expected)
            if round == 1 { latter = nil }
            for change in [RememberedChange.started("x"), .stopped("l-0")] {
                try await findings.expectRefusal(.stale, "\(what): \(change) by the former one") {
                    try await former.record(change, in: key, fence: early)
                }
            }
            let store: any RememberedEntityStore
            if let latter { store = latter } else { store = try await open() }
            let left = try await all(store, "later", fence: late)
            findings.expect("\(what): entities after refused changes", left, is: expected)
        }
    }

    /// A former owner starts an entity while the next one reads: one of them must notice the other.
    func races() async throws {
        let (first, second) = (try await open(), try await open())
        for round in UInt64(0)..<40 {
            let (id, key) = ("r-\(round)", shard("r", "raced"))
            async let recorded = succeeds {
                try await first.record(.started(id), in: key, fence: token(2 * round + 1))
            }
            await giveWay(round)
            let entities = try await second.load(key, after: nil, limit: 100, fence: token(2 * round + 2)).entities
            if await recorded, !entities.contains(id) {
                findings.add(
                    "round \(round): expected that the next owner reads a start that counts, found \(entities.count) entities without it"
                )
            }
        }
    }
}
