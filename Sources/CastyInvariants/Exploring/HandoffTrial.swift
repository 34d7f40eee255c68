import CastyActors
import CastyCluster
package import CastyCore
import CastyMembership
import CastyObservability
import CastyPlacement
import CastyTestbed

/// Moves the shards of a simulated cluster under load in every possible manner, without a fault, until the given number
/// of handoffs is done. No message may be lost, handled twice or reordered.
package struct HandoffTrial {
    /// The results of a trial.
    package struct Outcome: Sendable {
        /// Completed handoffs, and abandoned ones.
        package var handoffs = 0
        package var timedOut = 0
        package var byReason: [MoveReason: Int] = [:]
        package var sent: UInt64 = 0
        package var handled: UInt64 = 0
        package var lost = 0
        /// Envelopes that were handled twice, or after a later one of the same sender.
        package var doubled = 0
        package var outOfOrder = 0
        /// All violations, in words.
        package var violations: [String] = []
        package var seconds = 0.0
        package var longestRoute = 0
    }

    package var nodes = 5
    package var shards = 96
    package var handoffs: Int
    package var seed: UInt64
    package var perSecond = 600.0

    package init(handoffs: Int, seed: UInt64 = 1) {
        self.handoffs = handoffs
        self.seed = seed
    }

    /// Runs the trial.
    ///
    /// - Throws: ``TestClusterError`` if the cluster misses an expected state for a minute.
    package func run(progress: (Int) -> Void = { _ in }) throws -> Outcome {
        let testbed = TestCluster(
            world: SimulatedClusterWorld(seed: seed),
            settings: TestClusterSettings(membership: .responsive, shards: shards),
            checkers: .all)
        defer { testbed.end() }
        var course = Course(testbed: testbed, nodes: nodes, generator: SeededGenerator(seed: seed).fork("handoffs"))
        try course.begin(entities: shards * 2, perSecond: perSecond)
        while testbed.watch.evidence.handoffsDone < handoffs {
            try course.act()
            progress(testbed.watch.evidence.handoffsDone)
        }
        return try course.finish()
    }

    private struct Course {
        let testbed: TestCluster
        let nodes: Int
        var generator: SeededGenerator
        var checks = InvariantChecks(comparesViews: true)
        var outcome = Outcome()

        mutating func begin(entities: Int, perSecond: Double) throws {
            try testbed.start(Array(1...nodes))
            let count = nodes
            try pass("all nodes are up") { $0.running.allSatisfy { $0.cluster.state.up.count == count } }
            for number in 1...entities {
                for sample in SampleEntity.allCases { try testbed.tell("\(sample.rawValue)-\(number)", "start") }
            }
            try testbed.load(perSecond: perSecond, entities: entities, for: .seconds(100_000))
            try pass(for: .seconds(2))
        }

        /// Moves shards in one of the possible manners.
        mutating func act() throws {
            let node = 1 + generator.below(nodes)
            switch generator.below(20) {
            case 0: try leave(node)
            case 1: for number in 1...nodes { try leave(number) }
            case 2...4: try drain(node)
            case 5...7:
                try testbed.operate(.rebalance)
                try pass(for: .milliseconds(Int64(generator.below(400))))
            case 8...9: try pass(for: .milliseconds(Int64(2000 + generator.below(1000))))
            default: try move(count: 1 + generator.below(40))
            }
        }

        private mutating func move(count: Int) throws {
            for _ in 0..<count {
                let address = testbed.address(of: 1 + generator.below(nodes))
                try testbed.operate(.move(shard: generator.below(testbed.settings.shards), to: address))
            }
            try pass(for: .milliseconds(Int64(20 + generator.below(180))))
        }

        private mutating func drain(_ node: Int) throws {
            let address = testbed.address(of: node)
            try testbed.operate(.drain(address))
            let unique = try testbed.node(node).system.unique
            try pass("n\(node) is drained") { $0.watch.shards(on: unique).isEmpty }
            try testbed.operate(.undrain(address))
            try testbed.operate(.rebalance)
            try pass(for: .milliseconds(Int64(generator.below(500))))
        }

        private mutating func leave(_ node: Int) throws {
            try testbed.leave(node)
            try pass("n\(node) has left") { $0.nodes[node]?.state == .stopped }
            try testbed.restart(node)
            let count = nodes
            try pass("n\(node) is back") { $0.running.allSatisfy { $0.cluster.state.up.count == count } }
        }

        private mutating func pass(for time: Duration) throws {
            try advance(until: testbed.now + time) { _ in false }
        }

        private mutating func pass(_ aim: String, until holds: (TestCluster) -> Bool) throws {
            guard try advance(until: testbed.now + .seconds(60), unless: holds) else {
                throw TestClusterError("after a minute it is not so that \(aim)")
            }
        }

        @discardableResult
        private mutating func advance(until deadline: Instant, unless holds: (TestCluster) -> Bool) throws -> Bool {
            let testbed = testbed
            let held = try testbed.advance(until: deadline) {
                note(checks.look(testbed))
                return holds(testbed)
            }
            if let stuck = testbed.world.stuck { throw TestClusterError(stuck) }
            return held
        }

        private mutating func note(_ found: [Violation]) {
            for violation in found {
                if violation.id == "S5" { outcome.outOfOrder += 1 }
                outcome.violations.append("\(violation.id) \(violation.entity ?? ""): \(violation.text)")
            }
        }

        mutating func finish() throws -> Outcome {
            testbed.endLoads()
            try pass("every envelope has ended") { $0.tracker.pending == 0 }
            note(checks.finish(testbed))
            let (evidence, tracker) = (testbed.watch.evidence, testbed.tracker)
            outcome.handoffs = evidence.handoffsDone
            outcome.doubled = tracker.doubled
            outcome.timedOut = evidence.handoffsTimedOut
            outcome.byReason = evidence.handoffsByReason
            outcome.sent = tracker.sent
            outcome.handled = tracker.handled
            outcome.lost = tracker.lost
            outcome.seconds = Double((testbed.now - .start).nanoseconds) / 1e9
            outcome.longestRoute = tracker.longestRoute
            return outcome
        }
    }
}
