/// What belongs together, and can be asked for by one word.
package enum BenchGroup: String, CaseIterable, Sendable {
    case local, remote, shards, cluster, simulation, membership
}

/// Something to measure: one figure, or several that come out of the same runs.
package struct BenchCase {
    package let group: BenchGroup
    /// The name of its figures, or what they begin with.
    package let name: String
    package let measure: (BenchPlan) throws -> [Measurement]

    /// A figure measured run by run, after one run that warms up and does not count.
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

    /// Everything that can be measured.
    package static var all: [BenchCase] {
        LocalBench.cases + RemoteBench.cases + ShardBench.cases + EntityMemoryBench.cases + CoordinatorBench.cases
            + ClusterBench.cases + SimulationBench.cases + HandoffBench.cases + simulated
    }

    private static var simulated: [BenchCase] {
        ScaleBench.cases + DetectionBench.cases + HealBench.cases + ChurnBench.cases + RecoveryBench.cases
    }

    package func matches(_ word: String) -> Bool {
        group.rawValue == word || name.lowercased().contains(word.lowercased())
    }
}

/// How much is measured.
package struct BenchPlan: Sendable {
    /// Less of everything: good enough to see that nothing has become much slower.
    package let isQuick: Bool
    /// How many runs count, where the person said so.
    package let chosenRuns: Int?
    /// Which seeds, where the person said so.
    package let chosenSeeds: ClosedRange<UInt64>?
    /// Where to say what is going on.
    package let progress: @Sendable (String) -> Void
    /// Where to say what went wrong with what is measured.
    package let complain: @Sendable (String) -> Void

    package init(
        isQuick: Bool, chosenRuns: Int?, chosenSeeds: ClosedRange<UInt64>?,
        progress: @escaping @Sendable (String) -> Void, complain: @escaping @Sendable (String) -> Void
    ) {
        self.isQuick = isQuick
        self.chosenRuns = chosenRuns
        self.chosenSeeds = chosenSeeds
        self.progress = progress
        self.complain = complain
    }

    package var runs: Int { runs(5, quick: 3) }

    /// How many runs of a thing that takes long.
    package func runs(_ usual: Int, quick: Int) -> Int { chosenRuns ?? (isQuick ? quick : usual) }

    /// The seeds of what is measured once for each: from 1 on, where nobody said which.
    package func seeds(usual: UInt64, quick: UInt64) -> ClosedRange<UInt64> {
        chosenSeeds ?? 1...(isQuick ? quick : usual)
    }

    /// An amount, or a part of it.
    package func amount(_ usual: Int, quick: Int) -> Int { isQuick ? quick : usual }
}

/// Why something could not be measured.
package struct BenchError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
