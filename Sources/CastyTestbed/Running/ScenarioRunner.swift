import CastyCore
package import CastyObservability
package import CastyScenario

/// Runs one scenario from start to end in its own testbed, on the calling thread.
package final class ScenarioRunner {
    package let scenario: Scenario
    package let options: RunOptions
    package let testbed: TestCluster
    private let player: ScenarioPlayer
    private var isCutShort = false
    private let limit: Instant
    private let progress: (ScenarioRunner) -> Void

    /// Builds the runtime of a scenario; nothing runs before ``run()``.
    ///
    /// - Parameters:
    ///   - checkers: The rules that the run is checked against.
    ///   - hear: Called with every event when it happens, on the thread on which it happens.
    ///   - progress: Called at intervals, of at most a second.
    package init(
        _ scenario: Scenario, options: RunOptions = RunOptions(), checkers: Checkers,
        hear: (@Sendable (RuntimeEvent) -> Void)? = nil, progress: @escaping (ScenarioRunner) -> Void = { _ in }
    ) {
        self.scenario = scenario
        self.options = options
        self.progress = progress
        let world: any ClusterWorld =
            options.live ? LiveClusterWorld() : SimulatedClusterWorld(seed: options.seed(of: scenario))
        testbed = TestCluster(
            world: world, settings: TestClusterSettings(scenario, preset: options.preset), checkers: checkers)
        player = ScenarioPlayer(scenario.body, in: testbed, options: options)
        limit = options.until.map { world.now + $0 } ?? .distantFuture
        if let hear { testbed.recorder.forward(to: hear) }
    }

    /// What the run waits for at the moment, in words.
    package var waitsFor: String? { player.waitsFor }

    /// Runs the scenario and ends its runtime.
    package func run() -> RunResult {
        let start = testbed.now
        let nodes = max(1, scenario.header.nodes ?? Scenario.defaultNodes)
        do {
            try testbed.start(Array(1...nodes))
            play()
        } catch {
            player.fail(Statement(line: 1, command: .header(.nodes(nodes))), "\(error)")
        }
        let end = testbed.now
        let hasFailed = player.failed + player.violations > 0
        let result = RunResult(
            file: scenario.file, status: hasFailed ? .failed : isCutShort ? .inconclusive : .passed,
            seed: testbed.world.seed, expectations: player.expectations, failed: player.failed,
            violations: player.violations, steps: testbed.world.steps,
            seconds: Double((end - start).nanoseconds) / 1e9,
            digest: options.live ? nil : testbed.recorder.digest, exercised: player.exercised)
        testbed.end()
        return result
    }

    /// Plays all lines, then lets the scheduled and awaited entries, the loads and the last envelopes end.
    private func play() {
        pass(until: .distantFuture) { player.isSettled }
        // An envelope in transit to a node that died at the last moment ends when that node is removed.
        let bound = max(.seconds(15), testbed.settings.failover(nodes: testbed.numbers.count))
        // A slow link may take longer than that: keep waiting as long as envelopes come to an end.
        var open: Int
        repeat {
            open = testbed.tracker.pending
            pass(until: testbed.now + bound * options.slack) { testbed.tracker.pending == 0 }
        } while testbed.tracker.pending > 0 && testbed.tracker.pending < open && !player.isOver && !isCutShort
        if !isCutShort { player.finish() }
    }

    /// Lets time pass until a deadline or until the condition holds.
    private func pass(until deadline: Instant, unless condition: () -> Bool) {
        let interval: Duration = options.live ? .milliseconds(100) : .seconds(1)
        while !player.isOver, !isCutShort {
            player.look()
            if player.isOver || condition() { return }
            let now = testbed.now
            if let stuck = testbed.world.stuck {
                return player.report([Violation(id: "livelock", text: stuck)])
            }
            if now >= limit {
                isCutShort = true
                return
            }
            if now >= deadline { return }
            let next = min(deadline, limit, player.nextMoment, now + interval)
            do {
                try testbed.advance(until: next) {
                    let due = player.nextMoment
                    player.look()
                    // A command that was just carried out may name a time before `next`.
                    return player.isOver || condition() || player.nextMoment < due
                }
            } catch {
                player.fail(Statement(line: 0, command: .wait(.zero)), "\(error)")
            }
            progress(self)
        }
    }
}
