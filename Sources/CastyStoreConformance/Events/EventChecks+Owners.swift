import CastyCore
import CastySharding

/// Owners of a shard one after the other, and clusters.
extension EventChecks {
    func formerOwner() async throws {
        let (former, latter) = (try await open(), try await open())
        let key = entity("f-1", "fenced-events")
        try await former.append([record(1)], after: 0, for: key, fence: token(5))
        _ = try await latter.events(of: entity("f-2", key.type), after: 0, limit: 1, fence: token(6))
        try await expectRefusals(of: former, key, token(5), after: 1, "once the next owner has read")
        _ = try await latter.load(entity("f-3", key.type), fence: token(7))
        try await findings.expectRefusal(.stale, "an append after the next owner has read a snapshot") {
            try await former.append([record(2)], after: 1, for: key, fence: token(6))
        }
        try await latter.append([record(3)], after: 1, for: key, fence: token(7))
        let read = try await all(former, key, token(1, upNumber: 2))
        findings.expect("events after refused appends", read.payloads, is: [[1], [3]])
    }

    /// Every call of a former owner is refused.
    private func expectRefusals(
        of former: any EventStore, _ key: EntityKey, _ fence: ShardFence, after last: UInt64, _ what: String
    ) async throws {
        let other = entity("other", key.type)
        try await findings.expectRefusal(.stale, "an append \(what)") {
            try await former.append([record(99)], after: last, for: key, fence: fence)
        }
        try await findings.expectRefusal(.stale, "a first append \(what)") {
            try await former.append([record(99)], after: 0, for: other, fence: fence)
        }
        try await findings.expectRefusal(.stale, "a deletion of events \(what)") {
            try await former.deleteEvents(of: key, through: 1, fence: fence)
        }
        try await findings.expectRefusal(.stale, "a snapshot \(what)") {
            try await former.save([99], for: key, fence: fence)
        }
        try await findings.expectRefusal(.stale, "a read \(what)") {
            _ = try await former.events(of: key, after: 0, limit: 9, fence: fence)
        }
        guard let former = former as? any RemindingEventStore else { return }
        try await findings.expectRefusal(.stale, "an append with a time \(what)") {
            try await former.append(
                [record(99)], after: last, for: key, fence: fence, wakeAt: WallTime(milliseconds: 1))
        }
    }

    /// The next owner opens the store after the last call of the former one, and may be gone when that comes back.
    func laterOwners() async throws {
        let former = try await open()
        let (key, second) = (entity("late-1", "later-events"), entity("late-2", "later-events"))
        for round in UInt64(0)..<3 {
            let (early, late) = (token(2 * round + 1), token(2 * round + 2))
            let what = "in round \(round) of a next owner that opened later"
            try await former.append([record(UInt8(2 * round))], after: 2 * round, for: key, fence: early)
            var latter: (any EventStore)? = try await open()
            // In one round it reads the entity's events, in the others what belongs to another one of its shard.
            switch round {
            case 0:
                let last = try await latter?.events(of: key, after: 0, limit: 9, fence: late).last
                findings.expect("the last number \(what)", last, is: 1)
            case 1: _ = try await latter?.events(of: second, after: 0, limit: 9, fence: late)
            default: _ = try await latter?.load(second, fence: late)
            }
            if round == 1 { latter = nil }
            try await expectRefusals(of: former, key, early, after: 2 * round + 1, what)
            let store: any EventStore
            if let latter { store = latter } else { store = try await open() }
            try await store.append([record(UInt8(2 * round + 1))], after: 2 * round + 1, for: key, fence: late)
            let expected = (0..<UInt8(2 * round + 2)).map { [$0] }
            findings.expect("events \(what)", try await all(store, key, late).payloads, is: expected)
            let seen = try await delivered(store, EventFilter(type: key.type)).map(\.record.payload)
            findings.expect("what a query delivers \(what)", seen, is: expected)
            findings.expect("the refused snapshot \(what)", try await store.load(key, fence: late), is: nil)
            guard let store = store as? any RemindingEventStore else { continue }
            let wakes = try await store.wakes(of: key.type, through: WallTime(milliseconds: 9), after: nil, limit: 9)
            findings.expect("the refused time \(what)", wakes, is: [])
        }
    }

    /// A shard goes to and fro between two owners; all queries see each entity's events in order.
    func owners() async throws {
        let stores = [try await open(), try await open(), try await open()]
        let type = "owned"
        for round in UInt64(0)..<12 {
            let store = stores[Int(round * 7 % 3)]
            for id in ["o-1", "o-2"] {
                let key = entity(id, type)
                let known = try await all(store, key, token(round + 1))
                findings.expect("round \(round): the number of events of \(id)", known.last, is: round)
                try await store.append([record(UInt8(round))], after: round, for: key, fence: token(round + 1))
            }
        }
        for store in stores {
            let events = try await delivered(store, EventFilter(type: type), page: 2)
            for id in ["o-1", "o-2"] {
                let numbers = events.filter { $0.entity == id }.map(\.sequence)
                findings.expect("what a query delivers of \(id)", numbers, is: Array(1...12))
            }
        }
    }

    func secondCluster() async throws {
        let (first, second) = (try await open(), try await open())
        let key = entity("c-1", "clustered-events")
        try await first.append([record(1)], after: 0, for: key, fence: token(1))
        try await findings.expectRefusal(.foreign, "an append by another cluster") {
            try await second.append([record(8)], after: 1, for: key, fence: secondToken)
        }
        try await findings.expectRefusal(.foreign, "a first append by another cluster") {
            try await second.append([record(8)], after: 0, for: entity("c-2", key.type), fence: secondToken)
        }
        try await findings.expectRefusal(.foreign, "a read by another cluster") {
            _ = try await second.events(of: key, after: 0, limit: 1, fence: secondToken)
        }
        try await findings.expectRefusal(.foreign, "a deletion by another cluster") {
            try await second.deleteEvents(of: key, through: 1, fence: secondToken)
        }
        try await first.append([record(2)], after: 1, for: key, fence: token(1))
        findings.expect("the first cluster's events", try await all(second, key, token(1)).payloads, is: [[1], [2]])
    }
}
