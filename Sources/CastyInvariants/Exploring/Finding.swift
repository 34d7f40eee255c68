package import CastyCore
package import CastyObservability
package import CastyScenario
package import CastyTestbed
import Synchronization

/// The result of one seed of an exploration.
package struct Finding: Sendable {
    package var seed: UInt64
    package var result: RunResult
    /// The first failure, as an event; `nil` if there was none.
    package var failure: RuntimeEvent?
    /// The scenario that was run.
    package var scenario: Scenario

    /// A short name of the failure: `S1`, or the expectation.
    package var what: String? {
        failure.map { $0.kind == .invariantViolated ? $0.rule ?? "invariant" : $0.text ?? "expectation" }
    }

    /// Runs a scenario up to its first failure. Its commands may come at times when they cannot be carried out.
    ///
    /// - Parameter progress: Called with the time that the run has reached, at least once in each of its seconds.
    package static func run(
        _ scenario: Scenario, seed: UInt64, preset: Preset? = nil, lenient: Bool = true,
        progress: @escaping (Instant) -> Void = { _ in }
    ) -> Finding {
        let failure = Mutex<RuntimeEvent?>(nil)
        var options = RunOptions(seed: seed, preset: preset)
        options.toleratesRefusals = lenient
        let runner = ScenarioRunner(
            scenario, options: options, checkers: .all,
            hear: { event in
                guard event.kind == .invariantViolated || event.kind == .expectationFailed else { return }
                failure.withLock { $0 = $0 ?? event }
            }, progress: { progress($0.testbed.now) })
        let result = runner.run()
        return Finding(seed: seed, result: result, failure: failure.withLock { $0 }, scenario: scenario)
    }

    /// The same failure with as few faults as possible.
    package func minimised(preset: Preset? = nil) -> Finding {
        guard let what else { return self }
        var best = self
        var minimiser = Minimiser()
        _ = minimiser.shrink(scenario) { candidate in
            let finding = Finding.run(candidate, seed: seed, preset: preset)
            if finding.what == what { best = finding }
            return finding.what == what
        }
        return best
    }
}
