import CastyCore
import CastyInvariants
import CastyScenario
import CastyTestbed

/// The initial configuration of a console's testbed.
struct ConsolePlan: Sendable {
    var settings: TestClusterSettings
    /// What the script says about its cluster; the settings follow from it.
    var header = ScenarioHeader()
    /// The preset that the settings are based on, if not the default.
    var preset: Preset?
    /// The number of nodes that start at once.
    var nodes: Int
    /// The seed of the simulated runtime; `nil` for the live one.
    var seed: UInt64?
    /// Virtual seconds per real second.
    var speed = 1.0
    /// The commands of the script, besides those that a person types.
    var script: [Statement] = []
    /// The file to which the session is continuously written.
    var record: String?
    /// The time to which the simulation runs at once, and where it pauses.
    var beginsAt: Instant?
    /// The name of the script, over its notes.
    var title = "script"
    /// Whether time stops at each note of the script until the user goes on.
    var pausesAtNotes = false
    /// The caption once the whole script was carried out.
    var closing: String?
    /// The first message to the user.
    var greeting: String?
    /// Whether it stays as a caption until the user puts it away.
    var keepsGreeting = false
}
