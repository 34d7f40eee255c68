import CastySharding

extension EventChecks {
    func queries() async throws {
        let store = try await open()
        let type = "queried"
        for number in UInt8(0)..<20 {
            let key = entity("q-\(number % 3)", type)
            let tags = number % 4 == 0 ? ["q-fourth", "q-even"] : number % 2 == 0 ? ["q-even"] : []
            try await store.append([record(number, tags: tags)], after: UInt64(number / 3), for: key, fence: token(1))
        }
        let other = EventRecord(payload: [99], manifest: "other", tags: ["q-even"])
        try await store.append([other], after: 0, for: entity("q-1", "queried-2"), fence: token(1))
        for (name, reader) in [("the writer", store), ("another opener", try await open())] {
            for (filter, payloads, what) in [
                (EventFilter(type: type), Array(0..<20), "all of a type"),
                (EventFilter(type: type, tag: "q-fourth"), [0, 4, 8, 12, 16], "those with a tag"),
                (.tag("q-even"), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 99], "those with a tag of all types"),
                (.entity("q-2", type: type), [2, 5, 8, 11, 14, 17], "those of an entity"),
                (.tag("q-fourt"), [], "those with a tag that none has"),
            ] as [(EventFilter, [UInt8], String)] {
                let events = try await delivered(reader, filter).flatMap(\.record.payload)
                findings.expect("\(what), read by \(name)", events.sorted(), is: payloads)
            }
        }
        try await offsets(store, EventFilter(type: type))
        try await findings.expectRefusal(.corrupt, "a query after an offset of another store") {
            _ = try await store.events(matching: .all, after: EventOffset("elsewhere"), limit: 1)
        }
    }

    /// From every offset, written down and read again, a query delivers the rest, each event once.
    private func offsets(_ store: any EventStore, _ filter: EventFilter) async throws {
        var elements: [EventBatch.Element] = []
        for try await element in store.eventLog(filter, page: 7) { elements.append(element) }
        for (index, element) in elements.enumerated() {
            var rest: [StoredEvent] = []
            let offset = EventOffset(element.offset.description)
            for try await next in store.eventLog(filter, after: offset) { rest.append(next.event) }
            findings.expect(
                "what a query delivers after the offset \(offset)", rest.map(\.record.payload),
                is: elements.dropFirst(index + 1).map(\.event.record.payload))
        }
        // By the batch: its own offset leads past what did not match.
        var (offset, found, batches) = (EventOffset.start, [UInt8](), 0)
        while batches < 1000 {
            let batch = try await store.events(matching: filter, after: offset, limit: 3)
            if batch.events.count > 3 {
                findings.add("expected a batch of three events at most, found \(batch.events.count)")
            }
            found += batch.events.flatMap(\.event.record.payload)
            if batch.isEnd { break }
            offset = batch.next
            batches += 1
        }
        findings.expect("what batches of three deliver", found, is: elements.flatMap(\.event.record.payload))
    }

    func manyAtOnce() async throws {
        let (store, reader) = (try await open(), try await open())
        let type = "many-events"
        async let seen: [StoredEvent] = {
            var events: [StoredEvent] = []
            let log = reader.eventLog(EventFilter(type: type), page: 5) {
                try Task.checkCancellation()
                await Task.yield()
            }
            for try await element in log {
                events.append(element.event)
                if events.count == 640 { break }
            }
            return events
        }()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let key = entity("m-\(number)", type, of: 8)
                    for step in UInt8(0)..<5 {
                        let records = [record(2 * step), record(2 * step + 1)]
                        try await store.append(records, after: UInt64(2 * step), for: key, fence: token(1))
                    }
                }
            }
            try await group.waitForAll()
        }
        // A query of all that is there first: the one beside the appends would wait for what a store has lost.
        let there = try await delivered(open(), EventFilter(type: type), page: 50)
        findings.expect("how many events of 640 are there after appends of many at once", there.count, is: 640)
        guard there.count == 640 else { return }
        var next: [String: UInt64] = [:]
        for event in try await seen {
            let expected = next[event.entity, default: 1]
            findings.expect("\(event.entity) in a query during the appends", event.sequence, is: expected)
            next[event.entity] = event.sequence + 1
        }
        if next.values.contains(where: { $0 != 11 }) {
            findings.add("expected ten events of each entity in a query during the appends, found less of some")
        }
    }
}
