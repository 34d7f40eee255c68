import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastyObservability
package import CastyPlacement
import CastyTestbed

/// A simulated cluster under load whose shards are moved in every way there is, without a fault, until so many handoffs are done: nothing
/// may be lost, doubled or reordered.
package struct HandoffTrial {
    /// What came of it.
    package struct Outcome: Sendable {
        /// Handoffs that were done, and those that were given up.
        package var handoffs = 0
        package var timedOut = 0
        package var byReason: [MoveReason: Int] = [:]
        package var sent: UInt64 = 0
        package var handled: UInt64 = 0
        package var lost = 0
        /// Envelopes that were handled twice, or after a later one of the same sender.
        package var doubled = 0
        package var outOfOrder = 0
        /// Everything that went against a rule, in words.
        package var violations: [String] = []
        package var seconds = 0.0
        package var longestWay = 0
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

    /// Carries it out.
    ///
    /// - Throws: ``LabError`` where the cluster does not come to where it should within a minute.
    package func run(progress: (Int) -> Void = { _ in }) throws -> Outcome {
        let laboratory = Laboratory(
            world: SimulatedLabWorld(seed: seed), settings: LabSettings(membership: .responsive, shards: shards),
            checkers: .all)
        defer { laboratory.end() }
        var course = Course(laboratory: laboratory, nodes: nodes, chance: SeededGenerator(seed: seed).fork("handoffs"))
        try course.begin(entities: shards * 2, perSecond: perSecond)
        while laboratory.watch.evidence.handoffsDone < handoffs {
            try course.act()
            progress(laboratory.watch.evidence.handoffsDone)
        }
        return try course.finish()
    }

    private struct Course {
        let laboratory: Laboratory
        let nodes: Int
        var chance: SeededGenerator
        var checks = InvariantChecks(comparesViews: true)
        var outcome = Outcome()

        mutating func begin(entities: Int, perSecond: Double) throws {
            try laboratory.start(Array(1...nodes))
            let count = nodes
            try pass("all nodes are up") { $0.running.allSatisfy { $0.cluster.state.up.count == count } }
            for number in 1...entities {
                for sample in SampleEntity.allCases { try laboratory.tell("\(sample.rawValue)-\(number)", "start") }
            }
            try laboratory.load(perSecond: perSecond, entities: entities, for: .seconds(100_000))
            try pass(for: .seconds(2))
        }

        /// Moves shards in one of the ways.
        mutating func act() throws {
            let node = 1 + chance.below(nodes)
            switch chance.below(20) {
            case 0: try leave(node)
            case 1: for number in 1...nodes { try leave(number) }
            case 2...4: try drain(node)
            case 5...7:
                try laboratory.operate(.rebalance)
                try pass(for: .milliseconds(Int64(chance.below(400))))
            case 8...9: try pass(for: .milliseconds(Int64(2000 + chance.below(1000))))
            default: try move(count: 1 + chance.below(40))
            }
        }

        private mutating func move(count: Int) throws {
            for _ in 0..<count {
                let place = laboratory.address(of: 1 + chance.below(nodes))
                try laboratory.operate(.move(shard: chance.below(laboratory.settings.shards), to: place))
            }
            try pass(for: .milliseconds(Int64(20 + chance.below(180))))
        }

        private mutating func drain(_ node: Int) throws {
            let place = laboratory.address(of: node)
            try laboratory.operate(.drain(place))
            let unique = try laboratory.node(node).system.unique
            try pass("n\(node) is drained") { $0.watch.shards(on: unique).isEmpty }
            try laboratory.operate(.undrain(place))
            try laboratory.operate(.rebalance)
            try pass(for: .milliseconds(Int64(chance.below(500))))
        }

        private mutating func leave(_ node: Int) throws {
            try laboratory.leave(node)
            try pass("n\(node) has left") { $0.nodes[node]?.state == .stopped }
            try laboratory.restart(node)
            let count = nodes
            try pass("n\(node) is back") { $0.running.allSatisfy { $0.cluster.state.up.count == count } }
        }

        private mutating func pass(for time: Duration) throws {
            try advance(until: laboratory.now + time) { _ in false }
        }

        private mutating func pass(_ aim: String, until holds: (Laboratory) -> Bool) throws {
            guard try advance(until: laboratory.now + .seconds(60), unless: holds) else {
                throw LabError("after a minute it is not so that \(aim)")
            }
        }

        @discardableResult
        private mutating func advance(until deadline: Instant, unless holds: (Laboratory) -> Bool) throws -> Bool {
            let laboratory = laboratory
            let held = try laboratory.advance(until: deadline) {
                note(checks.look(laboratory))
                return holds(laboratory)
            }
            if let stuck = laboratory.world.stuck { throw LabError(stuck) }
            return held
        }

        private mutating func note(_ found: [Violation]) {
            for violation in found {
                if violation.id == "S5" { outcome.outOfOrder += 1 }
                outcome.violations.append("\(violation.id) \(violation.entity ?? ""): \(violation.text)")
            }
        }

        mutating func finish() throws -> Outcome {
            laboratory.endLoads()
            try pass("every envelope has ended") { $0.tracker.pending == 0 }
            note(checks.finish(laboratory))
            let (evidence, tracker) = (laboratory.watch.evidence, laboratory.tracker)
            outcome.handoffs = evidence.handoffsDone
            outcome.doubled = tracker.doubled
            outcome.timedOut = evidence.handoffsTimedOut
            outcome.byReason = evidence.handoffsByReason
            outcome.sent = tracker.sent
            outcome.handled = tracker.handled
            outcome.lost = tracker.lost
            outcome.seconds = Double((laboratory.now - .start).nanoseconds) / 1e9
            outcome.longestWay = tracker.longestWay
            return outcome
        }
    }
}
