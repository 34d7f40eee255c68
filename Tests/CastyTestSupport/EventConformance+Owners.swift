import CastySharding

/// Owners of a shard one after the other, beside each other, and many writers at once.
extension EventConformance {
    /// A shard goes to and fro between two owners; all queries see each entity's events in order.
    func owners() async throws -> [String] {
        var found: [String] = []
        let stores = [try open(), try open(), try open()]
        let type = "owned"
        for round in UInt64(0)..<12 {
            let store = stores[Int(round * 7 % 3)]
            for id in ["o-1", "o-2"] {
                let key = key(id, type: type)
                let known = try await all(store, key, fence(round + 1))
                if known.last != round { found.append("round \(round): \(id) has \(known.last) events") }
                try await store.append([record(UInt8(round))], after: round, for: key, fence: fence(round + 1))
            }
        }
        for store in stores {
            let events = try await delivered(store, EventFilter(type: type), page: 2)
            for id in ["o-1", "o-2"] {
                let numbers = events.filter { $0.entity == id }.map(\.sequence)
                if numbers != Array(1...12) { found.append("a query delivers \(numbers) of \(id)") }
            }
        }
        return found
    }

    func manyAtOnce() async throws -> [String] {
        let (store, reader) = (try open(), try open())
        let type = "many-events"
        async let seen: [StoredEvent] = {
            var events: [StoredEvent] = []
            let log = reader.eventLog(EventFilter(type: type), page: 5) { await Task.yield() }
            for try await element in log {
                events.append(element.event)
                if events.count == 640 { break }
            }
            return events
        }()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let key = self.key("m-\(number)", type: type, shards: 8)
                    for step in UInt8(0)..<5 {
                        let records = [self.record(2 * step), self.record(2 * step + 1)]
                        try await store.append(records, after: UInt64(2 * step), for: key, fence: self.fence(1))
                    }
                }
            }
            try await group.waitForAll()
        }
        var found: [String] = []
        var next: [String: UInt64] = [:]
        for event in try await seen {
            let expected = next[event.entity, default: 1]
            if event.sequence != expected { found.append("\(event.entity): \(event.sequence) instead of \(expected)") }
            next[event.entity] = event.sequence + 1
        }
        if next.values.contains(where: { $0 != 11 }) { found.append("a query during the appends missed events") }
        return found
    }

    /// A former owner appends while the next one reads: one of them must notice the other.
    func races() async throws -> [String] {
        var found: [String] = []
        let (first, second) = (try open(), try open())
        for round in UInt64(0)..<40 {
            let key = key("r-\(round)", type: "raced-events")
            let (early, late) = (fence(2 * round + 1), fence(2 * round + 2))
            try await first.append([record(0)], after: 0, for: key, fence: early)
            async let appended: Bool = {
                do {
                    try await first.append([record(1), record(2)], after: 1, for: key, fence: early)
                    return true
                } catch { return false }
            }()
            let read = try await all(second, key, late)
            let isAppended = await appended
            if isAppended, read.last != 3 { found.append("round \(round): an append that counts was not read") }
            if ![1, 3].contains(read.last) { found.append("round \(round): half of an append was read") }
            // Whatever the former owner has written, the next one's event is the one that counts.
            try await second.append([record(9)], after: read.last, for: key, fence: late)
            let after = try await all(try open(), key, late)
            if after.payloads != read.payloads + [[9]] {
                found.append("round \(round): \(after.payloads) after \(read.payloads) and 9")
            }
            let seen = try await delivered(first, .entity(key.id, type: key.type))
            if seen.map(\.record.payload) != after.payloads {
                found.append("round \(round): a query delivers \(seen.map(\.record.payload))")
            }
        }
        return found
    }
}
