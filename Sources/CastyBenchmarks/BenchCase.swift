/// A group of benchmarks, selected by one word.
package enum BenchGroup: String, CaseIterable, Sendable {
    case local, remote, shards, cluster, simulation, membership, console, store
}

/// A benchmark: one figure, or several from the same runs.
package struct BenchCase {
    package let group: BenchGroup
    /// The name of its figures, or their common prefix.
    package let name: String
    package let measure: (BenchPlan) throws -> [Measurement]
    /// Whether it runs only where its name is given: it takes minutes, or gigabytes.
    package private(set) var isOnRequest = false

    /// A figure that is measured once per run, after one warm-up run that does not count.
    package init(
        _ group: BenchGroup, _ name: String, unit: String, goal: Measurement.Goal? = nil,
        run: @escaping (BenchPlan) throws -> Double
    ) {
        self.init(group, name) { plan in
            _ = try run(plan)
            let runs = try (0..<plan.runs).map { _ in try run(plan) }
            return [Measurement(name: name, unit: unit, runs: runs, goal: goal)]
        }
    }

    package init(_ group: BenchGroup, _ name: String, measure: @escaping (BenchPlan) throws -> [Measurement]) {
        self.group = group
        self.name = name
        self.measure = measure
    }

    /// The same, only where its name is given.
    func onRequest() -> BenchCase {
        var one = self
        one.isOnRequest = true
        return one
    }

    /// All benchmarks.
    package static var all: [BenchCase] {
        LocalBench.cases + LeftoverBench.cases + RemoteBench.cases + ShardBench.cases + EntityMemoryBench.cases
            + CoordinatorBench.cases
            + ClusterBench.cases + SimulationBench.cases + HandoffBench.cases + simulated + ConsoleBench.cases
    }

    private static var simulated: [BenchCase] {
        ScaleBench.cases + DetectionBench.cases + HealBench.cases + ChurnBench.cases + RecoveryBench.cases
            + OutageBench.cases
    }

    /// Whether a word of the command line selects it.
    package func matches(_ word: String) -> Bool {
        group.rawValue == word && !isOnRequest || name.lowercased().contains(word.lowercased())
    }
}

/// The extent of the measurements.
package struct BenchPlan: Sendable {
    /// Whether all amounts are reduced: enough to see that nothing has become much slower.
    package let isQuick: Bool
    /// The number of runs that count, if the user gave one.
    package let chosenRuns: Int?
    /// The seeds, if the user gave any.
    package let chosenSeeds: ClosedRange<UInt64>?
    /// Receives progress messages.
    package let progress: @Sendable (String) -> Void
    /// Receives messages about problems in the measured system.
    package let warn: @Sendable (String) -> Void

    package init(
        isQuick: Bool, chosenRuns: Int?, chosenSeeds: ClosedRange<UInt64>?,
        progress: @escaping @Sendable (String) -> Void, warn: @escaping @Sendable (String) -> Void
    ) {
        self.isQuick = isQuick
        self.chosenRuns = chosenRuns
        self.chosenSeeds = chosenSeeds
        self.progress = progress
        self.warn = warn
    }

    package var runs: Int { runs(5, quick: 3) }

    /// The number of runs of a long measurement.
    package func runs(_ usual: Int, quick: Int) -> Int { chosenRuns ?? (isQuick ? quick : usual) }

    /// The seeds of a measurement that runs once per seed: by default from 1 on.
    package func seeds(usual: UInt64, quick: UInt64) -> ClosedRange<UInt64> {
        chosenSeeds ?? 1...(isQuick ? quick : usual)
    }

    /// An amount, reduced in quick mode.
    package func amount(_ usual: Int, quick: Int) -> Int { isQuick ? quick : usual }
}

/// The reason why a measurement failed.
package struct BenchError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
