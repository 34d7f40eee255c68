import CastySharding

/// Owners that open the store one after the other.
extension StoreConformance {
    /// The next owner opens the store after the last call of the former one, whose opener knows nothing of it; and it may
    /// be gone again when that comes back.
    func laterOwners() async throws -> [String] {
        var found: [String] = []
        let former = try open()
        var last: [UInt8] = [0]
        for (round, isGone) in [false, true, false].enumerated() {
            let (early, late) = (fence(UInt64(2 * round) + 1), fence(UInt64(2 * round) + 2))
            let (key, other) = (key("late-1", type: "later"), key("late-2", type: "later"))
            let what = "round \(round) of a next owner that opened later\(isGone ? " and is gone" : "")"
            try await former.save(last, for: key, fence: early)
            var latter: (any EntityStore)? = try open()
            // In one round it reads the entity, in the others another one of its shard.
            let loaded = try await latter?.load(round == 0 ? key : other, fence: late)
            if round == 0, loaded != last { found.append("\(what) reads \(String(describing: loaded))") }
            if isGone { latter = nil }
            let calls: [(String, () async throws -> Void)] = [
                ("a save", { try await former.save([99], for: key, fence: early) }),
                ("a save of another entity", { try await former.save([99], for: other, fence: early) }),
                ("a deletion", { try await former.delete(key, fence: early) }),
                ("a load", { _ = try await former.load(key, fence: early) }),
                (
                    "a save with a time",
                    {
                        guard let store = former as? any RemindingEntityStore else { throw Self.stale(key) }
                        try await store.save([99], for: key, fence: early, wakeAt: nil)
                    }
                ),
            ]
            for (name, call) in calls {
                do {
                    try await call()
                    found.append("\(what): \(name) of the former one is allowed")
                } catch  where (error as? EntityStoreError)?.code == .stale {}
            }
            let store = try latter ?? open()
            let states = [try await store.load(key, fence: late), try await store.load(other, fence: late)]
            if states != [last, nil] {
                found.append("\(what): a refused call had an effect")
            }
            last = [UInt8(round) + 1]
            try await store.save(last, for: key, fence: late)
        }
        return found
    }

    private static func stale(_ key: EntityKey) -> EntityStoreError { EntityStoreError(.stale, key.id) }
}
