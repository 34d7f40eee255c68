import CastyCore
package import CastySharding

/// What every store of entities' events must do, as checks that report violations.
///
/// `open` opens the same store once more, as another node does that reaches it. The store must pass
/// ``StoreConformance`` too, which may run on the same one.
package struct EventConformance: Sendable {
    package typealias Open = @Sendable () throws -> any EventStore

    let open: Open
    private let states: StoreConformance

    package init(_ open: @escaping Open) {
        self.open = open
        states = StoreConformance { try open() }
    }

    func fence(_ sequence: UInt64, upNumber: Int = 1, start: Int = 1) -> ShardFence {
        states.fence(sequence, upNumber: upNumber, start: start)
    }

    func key(_ id: String, type: String, shards: Int = 1) -> EntityKey {
        states.key(id, type: type, shards: shards)
    }

    func record(_ number: UInt8, tags: [String] = []) -> EventRecord {
        EventRecord(payload: [number], manifest: "added", version: 3, tags: tags)
    }

    /// Runs all checks, each on entities of its own.
    package func violations() async throws -> [String] {
        var found: [String] = []
        found += try await appends()
        found += try await pages()
        found += try await fences()
        found += try await layouts()
        found += try await deletions()
        found += try await queries()
        found += try await owners()
        found += try await laterOwners()
        found += try await manyAtOnce()
        found += try await races()
        if let store = try open() as? any RemindingEventStore { found += try await wakes(store) }
        return found
    }

    /// The payloads of all events of an entity, read in small pages; and what is wrong with their numbers.
    func all(
        _ store: any EventStore, _ key: EntityKey, _ fence: ShardFence, page: Int = 3
    ) async throws -> (payloads: [[UInt8]], last: UInt64, problems: [String]) {
        var (payloads, problems, after): ([[UInt8]], [String], UInt64) = ([], [], 0)
        while true {
            let read = try await store.events(of: key, after: after, limit: page, fence: fence)
            if read.events.count > page { problems.append("\(key.id): a page is larger than allowed") }
            for event in read.events {
                if after != 0, event.sequence != after + 1 {
                    problems.append("\(key.id): event \(event.sequence) follows \(after)")
                }
                if event.entity != key.id || event.type != key.type { problems.append("\(key.id): got \(event)") }
                after = event.sequence
                payloads.append(event.record.payload)
            }
            if read.events.count < page { return (payloads, read.last, problems) }
        }
    }

    func code(_ body: () async throws -> Void) async -> EntityStoreError.Code? {
        do { try await body() } catch { return (error as? EntityStoreError)?.code }
        return nil
    }

    private func appends() async throws -> [String] {
        var found: [String] = []
        let store = try open()
        let key = key("e-1", type: "kept")
        func expect(_ payloads: [[UInt8]], _ what: String) async throws {
            for (name, store) in [("the writer", store), ("another opener", try open())] {
                let read = try await all(store, key, fence(1))
                found += read.problems
                if read.payloads != payloads || read.last != UInt64(payloads.count) {
                    found.append("\(what): \(name) reads \(read.payloads) up to \(read.last)")
                }
            }
        }
        try await expect([], "an entity without events")
        try await store.append([record(1)], after: 0, for: key, fence: fence(1))
        try await store.append([record(2), record(3)], after: 1, for: key, fence: fence(1))
        try await expect([[1], [2], [3]], "three events of two appends")
        for (sequence, what) in [(2, "an earlier"), (4, "a later"), (0, "no")] as [(UInt64, String)] {
            let code = await code {
                try await store.append([record(9), record(9)], after: sequence, for: key, fence: fence(1))
            }
            if code != .conflict { found.append("an append after \(what) event: \(String(describing: code))") }
        }
        try await expect([[1], [2], [3]], "refused appends")
        // The snapshot is the state, and has nothing to do with the events.
        try await store.save([7], for: key, fence: fence(1))
        try await expect([[1], [2], [3]], "a snapshot")
        try await store.append([record(4)], after: 3, for: key, fence: fence(1))
        if try await store.load(key, fence: fence(1)) != [7] { found.append("events have changed the snapshot") }
        let odd = self.key("ü \u{0}\n'", type: "kept")
        let tagged = EventRecord(payload: [], manifest: "é \u{0}", version: 7, tags: ["b", "a", "ü\u{0}'", "b", ""])
        try await store.append([tagged], after: 0, for: odd, fence: fence(1))
        let read = try await open().events(of: odd, after: 0, limit: 10, fence: fence(1))
        if read.events.map(\.record) != [tagged] || tagged.tags != ["", "a", "b", "ü\u{0}'"] {
            found.append("an unusual event is read as \(read.events)")
        }
        let large = EventRecord(payload: [UInt8](repeating: 7, count: 1 << 20), manifest: "large")
        try await store.append([large, large], after: 1, for: odd, fence: fence(1))
        let back = try await open().events(of: odd, after: 1, limit: 10, fence: fence(1))
        if back.events.map(\.record) != [large, large] { found.append("events of a mebibyte are not read back") }
        return found
    }

    private func pages() async throws -> [String] {
        var found: [String] = []
        let store = try open()
        let key = key("p-1", type: "paged")
        for part in 0..<10 {
            let records = (0..<10).map { record(UInt8(part * 10 + $0)) }
            try await store.append(records, after: UInt64(part * 10), for: key, fence: fence(1))
        }
        for page in [1, 7, 100, 1000] {
            let read = try await all(store, key, fence(1), page: page)
            found += read.problems
            if read.payloads != (0..<100).map({ [UInt8($0)] }) { found.append("100 events in pages of \(page) differ") }
        }
        let middle = try await store.events(of: key, after: 42, limit: 2, fence: fence(1))
        if middle.events.map(\.sequence) != [43, 44] || middle.last != 100 {
            found.append("a page from the middle: \(middle.events.map(\.sequence)) of \(middle.last)")
        }
        let end = try await store.events(of: key, after: 200, limit: 2, fence: fence(1))
        if !end.events.isEmpty || end.last != 100 { found.append("a page beyond the end: \(end)") }
        return found
    }

    private func fences() async throws -> [String] {
        var found: [String] = []
        let (former, latter) = (try open(), try open())
        func expect(_ code: EntityStoreError.Code?, _ expected: EntityStoreError.Code?, _ what: String) {
            if code != expected { found.append("\(what): \(code.map { $0.rawValue } ?? "allowed")") }
        }
        func key(_ id: String) -> EntityKey { self.key(id, type: "fenced-events") }
        try await former.append([record(1)], after: 0, for: key("f-1"), fence: fence(5))
        _ = try await latter.events(of: key("f-2"), after: 0, limit: 1, fence: fence(6))
        expect(
            await code { try await former.append([record(2)], after: 1, for: key("f-1"), fence: fence(5)) }, .stale,
            "an append after the next owner has read another entity of the shard")
        expect(
            await code { _ = try await former.events(of: key("f-1"), after: 0, limit: 1, fence: fence(5)) }, .stale,
            "a read after the next owner has read")
        expect(
            await code { try await former.deleteEvents(of: key("f-1"), through: 1, fence: fence(5)) }, .stale,
            "a deletion after the next owner has read")
        expect(
            await code { try await former.save([1], for: key("f-1"), fence: fence(5)) }, .stale,
            "a snapshot after the next owner has read")
        _ = try await latter.load(key("f-3"), fence: fence(7))
        expect(
            await code { try await former.append([record(2)], after: 1, for: key("f-1"), fence: fence(6)) }, .stale,
            "an append after the next owner has read a snapshot")
        try await latter.append([record(3)], after: 1, for: key("f-1"), fence: fence(7))
        let other = ShardFence(cluster: ClusterID(high: 1, low: 2), upNumber: 9, start: 1, sequence: 1)
        expect(
            await code { try await former.append([record(8)], after: 2, for: key("f-1"), fence: other) }, .foreign,
            "an append by another cluster")
        expect(
            await code { _ = try await latter.events(of: key("f-1"), after: 0, limit: 1, fence: other) }, .foreign,
            "a read by another cluster")
        let read = try await all(former, key("f-1"), fence(1, upNumber: 2))
        if read.payloads != [[1], [3]] { found.append("after refused appends: \(read.payloads)") }
        return found
    }

    /// The number of shards of a type changes; a node that has the former number is an owner of the past.
    private func layouts() async throws -> [String] {
        var found: [String] = []
        let (former, latter) = (try open(), try open())
        let (old, new) = (key("l-1", type: "laid-events", shards: 4), key("l-1", type: "laid-events", shards: 6))
        try await former.append([record(1)], after: 0, for: old, fence: fence(1))
        if try await all(latter, new, fence(1, upNumber: 2)).payloads != [[1]] {
            found.append("events are not found after a change of the number of shards")
        }
        let code = await code { try await former.append([record(2)], after: 1, for: old, fence: fence(2)) }
        if code != .stale { found.append("a node with the former number of shards has appended") }
        try await latter.append([record(3)], after: 1, for: new, fence: fence(1, upNumber: 2))
        if try await all(former, new, fence(1, upNumber: 2)).payloads != [[1], [3]] {
            found.append("events after a change of the number of shards are lost")
        }
        return found
    }

    private func deletions() async throws -> [String] {
        var found: [String] = []
        let (first, second) = (try open(), try open())
        let key = key("d-1", type: "deleted")
        try await first.append((1...6).map { record($0) }, after: 0, for: key, fence: fence(1))
        try await first.deleteEvents(of: key, through: 2, fence: fence(1))
        // The next owner deletes what the former one has written.
        try await second.deleteEvents(of: key, through: 4, fence: fence(2))
        for store in [first, second] {
            let read = try await all(store, key, fence(2))
            if read.payloads != [[5], [6]] || read.last != 6 {
                found.append("after a deletion: \(read.payloads) up to \(read.last)")
            }
        }
        let seen = try await delivered(second, EventFilter(type: "deleted"))
        if seen.map(\.sequence) != [5, 6] { found.append("a query finds deleted events: \(seen.map(\.sequence))") }
        try await second.deleteEvents(of: key, through: 100, fence: fence(2))
        let empty = try await all(second, key, fence(2))
        if !empty.payloads.isEmpty || empty.last != 6 { found.append("a deletion of all leaves \(empty)") }
        let code = await code { try await second.append([record(1)], after: 0, for: key, fence: fence(2)) }
        if code != .conflict { found.append("the numbers of deleted events are used again") }
        try await second.append([record(7)], after: 6, for: key, fence: fence(2))
        if try await all(first, key, fence(3)).payloads != [[7]] { found.append("an event after a deletion is lost") }
        return found
    }

    /// All events that match, read page by page.
    func delivered(_ store: any EventStore, _ filter: EventFilter, page: Int = 4) async throws -> [StoredEvent] {
        var events: [StoredEvent] = []
        for try await element in store.eventLog(filter, page: page) { events.append(element.event) }
        return events
    }

    private func queries() async throws -> [String] {
        var found: [String] = []
        let store = try open()
        let type = "queried"
        for number in UInt8(0)..<20 {
            let key = key("q-\(number % 3)", type: type)
            let tags = number % 4 == 0 ? ["q-fourth", "q-even"] : number % 2 == 0 ? ["q-even"] : []
            try await store.append([record(number, tags: tags)], after: UInt64(number / 3), for: key, fence: fence(1))
        }
        let other = EventRecord(payload: [99], manifest: "other", tags: ["q-even"])
        try await store.append([other], after: 0, for: key("q-1", type: "queried-2"), fence: fence(1))
        for reader in [store, try open()] {
            func expect(_ filter: EventFilter, _ payloads: [UInt8], _ what: String) async throws {
                let events = try await delivered(reader, filter)
                if events.map(\.record.payload).sorted(by: { $0[0] < $1[0] }) != payloads.map({ [$0] }) {
                    found.append("\(what): \(events.map(\.record.payload))")
                }
            }
            try await expect(EventFilter(type: type), Array(0..<20), "all of a type")
            try await expect(EventFilter(type: type, tag: "q-fourth"), [0, 4, 8, 12, 16], "by tag")
            try await expect(.tag("q-even"), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 99], "by tag, of all types")
            try await expect(.entity("q-2", type: type), [2, 5, 8, 11, 14, 17], "by entity")
            try await expect(.tag("q-fourt"), [], "by a tag that none has")
        }
        // From every offset, a query delivers the rest.
        var elements: [EventBatch.Element] = []
        for try await element in store.eventLog(EventFilter(type: type), page: 7) { elements.append(element) }
        for (index, element) in elements.enumerated() {
            var rest: [StoredEvent] = []
            let offset = EventOffset(element.offset.description)
            for try await next in store.eventLog(EventFilter(type: type), after: offset) { rest.append(next.event) }
            if rest != elements.dropFirst(index + 1).map(\.event) {
                found.append("after offset \(offset): \(rest.map(\.record.payload))")
            }
        }
        let code = await code {
            _ = try await store.events(matching: .all, after: EventOffset("elsewhere"), limit: 1)
        }
        if code != .corrupt { found.append("an offset of another store: \(String(describing: code))") }
        return found
    }
}
