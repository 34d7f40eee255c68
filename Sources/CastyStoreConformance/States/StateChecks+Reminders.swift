import CastyCore
import CastySharding

/// A time in seconds.
func at(_ seconds: Int64) -> WallTime { WallTime(milliseconds: seconds * 1000) }

extension StateChecks {
    private func reminding() async throws -> any RemindingEntityStore {
        guard let store = try await open() as? any RemindingEntityStore else {
            throw Skip("the store is no RemindingEntityStore: it keeps no times at which entities must run")
        }
        return store
    }

    /// Times are saved with the state, replaced and removed with it, and read in pages in order, by every opener.
    func reminders() async throws {
        let (store, other) = (try await reminding(), try await reminding())
        func expect(_ expected: [String], through time: WallTime, _ what: String) async throws {
            for (name, store) in [("the writer", store), ("another opener", other)] {
                for limit in [1, 2, 100] {
                    var all: [EntityWake] = []
                    while all.count < 100 {
                        let page = try await store.wakes(of: "woken", through: time, after: all.last, limit: limit)
                        all += page
                        if page.count < limit { break }
                    }
                    findings.expect("\(what), read by \(name) in pages of \(limit)", all.map(\.id), is: expected)
                }
            }
        }
        func key(_ id: String) -> EntityKey { entity(id, "woken", of: 4) }
        for (id, time) in [("b", 20), ("a", 20), ("é\u{0}'", 20), ("late", 90), ("first", -5)] as [(String, Int64)] {
            try await store.save([1], for: key(id), fence: token(1), wakeAt: at(time))
        }
        try await store.save([1], for: entity("a", "other"), fence: token(1), wakeAt: at(1))
        try await expect(["first", "a", "b", "é\u{0}'"], through: at(20), "times that have come")
        try await expect([], through: at(-6), "times that have not come")
        try await store.save([2], for: key("a"), fence: token(1), wakeAt: at(15))
        try await store.save([2], for: key("b"), fence: token(1), wakeAt: nil)
        try await store.save([2], for: key("first"), fence: token(1))
        try await store.delete(key("é\u{0}'"), fence: token(1))
        try await expect(["a", "late"], through: at(100), "times that were changed and removed")
        // The next owner saves elsewhere: what the former has written counts no more.
        _ = try await other.load(key("a"), fence: token(2))
        try await other.save([3], for: key("a"), fence: token(2), wakeAt: at(30))
        try await expect(["a", "late"], through: at(100), "a time that another opener has changed")
        try await expect([], through: at(29), "a time that another opener has put off")
        try await findings.expectRefusal(.stale, "a time that a former owner sets") {
            try await store.save([4], for: key("a"), fence: token(1), wakeAt: at(1))
        }
        try await expect([], through: at(29), "a time that was refused")
        findings.expect("a state with a time", try await store.load(key("a"), fence: token(2)), is: [3])
    }
}
