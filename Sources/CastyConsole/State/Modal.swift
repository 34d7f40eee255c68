import CastyScenario

/// An overlay above the panes, which receives the keys.
enum Modal: Hashable, Sendable {
    case help(HelpState)
    case palette(PaletteState)
    case prompt(PromptState)
    case confirm(ConfirmState)
    case filter(Pane, TextField)
    /// The watches; the number of the chosen row.
    case watches(Int)
    /// Two futures; the number of lines that are scrolled away.
    case hypothesis(Int)
}

struct HelpState: Hashable, Sendable {
    var pane: Pane
    var filter = TextField()
    var selected = 0
}

struct PaletteState: Hashable, Sendable {
    var field = TextField()
    /// The position in the history; `nil` for the new line.
    var recalled: Int?
    /// The text that was typed before the history was opened.
    var draft = ""
    /// The error in the line that was to be carried out.
    var problem: ScenarioProblem?
    /// The index of the completion that Tab used last, and the text it started from.
    var cycle: Int?
    var stem = ""
}

/// One text field whose content completes a line.
struct PromptState: Hashable, Sendable {
    var title: String
    var hint: String
    /// The line consists of `before`, the text, and `after`.
    var before: String
    var after = ""
    /// The beginnings of further lines that the same text completes.
    var others: [String] = []
    var field: TextField
    /// The error in the line that was to be carried out.
    var problem: ScenarioProblem?
}

/// A question about an action that cannot be undone.
struct ConfirmState: Hashable, Sendable {
    var title: String
    var facts: [String]
    var outcome: Outcome
    /// The text to type as confirmation, if a key would be too easy.
    var demand: String?
    /// The meaning of the demanded text.
    var meaning = ""
    var typed = TextField()
    /// Whether the cursor is on the button that confirms; the default is Cancel.
    var accepting = false
    var accept: String
    /// The nodes that it is about to kill, while what becomes of the others is not known yet.
    var awaitsForecastFor: [String] = []
    /// Whether it was answered with `y` before that was known: enough, if the question turns out to want no more.
    var isAccepted = false
}

/// The effect of a confirmed question.
enum Outcome: Hashable, Sendable {
    case submit([Command])
    case quit
}

/// One line at the bottom that waits for y or N.
struct Question: Hashable, Sendable {
    var text: String
    var commands: [Command]
    var until: Double
}

/// One line at the bottom with the result of an action.
struct Flash: Hashable, Sendable {
    var text: String
    var kind: ConsoleMessage.Kind
    var until: Double
}
