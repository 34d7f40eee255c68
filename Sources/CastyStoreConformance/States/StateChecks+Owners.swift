import CastyCore
import CastySharding

extension StateChecks {
    func formerOwner() async throws {
        let (former, latter) = (try await open(), try await open())
        let (key, other) = (entity("f-1", "fenced"), entity("f-2", "fenced"))
        try await former.save([1], for: key, fence: token(5))
        _ = try await latter.load(other, fence: token(6))
        try await findings.expectRefusal(.stale, "a save after the next owner has read another entity of the shard") {
            try await former.save([2], for: key, fence: token(5))
        }
        try await findings.expectRefusal(.stale, "a load after the next owner has read") {
            _ = try await former.load(key, fence: token(5))
        }
        try await findings.expectRefusal(.stale, "a deletion after the next owner has read") {
            try await former.delete(key, fence: token(5))
        }
        findings.expect("the state after refused calls", try await latter.load(key, fence: token(6)), is: [1])
        try await latter.save([3], for: key, fence: token(7))
        try await findings.expectRefusal(.stale, "a save with a token that the same node had before") {
            try await latter.save([4], for: key, fence: token(6))
        }
        // A deletion makes an owner known as well as a save does.
        try await former.delete(key, fence: token(8))
        try await findings.expectRefusal(.stale, "a save after the next owner has deleted") {
            try await latter.save([5], for: key, fence: token(7))
        }
        try await expect(key, by: former, is: nil, "the deleted state after a refused save", fence: token(8))
        // Shards are fenced each by itself.
        let (first, second) = (entity("f-1", "sharded", of: 64), entity("f-2", "sharded", of: 64))
        guard first.shard != second.shard else { return }
        try await former.save([1], for: first, fence: token(9))
        try await latter.save([1], for: second, fence: token(3))
    }

    func tokens() async throws {
        let (first, second) = (try await open(), try await open())
        let key = entity("t-1", "tokens")
        try await first.save([1], for: key, fence: token(7))
        try await second.save([2], for: key, fence: token(1, upNumber: 1, start: 2))
        try await findings.expectRefusal(.stale, "a save of an earlier start with a higher sequence") {
            try await first.save([3], for: key, fence: token(8))
        }
        try await first.save([4], for: key, fence: token(1, upNumber: 2))
        try await findings.expectRefusal(.stale, "a save of an earlier coordinator with a later start") {
            try await second.save([5], for: key, fence: token(100, upNumber: 1, start: 9))
        }
        try await second.save([6], for: key, fence: token(.max, upNumber: 2))
        try await expect(key, by: first, is: [6], "the state that was saved last", fence: token(.max, upNumber: 2))
    }

    /// The next owner opens the store after the last call of the former one, whose opener knows nothing of it; and it may
    /// be gone again when that comes back.
    func laterOwners() async throws {
        let former = try await open()
        let (key, other) = (entity("late-1", "later"), entity("late-2", "later"))
        var last: [UInt8] = [0]
        for (round, isGone) in [false, true, false].enumerated() {
            let (early, late) = (token(UInt64(2 * round) + 1), token(UInt64(2 * round) + 2))
            let what = "round \(round) of a next owner that opened later\(isGone ? " and is gone" : "")"
            try await former.save(last, for: key, fence: early)
            var latter: (any EntityStore)? = try await open()
            // In one round it reads the entity, in the others another one of its shard.
            let loaded = try await latter?.load(round == 0 ? key : other, fence: late)
            if round == 0 { findings.expect("\(what): what it reads", loaded, is: last) }
            if isGone { latter = nil }
            try await findings.expectRefusal(.stale, "\(what): a save of the former one") {
                try await former.save([99], for: key, fence: early)
            }
            try await findings.expectRefusal(.stale, "\(what): a save of another entity by the former one") {
                try await former.save([99], for: other, fence: early)
            }
            try await findings.expectRefusal(.stale, "\(what): a deletion by the former one") {
                try await former.delete(key, fence: early)
            }
            try await findings.expectRefusal(.stale, "\(what): a load by the former one") {
                _ = try await former.load(key, fence: early)
            }
            if let former = former as? any RemindingEntityStore {
                try await findings.expectRefusal(.stale, "\(what): a save with a time by the former one") {
                    try await former.save([99], for: key, fence: early, wakeAt: WallTime(milliseconds: 1))
                }
            }
            let store: any EntityStore
            if let latter { store = latter } else { store = try await open() }
            findings.expect("\(what): the state after refused calls", try await store.load(key, fence: late), is: last)
            findings.expect(
                "\(what): the other state after refused calls", try await store.load(other, fence: late), is: nil)
            last = [UInt8(round) + 1]
            try await store.save(last, for: key, fence: late)
        }
    }

    func secondCluster() async throws {
        let (first, second) = (try await open(), try await open())
        let key = entity("c-1", "clustered")
        try await first.save([1], for: key, fence: token(1))
        for (name, store) in [("another opener", second), ("a later opener", try await open())] {
            try await findings.expectRefusal(.foreign, "a load by another cluster, by \(name)") {
                _ = try await store.load(key, fence: secondToken)
            }
            try await findings.expectRefusal(.foreign, "a save by another cluster, by \(name)") {
                try await store.save([8], for: key, fence: secondToken)
            }
            try await findings.expectRefusal(.foreign, "a save of another entity by another cluster, by \(name)") {
                try await store.save([8], for: entity("c-2", "clustered"), fence: secondToken)
            }
            try await findings.expectRefusal(.foreign, "a deletion by another cluster, by \(name)") {
                try await store.delete(key, fence: secondToken)
            }
        }
        // And the first one is served as before.
        try await first.save([2], for: key, fence: token(1))
        try await expect(key, by: first, is: [2], "the state of the first cluster")
    }

    func twoClusters() async throws {
        for round in 0..<8 {
            let (first, second) = (try await open(), try await open())
            let key = entity("c-1", "taken-\(round)")
            async let firstSaves = succeeds { try await first.save([1], for: key, fence: token(1)) }
            async let secondSaves = succeeds { try await second.save([2], for: key, fence: secondToken) }
            let served = [await firstSaves, await secondSaves]
            guard served != [true, true] else {
                findings.add("round \(round): expected that one cluster is served at most, found that both have saved")
                continue
            }
            guard served.contains(true) else { continue }
            do {
                let state = try await open().load(key, fence: served[0] ? token(1) : secondToken)
                findings.expect(
                    "round \(round): the state of the cluster that was served", state, is: [served[0] ? 1 : 2])
            } catch let error as EntityStoreError where error.code == .foreign {
                // Both were refused in the end: whom it belongs to is for a ClusterStore to say.
            }
        }
    }
}
