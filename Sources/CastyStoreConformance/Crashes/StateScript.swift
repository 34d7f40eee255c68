import CastyCore
import CastySharding

/// Crashes of a store of states, and of its reminders if it has any.
struct StateScript: Sendable {
    /// The states by entity, and when each must run.
    struct Content: Equatable, Sendable {
        var states: [String: [UInt8]] = [:]
        var times: [String: WallTime] = [:]
    }

    private typealias Script = CrashScript<any EntityStore, Content>

    static let ids = ["a", "b", "c"]

    func check(_ store: TestedStore<any EntityStore>, _ findings: Findings) async throws {
        try await Script(
            empty: Content(), steps: steps, read: Self.read,
            agrees: { found, expected in
                found.states == expected.states && Self.isInTime(found.times, expected.times)
            }
        )
        .check(store, findings)
    }

    /// An entity that runs too early is harmless; one that runs too late is not.
    static func isInTime(_ found: [String: WallTime], _ expected: [String: WallTime]) -> Bool {
        expected.allSatisfy { id, time in found[id].map { $0 <= time } ?? false }
    }

    private var steps: [Script.Step] {
        [
            save("a", [1]), save("b", [2]), save("a", [3, 4]), delete("b"), remind("c", [5], at: 50), save("b", []),
            remind("c", [6], at: 20), remind("a", [7], at: 30), delete("c"),
            save("a", [UInt8](repeating: 8, count: 9000)),
        ]
    }

    private func save(_ id: String, _ state: [UInt8]) -> Script.Step {
        Script.Step(name: "a save of \(id)") { store, run in
            try await store.save(state, for: entity(id, run.type), fence: run.fence)
        } change: { content in
            content.states[id] = state
            content.times[id] = nil
        }
    }

    private func delete(_ id: String) -> Script.Step {
        Script.Step(name: "a deletion of \(id)") { store, run in
            try await store.delete(entity(id, run.type), fence: run.fence)
        } change: { content in
            content.states[id] = nil
            content.times[id] = nil
        }
    }

    private func remind(_ id: String, _ state: [UInt8], at seconds: Int64) -> Script.Step {
        Script.Step(name: "a save of \(id) with a time") { store, run in
            guard let store = store as? any RemindingEntityStore else {
                return try await store.save(state, for: entity(id, run.type), fence: run.fence)
            }
            try await store.save(state, for: entity(id, run.type), fence: run.fence, wakeAt: at(seconds))
        } change: { content in
            content.states[id] = state
            content.times[id] = at(seconds)
        }
    }

    private static func read(_ store: any EntityStore, _ run: Script.Run) async throws -> Content {
        var content = Content()
        for id in ids { content.states[id] = try await store.load(entity(id, run.type), fence: run.fence) }
        content.times = try await times(in: store, of: run.type)
        return content
    }

    /// When entities must run; that of a store without reminders is always in time.
    static func times(in store: any EntityStore, of type: String) async throws -> [String: WallTime] {
        guard let store = store as? any RemindingEntityStore else {
            return Dictionary(uniqueKeysWithValues: ids.map { ($0, at(0)) })
        }
        let wakes = try await store.wakes(of: type, through: at(100), after: nil, limit: 100)
        return Dictionary(wakes.map { ($0.id, $0.at) }) { min($0, $1) }
    }
}
