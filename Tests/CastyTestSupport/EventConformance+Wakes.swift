import CastyCore
import CastySharding

extension EventConformance {
    /// Times are set with the events of a batch or not at all, and stay until another batch, a snapshot or a deletion.
    func wakes(_ store: any RemindingEventStore) async throws -> [String] {
        guard let other = try open() as? any RemindingEventStore else { return ["an opener keeps no reminders"] }
        var found: [String] = []
        func at(_ seconds: Int64) -> WallTime { WallTime(milliseconds: seconds * 1000) }
        func key(_ id: String) -> EntityKey { self.key(id, type: "woken-events") }
        func expect(_ expected: [String], _ what: String) async throws {
            for (name, store) in [("the writer", store), ("another opener", other)] {
                let all = try await store.wakes(of: "woken-events", through: at(100), after: nil, limit: 10)
                if all.map({ "\($0.id)@\($0.at.milliseconds / 1000)" }) != expected {
                    found.append("\(what): \(name) reads \(all)")
                }
            }
        }
        try await store.append([record(1)], after: 0, for: key("a"), fence: fence(1), wakeAt: at(20))
        try await store.append([record(1)], after: 0, for: key("b"), fence: fence(1), wakeAt: at(10))
        try await store.append([record(1)], after: 0, for: key("late"), fence: fence(1), wakeAt: at(101))
        try await expect(["b@10", "a@20"], "times of first events")
        if try await store.load(key("a"), fence: fence(1)) != nil { found.append("a time is read as a snapshot") }
        try await store.append([record(2)], after: 1, for: key("a"), fence: fence(1))
        try await expect(["b@10", "a@20"], "an append that says nothing about the time")
        let early = await code {
            try await store.append([record(9)], after: 1, for: key("a"), fence: fence(1), wakeAt: at(1))
        }
        if early != .conflict { found.append("an append after an earlier event: \(String(describing: early))") }
        try await expect(["b@10", "a@20"], "an append that was refused")
        try await store.save([7], for: key("a"), fence: fence(1), wakeAt: at(20))
        try await store.append([record(3)], after: 2, for: key("a"), fence: fence(1), wakeAt: at(30))
        if try await store.load(key("a"), fence: fence(1)) != [7] { found.append("a time has changed the snapshot") }
        try await store.append([record(2)], after: 1, for: key("b"), fence: fence(1), wakeAt: nil)
        try await expect(["a@30"], "times that were changed and removed")
        // The next owner elsewhere; the former one changes nothing any more.
        let page = try await other.events(of: key("a"), after: 2, limit: 5, fence: fence(2))
        if page.events.map(\.record) != [record(3)] { found.append("the event beside a time is read as \(page)") }
        try await other.append([record(4)], after: 3, for: key("a"), fence: fence(2), wakeAt: at(40))
        let former = await code {
            try await store.append([record(9)], after: 4, for: key("a"), fence: fence(1), wakeAt: at(1))
        }
        if former != .stale { found.append("an append of a former owner: \(String(describing: former))") }
        try await expect(["a@40"], "a time that the next owner has set")
        try await other.delete(key("a"), fence: fence(2))
        try await expect([], "a deleted snapshot")
        // What an owner does not change stays as the one before has set it; what it changes is changed.
        try await store.append([record(1)], after: 0, for: key("c"), fence: fence(2), wakeAt: at(50))
        _ = try await other.events(of: key("c"), after: 0, limit: 5, fence: fence(3))
        try await other.append([record(2)], after: 1, for: key("c"), fence: fence(3))
        try await expect(["c@50"], "a time beside which the next owner has appended")
        try await other.save([8], for: key("c"), fence: fence(3), wakeAt: at(50))
        try await expect(["c@50"], "a time that the next owner's snapshot has too")
        _ = try await store.events(of: key("c"), after: 0, limit: 5, fence: fence(4))
        try await store.append([record(3)], after: 2, for: key("c"), fence: fence(4), wakeAt: at(45))
        try await expect(["c@45"], "a time that was changed back and forth")
        try await store.save([9], for: key("c"), fence: fence(4), wakeAt: at(45))
        try await other.append([record(4)], after: 3, for: key("c"), fence: fence(5), wakeAt: nil)
        try await expect([], "a time that the next owner has removed")
        try await store.append([record(5)], after: 4, for: key("c"), fence: fence(6), wakeAt: at(44))
        try await store.save([9], for: key("c"), fence: fence(6))
        try await expect([], "a snapshot without a time")
        return found
    }
}
