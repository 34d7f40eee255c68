import CastyCore
import CastySharding

extension StoreConformance {
    /// Times are saved with the state, replaced and removed with it, and read in pages in order, by every opener.
    func wakes(_ store: any RemindingEntityStore) async throws -> [String] {
        guard let other = try open() as? any RemindingEntityStore else { return ["an opener keeps no reminders"] }
        var found: [String] = []
        func at(_ seconds: Int64) -> WallTime { WallTime(milliseconds: seconds * 1000) }
        func expect(_ expected: [String], through time: WallTime, _ what: String) async throws {
            for (name, store) in [("the writer", store), ("another opener", other)] {
                for limit in [1, 2, 100] {
                    var all: [EntityWake] = []
                    while true {
                        let page = try await store.wakes(of: "woken", through: time, after: all.last, limit: limit)
                        all += page
                        if page.count < limit { break }
                    }
                    if all.map(\.id) != expected { found.append("\(what): \(name) reads \(all) in pages of \(limit)") }
                }
            }
        }
        func key(_ id: String) -> EntityKey { self.key(id, type: "woken", shards: 4) }
        for (id, time) in [("b", 20), ("a", 20), ("é\u{0}'", 20), ("late", 90), ("first", -5)] {
            try await store.save([1], for: key(id), fence: fence(1), wakeAt: at(Int64(time)))
        }
        try await store.save([1], for: self.key("a", type: "other"), fence: fence(1), wakeAt: at(1))
        try await expect(["first", "a", "b", "é\u{0}'"], through: at(20), "times that have come")
        try await expect([], through: at(-6), "times that have not come")
        try await store.save([2], for: key("a"), fence: fence(1), wakeAt: at(15))
        try await store.save([2], for: key("b"), fence: fence(1), wakeAt: nil)
        try await store.save([2], for: key("first"), fence: fence(1))
        try await store.delete(key("é\u{0}'"), fence: fence(1))
        try await expect(["a", "late"], through: at(100), "times that were changed and removed")
        // The next owner saves elsewhere: what the former has written counts no more.
        _ = try await other.load(key("a"), fence: fence(2))
        try await other.save([3], for: key("a"), fence: fence(2), wakeAt: at(30))
        try await expect(["a", "late"], through: at(100), "a time that another opener has changed")
        try await expect([], through: at(29), "a time that another opener has put off")
        if await isAccepted({ try await store.save([4], for: key("a"), fence: fence(1), wakeAt: at(1)) }) {
            found.append("a former owner has set a time")
        }
        try await expect([], through: at(29), "a time that was refused")
        if try await store.load(key("a"), fence: fence(2)) != [3] { found.append("a state with a time is not loaded") }
        return found
    }

    private func isAccepted(_ save: () async throws -> Void) async -> Bool {
        do {
            try await save()
            return true
        } catch {
            return (error as? EntityStoreError)?.code != .stale
        }
    }
}
