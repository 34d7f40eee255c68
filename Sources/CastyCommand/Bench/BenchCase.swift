/// What belongs together, and can be asked for by one word.
enum BenchGroup: String, CaseIterable, Sendable {
    case local, remote, shards, cluster, simulation, membership
}

/// Something to measure: one figure, or several that come out of the same runs.
struct BenchCase {
    let group: BenchGroup
    /// The name of its figures, or what they begin with.
    let name: String
    let measure: (BenchPlan) throws -> [Measurement]

    /// A figure measured run by run, after one run that warms up and does not count.
    init(
        _ group: BenchGroup, _ name: String, unit: String, goal: Measurement.Goal? = nil,
        run: @escaping (BenchPlan) throws -> Double
    ) {
        self.init(group, name) { plan in
            _ = try run(plan)
            let runs = try (0..<plan.runs).map { _ in try run(plan) }
            return [Measurement(name: name, unit: unit, runs: runs, goal: goal)]
        }
    }

    init(_ group: BenchGroup, _ name: String, measure: @escaping (BenchPlan) throws -> [Measurement]) {
        self.group = group
        self.name = name
        self.measure = measure
    }

    /// Everything that can be measured.
    static var all: [BenchCase] {
        LocalBench.cases + RemoteBench.cases + ShardBench.cases + EntityMemoryBench.cases + CoordinatorBench.cases
            + ClusterBench.cases + SimulationBench.cases + HandoffBench.cases + simulated
    }

    private static var simulated: [BenchCase] {
        ScaleBench.cases + DetectionBench.cases + HealBench.cases + ChurnBench.cases + RecoveryBench.cases
    }

    func matches(_ word: String) -> Bool { group.rawValue == word || name.lowercased().contains(word.lowercased()) }
}

/// How much is measured.
struct BenchPlan: Sendable {
    /// Less of everything: good enough to see that nothing has become much slower.
    let isQuick: Bool
    /// How many runs count, where the person said so.
    let chosenRuns: Int?
    /// Which seeds, where the person said so.
    let chosenSeeds: ClosedRange<UInt64>?
    /// Where to say what is going on.
    let progress: @Sendable (String) -> Void

    var runs: Int { runs(5, quick: 3) }

    /// How many runs of a thing that takes long.
    func runs(_ usual: Int, quick: Int) -> Int { chosenRuns ?? (isQuick ? quick : usual) }

    /// The seeds of what is measured once for each: from 1 on, where nobody said which.
    func seeds(usual: UInt64, quick: UInt64) -> ClosedRange<UInt64> { chosenSeeds ?? 1...(isQuick ? quick : usual) }

    /// An amount, or a part of it.
    func amount(_ usual: Int, quick: Int) -> Int { isQuick ? quick : usual }
}

/// Why something could not be measured.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
