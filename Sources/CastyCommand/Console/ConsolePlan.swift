import CastyCore
import CastyInvariants
import CastyScenario
import CastyTestbed

/// What a console's testbed starts with.
struct ConsolePlan: Sendable {
    var settings: TestClusterSettings
    /// The timings that the settings began with, if not the usual ones.
    var preset: Preset?
    /// How many nodes start at once.
    var nodes: Int
    /// The seed of the simulated world; `nil` for the live one.
    var seed: UInt64?
    /// Virtual seconds per real second.
    var speed = 1.0
    /// What is done, and when, besides what a person types.
    var script: [Statement] = []
    /// The file that the session is written to while it goes on.
    var record: String?
    /// Simulated time runs to this moment at once, and stops there.
    var beginsAt: Instant?
    /// What the person is told first.
    var greeting: String?
}
