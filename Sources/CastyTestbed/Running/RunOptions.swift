import CastyCore
import CastyMembership
package import CastyScenario

/// Options for running a scenario that are not part of the scenario.
package struct RunOptions: Sendable {
    /// Overrides the scenario's own seed.
    package var seed: UInt64?
    /// Whether the run uses real time, threads and loopback TCP instead of the simulated runtime.
    package var live: Bool
    /// Overrides the scenario's own preset.
    package var preset: Preset?
    /// A factor for the duration of every `within` and `wait`: for slow machines.
    package var slack: Double
    /// The latest end of the run.
    package var until: Duration?
    /// Whether the run continues after a failed expectation.
    package var keepsGoing: Bool
    /// Whether a command that cannot be carried out at its time, such as `kill` of a stopped node, is skipped without
    /// failing the run.
    package var toleratesRefusals = false

    package init(
        seed: UInt64? = nil, live: Bool = false, preset: Preset? = nil, slack: Double = 1, until: Duration? = nil,
        keepsGoing: Bool = false
    ) {
        self.seed = seed
        self.live = live
        self.preset = preset
        self.slack = slack
        self.until = until
        self.keepsGoing = keepsGoing
    }

    /// The seed for a run of a scenario.
    package func seed(of scenario: Scenario) -> UInt64 { seed ?? scenario.header.seed ?? 1 }
}
