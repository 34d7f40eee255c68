import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyMembership
import CastyObservability
import CastyPlacement
import CastyTestbed
import Glibc

/// Measures live clusters in this process, where each node has its own threads and sockets: the time to form, and the
/// time to detect a dead node.
struct ClusterBench {
    let testbed: TestCluster
    let count: Int

    static var cases: [BenchCase] {
        [
            formation(of: 3, goal: 0.1), formation(of: 10, goal: 0.3), formation(of: 30, goal: 0.7),
            failure("crash", runs: (10, 3)) { try $0.kill($1) },
            failure("hang", runs: (5, 1)) { try $0.freeze($1) },
            quiet,
        ]
    }

    /// Runs `body` with a cluster whose nodes are up in all views, and the time it took to form.
    private static func with<Result>(_ count: Int, _ body: (ClusterBench, _ formed: Double) throws -> Result) throws
        -> Result
    {
        let testbed = TestCluster(
            world: LiveClusterWorld(), settings: TestClusterSettings(membership: .responsive), checkers: .all)
        defer { testbed.end() }
        let bench = ClusterBench(testbed: testbed, count: count)
        let started = testbed.now
        try testbed.start(Array(1...count))
        let isFormed = bench.wait(.seconds(60)) {
            testbed.running.count == count && testbed.running.allSatisfy { $0.cluster.state.up.count == count }
        }
        guard isFormed else { throw BenchError("\(count) nodes are not one cluster after 60 s") }
        return try body(bench, (testbed.now - started).inSeconds)
    }

    /// Waits until the condition holds, and checks it every millisecond.
    private func wait(_ limit: Duration, until condition: () -> Bool) -> Bool {
        let deadline = testbed.now + limit
        while !condition() {
            if testbed.now >= deadline { return false }
            usleep(1000)
        }
        return true
    }

    /// Lets time pass.
    private func pass(_ time: Duration) { _ = wait(time) { false } }

    private static func formation(of count: Int, goal: Double) -> BenchCase {
        let name = "form a cluster of \(count)"
        return BenchCase(.cluster, name) { plan in
            if plan.isQuick, count > 3 { return [] }
            let runs = try (0..<plan.runs).map { _ in try with(count) { _, formed in formed } }
            return [Measurement(name: name, unit: "s", runs: runs, goal: .atMost(goal))]
        }
    }

    // MARK: One of three fails

    /// When the survivors detected the failure, removed the node and served its shards; in seconds since the failure.
    private struct Course {
        var first = 0.0
        var all = 0.0
        var removed = 0.0
        var served = 0.0
    }

    private static func failure(
        _ word: String, runs: (usual: Int, quick: Int), inject: @escaping (TestCluster, Int) throws -> Void
    ) -> BenchCase {
        let name = "\(word) of one of three"
        return BenchCase(.cluster, name) { plan in
            let count = plan.runs(runs.usual, quick: runs.quick)
            let courses = try (0..<count).map { run in
                plan.progress("cluster: \(name), run \(run + 1) of \(count) …")
                // Rotates over n3, n2 and n1: n1 leads and coordinates.
                return try with(3) { bench, _ in try bench.course(of: 3 - run % 3, inject) }
            }
            func measurement(_ what: String, _ goal: Double, _ value: (Course) -> Double) -> Measurement {
                Measurement(name: "\(name): \(what)", unit: "s", runs: courses.map(value), goal: .atMost(goal))
            }
            return [
                measurement("first survivor knows", 2) { $0.first },
                measurement("all survivors know", 3) { $0.all },
                measurement("removed everywhere", 8) { $0.removed },
                measurement("all its shards answer", 10) { $0.served },
            ]
        }
    }

    private func course(of victim: Int, _ inject: (TestCluster, Int) throws -> Void) throws -> Course {
        let shards = testbed.settings.shards
        let entities = (0..<shards).compactMap { shard in
            (1...10_000).lazy.map { "account-\($0)" }.first { StableHash.shard(of: $0, count: shards) == shard }
        }
        let survivors = [1, 2, 3].filter { $0 != victim }
        guard try answers(of: entities, at: [survivors[0]], .seconds(30)) != nil else {
            throw BenchError("not all shards answer in a healthy cluster")
        }
        // Long enough for phi to learn the heartbeat interval.
        pass(.seconds(5))
        let snapshot = try testbed.node(survivors[0]).snapshot
        let dead = try testbed.node(victim).system.unique
        let orphans = Set(
            snapshot.sharding.first { $0.type == "account" }?.homes.filter { $0.node == dead }.map(\.shard) ?? [])
        guard !orphans.isEmpty else { throw BenchError("no shard lives on n\(victim)") }
        let seen = testbed.recorder.count
        let start = testbed.now
        try inject(testbed, victim)
        let orphaned = entities.filter { orphans.contains(StableHash.shard(of: $0, count: shards)) }
        guard let served = try answers(of: orphaned, at: survivors, .seconds(60)) else {
            throw BenchError("shards of n\(victim) do not answer after 60 s")
        }
        func times(_ kind: EventKind) -> [Double] {
            let events = testbed.recorder.events(from: seen).filter { $0.kind == kind && $0.subject == "n\(victim)" }
            return survivors.compactMap { number in
                events.first { $0.node == "n\(number)" }.map { ($0.time - start).inSeconds }
            }
        }
        guard wait(.seconds(60), until: { times(.memberRemoved).count == 2 }) else {
            throw BenchError("n\(victim) is not removed after 60 s")
        }
        let noticed = times(.memberUnreachable)
        guard noticed.count == 2, let first = noticed.min(), let all = noticed.max(),
            let removed = times(.memberRemoved).max()
        else { throw BenchError("not all survivors called n\(victim) unreachable") }
        return Course(first: first, all: all, removed: removed, served: (served - start).inSeconds)
    }

    /// Asks entities through some nodes repeatedly, until each has answered once through each node.
    ///
    /// - Returns: The time of the last of these answers; `nil` after the time limit.
    private func answers(of entities: [String], at nodes: [Int], _ limit: Duration) throws -> Instant? {
        let book = AnswerBook(entities.flatMap { entity in nodes.map { "\(entity) \($0)" } })
        let deadline = testbed.now + limit
        let clock = testbed.world.clock
        while testbed.now < deadline {
            for entity in entities {
                for node in nodes where book.waits(for: "\(entity) \(node)") {
                    try testbed.ask(entity, "balance", via: node, within: .seconds(60)) { result in
                        if case .success = result { book.answered("\(entity) \(node)", at: clock()) }
                    }
                }
            }
            if wait(.milliseconds(250), until: { book.isComplete }) { return book.last }
        }
        return nil
    }

    // MARK: Nothing fails

    private static var quiet: BenchCase {
        BenchCase(.cluster, "quiet cluster of 3") { plan in
            let seconds = plan.amount(60, quick: 10)
            return try with(3) { bench, _ in
                bench.pass(.seconds(2))
                let seen = bench.testbed.recorder.count
                let used = Machine.processorSeconds
                let started = Stopwatch()
                plan.progress("cluster: a quiet time of \(seconds) s …")
                sleep(UInt32(seconds))
                let share = (Machine.processorSeconds - used) / started.seconds / 3 * 100
                let alarms = bench.testbed.recorder.events(from: seen).count { $0.kind == .memberUnreachable }
                return [
                    Measurement(
                        name: "quiet cluster of 3, \(seconds) s: false alarms", unit: "events", runs: [Double(alarms)],
                        goal: .atMost(0)),
                    Measurement(
                        name: "quiet cluster of 3: processor, each node", unit: "% of a core", runs: [share],
                        goal: .atMost(0.3)),
                ]
            }
        }
    }
}
