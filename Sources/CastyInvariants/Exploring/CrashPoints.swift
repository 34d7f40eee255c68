import CastyActors
package import CastyCore
import CastyMembership
import CastyObservability
import CastyPlacement
import CastySharding
import CastySimulator
import CastyTestbed

/// Crashes a node after each single step of a handoff, or of a coordinator's fail-over: one run for each step and node.
///
/// A first run counts the steps between two moments. Every other run is identical up to its step; then a node crashes.
/// Within T_fail of the crash all shards must serve again, and no rule may be broken.
package struct CrashPoints: Sendable {
    /// What is in progress when the node crashes.
    package enum Story: String, CaseIterable, Sendable {
        /// A shard moves from n2 to n3, while n1 coordinates and n4 sends.
        case handoff
        /// The coordinator n1 has crashed, and n2 rebuilds its state.
        case takeover
        /// The same, when the shards of the dead node start elsewhere.
        case restart
    }

    /// One run.
    package struct Point: Hashable, Sendable {
        package let story: Story
        /// The node that crashes.
        package let node: Int
        /// The number of steps before the crash.
        package let step: Int

        package init(story: Story, node: Int, step: Int) {
            self.story = story
            self.node = node
            self.step = step
        }
    }

    /// The result of one run.
    package struct Outcome: Sendable {
        package let point: Point
        /// The time of the crash, since the start of the runtime.
        package let time: Instant
        /// The violations, in words.
        package let problems: [String]

        package init(point: Point, time: Instant, problems: [String]) {
            self.point = point
            self.time = time
            self.problems = problems
        }
    }

    package let story: Story
    package let seed: UInt64
    /// The number of steps.
    package let steps: Int
    private static let shards = 8
    private static let entities = 24

    /// Counts the steps of a story.
    ///
    /// - Throws: ``TestClusterError`` if the story does not happen.
    package init(_ story: Story, seed: UInt64 = 1) throws {
        self.story = story
        self.seed = seed
        let stage = try Stage(story, seed: seed)
        defer { stage.testbed.end() }
        var steps = 0
        while try !stage.isOver() {
            guard steps < 50_000, try stage.step() else { throw TestClusterError("the \(story.rawValue) does not end") }
            steps += 1
        }
        self.steps = steps
    }

    /// The nodes that may crash: the coordinator, the old home or an owner, the new home or another owner, and an
    /// uninvolved node.
    package var nodes: [Int] {
        switch story {
        case .handoff: [1, 2, 3, 4]
        case .takeover, .restart: [2, 3, 4, 5]
        }
    }

    /// The runs: each node after every `stride`th step.
    package func points(stride: Int = 1) -> [Point] {
        Swift.stride(from: 0, through: steps, by: max(1, stride)).flatMap { step in
            nodes.map { Point(story: story, node: $0, step: step) }
        }
    }

    /// Carries out one run.
    package func run(_ point: Point) throws -> Outcome {
        let stage = try Stage(story, seed: seed)
        defer { stage.testbed.end() }
        for _ in 0..<point.step { try stage.step() }
        let time = stage.testbed.now
        return Outcome(point: point, time: time, problems: try stage.crash(point.node))
    }
}

extension CrashPoints {
    /// The runtime of one run.
    private final class Stage {
        let testbed: TestCluster
        private let story: Story
        private let simulation: SimulatedWorld
        private var checks = InvariantChecks(comparesViews: true)
        private var problems: [String] = []
        private let before: ShardingEvidence

        /// Runs up to the moment from which the steps count.
        init(_ story: Story, seed: UInt64) throws {
            self.story = story
            let world = SimulatedClusterWorld(seed: seed)
            simulation = world.simulation
            testbed = TestCluster(
                world: world, settings: TestClusterSettings(membership: .responsive, shards: CrashPoints.shards),
                checkers: .all
            )
            let cluster = testbed
            let count = story == .handoff ? 4 : 5
            try testbed.start(Array(1...count))
            for number in 1...CrashPoints.entities {
                try cluster.advance(until: cluster.now + .seconds(10)) { cluster.running.first?.isUp == true }
                try cluster.tell("account-\(number)", "start")
            }
            try cluster.advance(until: cluster.now + .seconds(20)) { cluster.evaluateBalance(by: 1) == .met }
            // The shard that moves is not one of n1's.
            try testbed.load(perSecond: 200, entities: CrashPoints.entities, for: .seconds(1000))
            try testbed.advance(until: testbed.now + .milliseconds(500))
            before = testbed.watch.evidence
            switch story {
            case .handoff:
                let old = try testbed.node(2).system.unique
                guard let shard = testbed.watch.shards(on: old).first?.shard else {
                    throw TestClusterError("n2 has no shard")
                }
                testbed.running[0].sharding.command(
                    .move(shard: shard, to: testbed.address(of: 3)), type: SampleEntity.account.rawValue
                ) { _ in }
            case .takeover, .restart:
                let starts = testbed.watch.evidence.coordinatorStarts
                try testbed.kill(1)
                try advance(untilStep: "a coordinator starts") { $0.watch.evidence.coordinatorStarts > starts }
                guard story == .restart else { return }
                let allocations = testbed.watch.evidence.allocations
                try advance(untilStep: "a shard is given away") { $0.watch.evidence.allocations > allocations }
            }
        }

        /// Executes steps until a condition holds.
        private func advance(untilStep aim: String, _ holds: (TestCluster) -> Bool) throws {
            let limit = testbed.now + .seconds(20)
            while !holds(testbed) {
                guard testbed.now < limit, try step() else {
                    throw TestClusterError("it does not come about that \(aim)")
                }
            }
        }

        /// Executes one step of the runtime, and sends the load's due messages.
        @discardableResult
        func step() throws -> Bool {
            try testbed.pump()
            // The load sends at fixed times: the runtime stops at each of them.
            let grid = SimulatedClusterWorld.grid.nanoseconds
            let next = Instant(nanoseconds: (testbed.now.nanoseconds / grid + 1) * grid)
            if let due = simulation.nextStep, due < next { return simulation.step() }
            simulation.run(until: next)
            note(checks.look(testbed))
            return testbed.world.stuck == nil
        }

        /// Whether the story has ended.
        func isOver() throws -> Bool {
            switch story {
            case .handoff: return testbed.watch.evidence.moves > before.moves
            // The new coordinator can recover homes of accounts only.
            case .takeover: return testbed.watch.evidence.recoveries > before.recoveries
            case .restart: return runningShards == testbed.settings.shards
            }
        }

        private var runningShards: Int {
            (0..<testbed.settings.shards).count {
                testbed.watch.isRunning(ShardKey(type: SampleEntity.account.rawValue, shard: $0))
            }
        }

        /// Crashes a node, and reports the violations after T_fail and once all is quiet.
        func crash(_ number: Int) throws -> [String] {
            try testbed.kill(number)
            let bound = testbed.settings.failover(nodes: testbed.numbers.count)
            try pass(until: testbed.now + bound)
            if runningShards < testbed.settings.shards {
                problems.append("\(bound) after the crash \(runningShards) of \(testbed.settings.shards) shards run")
            }
            let watch = testbed.watch
            let limit = testbed.now - .seconds(1)
            if let waiting = testbed.tracker.pending(enteredBefore: limit, where: { watch.isAlive($1) }) {
                problems.append(
                    "\(bound) after the crash a message still waits: \(waiting.entity), \(waiting.location)")
            }
            testbed.endLoads()
            try pass(until: testbed.now + .seconds(4)) { $0.tracker.pending == 0 }
            note(checks.finish(testbed))
            return problems
        }

        private func pass(until deadline: Instant, unless holds: (TestCluster) -> Bool = { _ in false }) throws {
            try testbed.advance(until: deadline) {
                note(checks.look(testbed))
                return holds(testbed)
            }
            if let stuck = testbed.world.stuck { problems.append(stuck) }
        }

        private func note(_ found: [Violation]) {
            for violation in found {
                problems.append(
                    "\(violation.id) \(violation.subject ?? "") \(violation.entity ?? ""): \(violation.text)")
            }
        }
    }
}
