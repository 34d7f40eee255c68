import CastyScenario

/// What lies over the panes and takes the keys.
enum Modal: Hashable, Sendable {
    case help(HelpState)
    case palette(PaletteState)
    case prompt(PromptState)
    case confirm(ConfirmState)
    case filter(Pane, TextField)
}

struct HelpState: Hashable, Sendable {
    var pane: Pane
    var filter = TextField()
    var selected = 0
}

struct PaletteState: Hashable, Sendable {
    var field = TextField()
    /// How far back in the history; `nil` is the new line.
    var recalled: Int?
    /// What was typed before the history was opened.
    var draft = ""
    /// What is wrong with the line that was to be carried out.
    var problem: ScenarioProblem?
    /// Which completion Tab took last, and from what text.
    var cycle: Int?
    var stem = ""
}

/// One field whose text completes a line.
struct PromptState: Hashable, Sendable {
    var title: String
    var hint: String
    /// The line is this, the text, and that.
    var before: String
    var after = ""
    var field: TextField
    /// What is wrong with the line that was to be carried out.
    var problem: ScenarioProblem?
}

/// A question about something that cannot be undone.
struct ConfirmState: Hashable, Sendable {
    var title: String
    var facts: [String]
    var outcome: Outcome
    /// Typed to confirm, where a key is too easy.
    var demand: String?
    /// What the demanded text is.
    var meaning = ""
    var typed = TextField()
    /// Whether the cursor is on the button that goes on; the default is Cancel.
    var accepting = false
    var accept: String
}

/// What a confirmed question does.
enum Outcome: Hashable, Sendable {
    case submit([String])
    case quit
}

/// One line at the bottom that waits for y or N.
struct Question: Hashable, Sendable {
    var text: String
    var lines: [String]
    var until: Double
}

/// One line at the bottom that says what became of something.
struct Flash: Hashable, Sendable {
    var text: String
    var kind: ConsoleMessage.Kind
    var until: Double
}
