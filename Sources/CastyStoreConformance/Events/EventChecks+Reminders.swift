import CastyCore
import CastySharding

extension EventChecks {
    private func reminding() async throws -> any RemindingEventStore {
        guard let store = try await open() as? any RemindingEventStore else {
            throw Skip("the store is no RemindingEventStore: it keeps no times at which entities must run")
        }
        return store
    }

    /// Times are set with the events of a batch or not at all, and stay until another batch, a snapshot or a deletion.
    func reminders() async throws {
        let (store, other) = (try await reminding(), try await reminding())
        func key(_ id: String) -> EntityKey { entity(id, "woken-events") }
        func expect(_ expected: [String], _ what: String) async throws {
            for (name, store) in [("the writer", store), ("another opener", other)] {
                let all = try await store.wakes(of: "woken-events", through: at(100), after: nil, limit: 10)
                let found = all.map { "\($0.id)@\($0.at.milliseconds / 1000)" }
                findings.expect("\(what), read by \(name)", found, is: expected)
            }
        }
        try await store.append([record(1)], after: 0, for: key("a"), fence: token(1), wakeAt: at(20))
        try await store.append([record(1)], after: 0, for: key("b"), fence: token(1), wakeAt: at(10))
        try await store.append([record(1)], after: 0, for: key("late"), fence: token(1), wakeAt: at(101))
        try await expect(["b@10", "a@20"], "times of first events")
        findings.expect("a snapshot beside a time", try await store.load(key("a"), fence: token(1)), is: nil)
        try await store.append([record(2)], after: 1, for: key("a"), fence: token(1))
        try await expect(["b@10", "a@20"], "times after an append that says nothing about them")
        try await findings.expectRefusal(.conflict, "an append with a time after an earlier event") {
            try await store.append([record(9)], after: 1, for: key("a"), fence: token(1), wakeAt: at(1))
        }
        try await expect(["b@10", "a@20"], "times after an append that was refused")
        try await store.save([7], for: key("a"), fence: token(1), wakeAt: at(20))
        try await store.append([record(3)], after: 2, for: key("a"), fence: token(1), wakeAt: at(30))
        findings.expect("the snapshot after a new time", try await store.load(key("a"), fence: token(1)), is: [7])
        try await store.append([record(2)], after: 1, for: key("b"), fence: token(1), wakeAt: nil)
        try await expect(["a@30"], "times that were changed and removed")
        // The next owner elsewhere; the former one changes nothing any more.
        let page = try await other.events(of: key("a"), after: 2, limit: 5, fence: token(2))
        findings.expect("the event beside a time", page.events.map(\.record), is: [record(3)])
        try await other.append([record(4)], after: 3, for: key("a"), fence: token(2), wakeAt: at(40))
        try await findings.expectRefusal(.stale, "an append with a time by a former owner") {
            try await store.append([record(9)], after: 4, for: key("a"), fence: token(1), wakeAt: at(1))
        }
        try await expect(["a@40"], "a time that the next owner has set")
        try await other.delete(key("a"), fence: token(2))
        try await expect([], "the time of a deleted snapshot")
        try await timesOfSnapshots(store, other, key("c"), expect)
    }

    /// What an owner does not change stays as the one before has set it; what it changes is changed.
    private func timesOfSnapshots(
        _ store: any RemindingEventStore, _ other: any RemindingEventStore, _ key: EntityKey,
        _ expect: ([String], String) async throws -> Void
    ) async throws {
        try await store.append([record(1)], after: 0, for: key, fence: token(2), wakeAt: at(50))
        _ = try await other.events(of: key, after: 0, limit: 5, fence: token(3))
        try await other.append([record(2)], after: 1, for: key, fence: token(3))
        try await expect(["c@50"], "a time beside which the next owner has appended")
        try await other.save([8], for: key, fence: token(3), wakeAt: at(50))
        try await expect(["c@50"], "a time that the next owner's snapshot has too")
        _ = try await store.events(of: key, after: 0, limit: 5, fence: token(4))
        try await store.append([record(3)], after: 2, for: key, fence: token(4), wakeAt: at(45))
        try await expect(["c@45"], "a time that was changed back and forth")
        try await store.save([9], for: key, fence: token(4), wakeAt: at(45))
        try await other.append([record(4)], after: 3, for: key, fence: token(5), wakeAt: nil)
        try await expect([], "a time that the next owner has removed")
        try await store.append([record(5)], after: 4, for: key, fence: token(6), wakeAt: at(44))
        try await store.save([9], for: key, fence: token(6))
        try await expect([], "a snapshot without a time")
    }
}
