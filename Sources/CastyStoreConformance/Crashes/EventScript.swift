import CastyCore
import CastySharding

/// Crashes of a store of events, and of its reminders if it has any.
struct EventScript: Sendable {
    /// The events by entity, without those that are deleted, the last numbers, the snapshots and when each must run.
    struct Content: Equatable, Sendable {
        var events: [String: [UInt8]] = [:]
        var last: [String: UInt64] = [:]
        var snapshots: [String: [UInt8]] = [:]
        var times: [String: WallTime] = [:]
        /// What queries deliver beside the entities' own logs: the same.
        var delivered: [String: [UInt8]] = [:]
    }

    private typealias Script = CrashScript<any EventStore, Content>

    func check(_ store: TestedStore<any EventStore>, _ findings: Findings) async throws {
        try await Script(
            empty: Content(), steps: steps, read: Self.read,
            agrees: { found, expected in
                (found.events, found.last, found.snapshots) == (expected.events, expected.last, expected.snapshots)
                    && found.delivered == expected.delivered && StateScript.isInTime(found.times, expected.times)
            }
        )
        .check(store, findings)
    }

    private var steps: [Script.Step] {
        [
            append("a", [1]), append("b", [1, 2, 3]), append("a", [2, 3]), snapshot("a", [7]),
            deleteEvents("b", through: 2),
            append("b", [4], at: 50), append("a", [4, 5], at: 20), append("c", [UInt8](1...40)), append("b", [5]),
            deleteEvents("a", through: 5), append("a", [6]),
        ]
    }

    private func append(_ id: String, _ numbers: [UInt8], at seconds: Int64? = nil) -> Script.Step {
        Script.Step(name: "an append of \(numbers.count) to \(id)") { store, run in
            let key = entity(id, run.type)
            let last = try await store.events(of: key, after: 1_000_000, limit: 1, fence: run.fence).last
            let records = numbers.map { record($0) }
            if let seconds, let store = store as? any RemindingEventStore {
                try await store.append(records, after: last, for: key, fence: run.fence, wakeAt: at(seconds))
            } else {
                try await store.append(records, after: last, for: key, fence: run.fence)
            }
        } change: { content in
            content.events[id, default: []] += numbers
            content.delivered[id, default: []] += numbers
            content.last[id, default: 0] += UInt64(numbers.count)
            if let seconds { content.times[id] = at(seconds) }
        }
    }

    private func snapshot(_ id: String, _ state: [UInt8]) -> Script.Step {
        Script.Step(name: "a snapshot of \(id)") { store, run in
            try await store.save(state, for: entity(id, run.type), fence: run.fence)
        } change: { content in
            content.snapshots[id] = state
            content.times[id] = nil
        }
    }

    /// The payload of each event of the script is its number.
    private func deleteEvents(_ id: String, through sequence: UInt64) -> Script.Step {
        Script.Step(name: "a deletion of \(id)'s events") { store, run in
            try await store.deleteEvents(of: entity(id, run.type), through: sequence, fence: run.fence)
        } change: { content in
            content.events[id]?.removeAll { $0 <= sequence }
            content.delivered[id] = content.events[id]
        }
    }

    private static func read(_ store: any EventStore, _ run: Script.Run) async throws -> Content {
        var content = Content()
        for id in StateScript.ids {
            let page = try await store.events(of: entity(id, run.type), after: 0, limit: 100, fence: run.fence)
            guard page.last > 0 else { continue }
            content.events[id] = page.events.flatMap(\.record.payload)
            content.last[id] = page.last
            content.snapshots[id] = try await store.load(entity(id, run.type), fence: run.fence)
            let log = store.eventLog(EventFilter(type: run.type, entity: id), page: 5)
            content.delivered[id] = []
            for try await element in log { content.delivered[id]? += element.event.record.payload }
        }
        content.times = try await StateScript.times(in: store, of: run.type)
        return content
    }
}
