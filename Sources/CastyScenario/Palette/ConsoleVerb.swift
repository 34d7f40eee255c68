/// The first words of the console's own commands.
package enum ConsoleVerb: String, CaseIterable, Hashable, Sendable {
    case pause
    case play
    case step
    case back
    case speed
    case seek
    case until
    case always
    case never
    case whatIf = "what-if"
    case watches
    case watch
    case focus
    case zoom
    case filter
    case sort
    case follow
    case view
    case why
    case goto
    case mark
    case loads
    case undo
    case redo
    case save
    case export
    case bookmark
    case readonly
    case help
    case quit

    /// The syntax, one line for each form.
    package var usage: [String] {
        switch self {
        case .pause, .play, .zoom, .loads, .watches, .undo, .redo, .quit: [rawValue]
        case .step, .back: ["\(rawValue) [COUNT]"]
        case .speed: ["speed xFACTOR"]
        case .seek: ["seek TIME"]
        case .until: ["until CONDITION [within TIME]", "until EVENT [NODE] [within TIME]", "until off"]
        case .always: ["always CONDITION"]
        case .never: ["never CONDITION", "never EVENT [NODE]"]
        case .whatIf:
            [
                "what-if COMMAND [vs COMMAND] [for TIME]", "what-if downing STRATEGY [vs downing STRATEGY] [for TIME]",
                "what-if", "what-if off",
            ]
        case .watch: ["watch off NUMBER|all"]
        case .focus: ["focus PANE"]
        case .filter: ["filter [TEXT]"]
        case .sort: ["sort COLUMN [desc]"]
        case .follow: ["follow NODE"]
        case .view: ["view NODE|all"]
        case .why: ["why [NODE|shard NUMBER|entity ENTITY|EVENT]"]
        case .goto: ["goto EVENT"]
        case .mark: ["mark [NODE,…]"]
        case .save: ["save moment [FOLDER]", "save script FILE"]
        case .export: ["export text|svg|json|ndjson|csv|scenario [FILE]"]
        case .bookmark: ["bookmark [NAME]"]
        case .readonly: ["readonly on|off"]
        case .help: ["help [VERB]"]
        }
    }

    /// A one-sentence description.
    package var summary: String {
        switch self {
        case .pause: "Stops virtual time."
        case .play: "Lets virtual time go on."
        case .step: "Goes ticks forward."
        case .back: "Goes ticks back."
        case .speed: "Sets how fast virtual time runs."
        case .seek: "Shows a moment of the run."
        case .until:
            "Runs until a condition holds as expect says it, or until an event; at most five minutes of its time."
        case .always: "Watches a condition from now on: when it fails, simulated time stops at that moment."
        case .never: "Watches a condition or an event from now on: when it comes, simulated time stops at that moment."
        case .whatIf:
            "Compares two futures from the shown moment on, side by side: with a change and without, or two changes. For a setting, such as the downing strategy, the run up to here is repeated with it."
        case .watches: "Lists the watches, and what broke them; an entry leads to its event."
        case .watch: "Ends a watch, or all."
        case .focus: "Puts the focus on a pane."
        case .zoom: "Shows the focused pane alone, or all again."
        case .filter: "Shows only the rows that hold a text."
        case .sort: "Sorts the pane by a column."
        case .follow: "Keeps the cursor on a node."
        case .view: "Shows the cluster as one node sees it, or as all do."
        case .why: "Tells the causes of what you see."
        case .goto: "Shows an event."
        case .mark: "Marks nodes, or none."
        case .loads: "Lists the loads that run; load stop ends them."
        case .undo: "Takes back the last injected fault."
        case .redo: "Injects again what was taken back."
        case .save: "Saves this moment as a scenario, an SVG, a film and the story, or the session as a scenario."
        case .export:
            "Writes the screen (text, svg), the events (json, ndjson) or the rows of the pane (csv) to a file."
        case .bookmark: "Remembers this moment."
        case .readonly: "Forbids or allows everything that changes the cluster."
        case .help: "Explains a command, or lists them."
        case .quit: "Ends the console and its cluster."
        }
    }
}
