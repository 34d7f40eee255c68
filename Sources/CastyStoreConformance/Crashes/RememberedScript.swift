import CastySharding

/// Crashes of a store of remembered entities.
struct RememberedScript: Sendable {
    private typealias Script = CrashScript<any RememberedEntityStore, [String]>

    func check(_ store: TestedStore<any RememberedEntityStore>, _ findings: Findings) async throws {
        let reader = RememberedChecks(store, findings)
        try await Script(
            empty: [], steps: steps,
            read: { store, run in try await reader.all(store, run.type, fence: run.fence) }, agrees: { $0 == $1 }
        )
        .check(store, findings)
    }

    private var steps: [Script.Step] {
        [
            start("a"), start("b"), start("c"), stop("b"), start("d"), stop("a"), start("b"), start("e"), stop("e"),
            stop("d"),
        ]
    }

    private func start(_ id: String) -> Script.Step {
        Script.Step(name: "the start of \(id)") { store, run in
            try await store.record(.started(id), in: shard(id, run.type), fence: run.fence)
        } change: { entities in
            entities = (entities.filter { $0 != id } + [id]).sorted()
        }
    }

    private func stop(_ id: String) -> Script.Step {
        Script.Step(name: "the stop of \(id)") { store, run in
            try await store.record(.stopped(id), in: shard(id, run.type), fence: run.fence)
        } change: { entities in
            entities.removeAll { $0 == id }
        }
    }
}
