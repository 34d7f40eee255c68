import CastyInvariants
import CastyObservability
import CastyReporting
import CastyScenario
import CastyTestbed
import Synchronization

/// One run of a scenario's text, with everything that was reported in it.
struct StoryRun {
    let result: RunResult
    let events: [RuntimeEvent]
    /// The testbed, which has ended.
    let testbed: TestCluster

    /// Runs a text to its end, whatever fails.
    ///
    /// - Parameters:
    ///   - text: The scenario.
    ///   - seed: The seed; `nil` takes that of the text.
    ///   - toleratesRefusals: Whether a command may come at a time when it makes no sense: a node may have stopped by then.
    ///   - change: Changes what the text cannot say, such as bugs that are switched on.
    init(
        _ text: String, seed: UInt64? = nil, toleratesRefusals: Bool = true,
        _ change: (inout TestClusterSettings) -> Void = { _ in }
    ) throws {
        let heard = Mutex<[RuntimeEvent]>([])
        var options = RunOptions(seed: seed, keepsGoing: true)
        options.toleratesRefusals = toleratesRefusals
        let runner = ScenarioRunner(
            try Scenario.parse(text, file: "story.casty"), options: options, checkers: .all,
            hear: { event in heard.withLock { $0.append(event) } })
        change(&runner.testbed.settings)
        result = runner.run()
        events = heard.withLock { $0 }
        testbed = runner.testbed
    }

    /// The rules that were broken, by name.
    var broken: Set<String> {
        Set(events.filter { $0.kind == .invariantViolated }.compactMap(\.rule))
    }

    /// Expectations that were not met.
    var unmet: [RuntimeEvent] { events.filter { $0.kind == .expectationFailed } }

    /// The first things that went wrong, for a failing test.
    var complaints: [String] {
        events.filter { $0.kind == .expectationFailed || $0.kind == .invariantViolated }.prefix(5).map(\.json)
    }
}
