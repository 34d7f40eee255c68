import CastyCore
import CastyMembership
package import CastyScenario

/// How a scenario is to be run, beyond what it says itself.
package struct RunOptions: Sendable {
    /// Beats the scenario's own seed.
    package var seed: UInt64?
    /// Real time, threads and loopback TCP instead of the simulated world.
    package var live: Bool
    /// Beats the scenario's own preset.
    package var preset: Preset?
    /// Every `within` and every `wait` takes so many times as long: for slow machines.
    package var slack: Double
    /// The run ends there at the latest.
    package var until: Duration?
    /// A failed expectation does not end the run.
    package var keepsGoing: Bool
    /// A command that cannot be carried out at its time, as `kill` of a node that is gone, is left out and does not fail the run.
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

    /// The seed of a run of a scenario.
    package func seed(of scenario: Scenario) -> UInt64 { seed ?? scenario.header.seed ?? 1 }
}
