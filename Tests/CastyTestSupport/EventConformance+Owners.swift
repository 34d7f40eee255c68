import CastyCore
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

    /// The next owner opens the store after the last call of the former one, and may be gone when that comes back.
    func laterOwners() async throws -> [String] {
        var found: [String] = []
        let former = try open()
        let (key, other) = (key("late-1", type: "later-events"), key("late-2", type: "later-events"))
        for round in UInt64(0)..<3 {
            let (early, late) = (fence(2 * round + 1), fence(2 * round + 2))
            let what = "round \(round) of a next owner that opened later"
            try await former.append([record(UInt8(2 * round))], after: 2 * round, for: key, fence: early)
            var latter: (any EventStore)? = try open()
            // In one round it reads the entity's events, in the others what belongs to another one of its shard.
            switch round {
            case 0:
                if try await latter?.events(of: key, after: 0, limit: 9, fence: late).last != 1 { found.append(what) }
            case 1: _ = try await latter?.events(of: other, after: 0, limit: 9, fence: late)
            default: _ = try await latter?.load(other, fence: late)
            }
            if round == 1 { latter = nil }
            let calls: [(String, () async throws -> Void)] = [
                (
                    "an append",
                    { try await former.append([record(99)], after: 2 * round + 1, for: key, fence: early) }
                ),
                ("a first append", { try await former.append([record(99)], after: 0, for: other, fence: early) }),
                ("a deletion", { try await former.deleteEvents(of: key, through: 1, fence: early) }),
                ("a snapshot", { try await former.save([99], for: key, fence: early) }),
                ("a read", { _ = try await former.events(of: key, after: 0, limit: 9, fence: early) }),
                (
                    "an append with a time",
                    {
                        guard let store = former as? any RemindingEventStore else {
                            throw EntityStoreError(.stale, key.id)
                        }
                        let time = WallTime(milliseconds: 1)
                        try await store.append(
                            [record(99)], after: 2 * round + 1, for: key, fence: early, wakeAt: time)
                    }
                ),
            ]
            for (name, call) in calls {
                let code = await code(call)
                if code != .stale { found.append("\(what): \(name) of the former one: \(String(describing: code))") }
            }
            let store = try latter ?? open()
            try await store.append([record(UInt8(2 * round + 1))], after: 2 * round + 1, for: key, fence: late)
            let expected = (0..<UInt8(2 * round + 2)).map { [$0] }
            let read = try await all(store, key, late)
            if read.payloads != expected { found.append("\(what): reads \(read.payloads)") }
            let seen = try await delivered(store, EventFilter(type: key.type)).map(\.record.payload)
            if seen != expected { found.append("\(what): a query delivers \(seen)") }
            if try await store.load(key, fence: late) != nil { found.append("\(what): a refused snapshot is there") }
            guard let store = store as? any RemindingEventStore else { continue }
            let wakes = try await store.wakes(
                of: key.type, through: WallTime(milliseconds: 9), after: nil, limit: 9)
            if !wakes.isEmpty { found.append("\(what): a refused time is there") }
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
