import CastySharding

extension EventChecks {
    /// Reads an entity's events by the one that has written, and by a new opener.
    private func expect(
        _ key: EntityKey, by writer: any EventStore, are payloads: [[UInt8]], _ what: String
    ) async throws {
        for (name, store) in [("the writer", writer), ("another opener", try await open())] {
            let read = try await all(store, key, token(1))
            findings.expect("\(what), read by \(name)", read.payloads, is: payloads)
            findings.expect("\(what): the last number, read by \(name)", read.last, is: UInt64(payloads.count))
        }
    }

    func appends() async throws {
        let store = try await open()
        let key = entity("e-1", "appended")
        try await expect(key, by: store, are: [], "an entity without events")
        try await store.append([record(1)], after: 0, for: key, fence: token(1))
        try await store.append([record(2), record(3)], after: 1, for: key, fence: token(1))
        try await expect(key, by: store, are: [[1], [2], [3]], "three events of two appends")
        let seen = try await delivered(store, EventFilter(type: key.type))
        findings.expect("what a query delivers of a batch", seen.map(\.record), is: [record(1), record(2), record(3)])
        // The snapshot is the state, and has nothing to do with the events.
        try await store.save([7], for: key, fence: token(1))
        try await expect(key, by: store, are: [[1], [2], [3]], "events beside a snapshot")
        try await store.append([record(4)], after: 3, for: key, fence: token(1))
        findings.expect("the snapshot after an append", try await store.load(key, fence: token(1)), is: [7])
        try await store.delete(key, fence: token(1))
        try await expect(key, by: store, are: [[1], [2], [3], [4]], "events without their snapshot")
    }

    func conflicts() async throws {
        let store = try await open()
        let key = entity("e-1", "conflicts")
        try await store.append([record(1), record(2), record(3)], after: 0, for: key, fence: token(1))
        for (sequence, what) in [(2, "an earlier"), (4, "a later"), (0, "no")] as [(UInt64, String)] {
            try await findings.expectRefusal(.conflict, "an append after \(what) event") {
                try await store.append([record(9), record(9)], after: sequence, for: key, fence: token(1))
            }
        }
        try await expect(key, by: store, are: [[1], [2], [3]], "events after refused appends")
        let seen = try await delivered(store, EventFilter(type: key.type))
        findings.expect("what a query delivers after refused appends", seen.map(\.sequence), is: [1, 2, 3])
    }

    func anyBytes() async throws {
        let store = try await open()
        let odd = entity("ü \u{0}\n'", "odd")
        let tagged = EventRecord(payload: [], manifest: "é \u{0}", version: 7, tags: ["b", "a", "ü\u{0}'", "b", ""])
        try await store.append([tagged], after: 0, for: odd, fence: token(1))
        let read = try await open().events(of: odd, after: 0, limit: 10, fence: token(1))
        findings.expect("an unusual event", read.events.map(\.record), is: [tagged])
        findings.expect("the id of an unusual event", read.events.map(\.entity), is: [odd.id])
        let seen = try await delivered(store, EventFilter(type: "odd", tag: "ü\u{0}'"))
        findings.expect("an unusual event by its tag", seen.map(\.record), is: [tagged])
        let large = EventRecord(payload: [UInt8](repeating: 7, count: 1 << 20), manifest: "large")
        try await store.append([large, large], after: 1, for: odd, fence: token(1))
        let back = try await open().events(of: odd, after: 1, limit: 10, fence: token(1))
        findings.expect("two events of a mebibyte each", back.events.map(\.record), is: [large, large])
    }

    func pages() async throws {
        let store = try await open()
        let key = entity("p-1", "paged")
        for part in 0..<10 {
            let records = (0..<10).map { record(UInt8(part * 10 + $0)) }
            try await store.append(records, after: UInt64(part * 10), for: key, fence: token(1))
        }
        for page in [1, 7, 100, 1000] {
            let read = try await all(store, key, token(1), page: page)
            findings.expect("100 events in pages of \(page)", read.payloads, is: (0..<100).map { [UInt8($0)] })
        }
        let middle = try await store.events(of: key, after: 42, limit: 2, fence: token(1))
        findings.expect("a page from the middle", middle.events.map(\.sequence), is: [43, 44])
        findings.expect("the last number of a page from the middle", middle.last, is: 100)
        let end = try await store.events(of: key, after: 200, limit: 2, fence: token(1))
        findings.expect("a page beyond the end", end, is: EventPage(events: [], last: 100))
    }

    func deletions() async throws {
        let (first, second) = (try await open(), try await open())
        let key = entity("d-1", "deleted")
        try await first.append((1...6).map { record($0) }, after: 0, for: key, fence: token(1))
        try await first.deleteEvents(of: key, through: 2, fence: token(1))
        // The next owner deletes what the former one has written.
        try await second.deleteEvents(of: key, through: 4, fence: token(2))
        for store in [first, second] {
            let read = try await all(store, key, token(2))
            findings.expect("events after a deletion", read.payloads, is: [[5], [6]])
            findings.expect("the last number after a deletion", read.last, is: 6)
        }
        let seen = try await delivered(second, EventFilter(type: "deleted"))
        findings.expect("what a query delivers after a deletion", seen.map(\.sequence), is: [5, 6])
        try await second.deleteEvents(of: key, through: 100, fence: token(2))
        let empty = try await all(second, key, token(2))
        findings.expect("events after a deletion of all", empty.payloads, is: [])
        findings.expect("the last number after a deletion of all", empty.last, is: 6)
        try await findings.expectRefusal(.conflict, "an append under the number of a deleted event") {
            try await second.append([record(1)], after: 0, for: key, fence: token(2))
        }
        try await second.append([record(7)], after: 6, for: key, fence: token(2))
        let left = try await all(first, key, token(3))
        findings.expect("events that were appended after a deletion", left.payloads, is: [[7]])
    }

    /// The number of shards of a type changes; a node that has the former number is an owner of the past.
    func layouts() async throws {
        let (former, latter) = (try await open(), try await open())
        let (old, new) = (entity("l-1", "laid-events", of: 4), entity("l-1", "laid-events", of: 6))
        try await former.append([record(1)], after: 0, for: old, fence: token(1))
        let found = try await all(latter, new, token(1, upNumber: 2))
        findings.expect("events after a change of the number of shards", found.payloads, is: [[1]])
        try await findings.expectRefusal(.stale, "an append with the former number of shards") {
            try await former.append([record(2)], after: 1, for: old, fence: token(2))
        }
        try await latter.append([record(3)], after: 1, for: new, fence: token(1, upNumber: 2))
        let left = try await all(former, new, token(1, upNumber: 2))
        findings.expect("events with the new number of shards", left.payloads, is: [[1], [3]])
    }
}
