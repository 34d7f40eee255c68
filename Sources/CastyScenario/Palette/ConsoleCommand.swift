/// What only a person at a screen does; the rest of the palette is the scenario language.
package enum ConsoleCommand: Hashable, Sendable {
    case pause
    case play
    /// `step 3`: so many ticks forward.
    case step(Int)
    /// `back 3`: so many ticks back.
    case back(Int)
    /// `speed x2`, `speed x0.25`.
    case speed(Thousandths)
    /// `seek 37.5s`: shows that moment of the run.
    case seek(Duration)
    /// `until n2 down within 10s`: time runs until it holds.
    case until(Expect)
    /// `always lost 0`: checked at each step.
    case always(Expect)
    /// `never n2 down`: checked at each step.
    case never(Expect)

    case focus(PaneName)
    /// `zoom`: the focused pane alone, or all again.
    case zoom
    /// `filter TEXT`; without text the filter goes.
    case filter(String?)
    case sort(column: String, descending: Bool)
    case follow(NodeName)
    /// `view n2`: the cluster as n2 sees it; `view all` as all of them do.
    case view(NodeName?)
    /// `why n3`; without a subject about what the cursor is on.
    case why(WhySubject?)
    /// `goto n1/812`: an event by its id.
    case goto(String)
    /// `mark n3,n4`; without nodes all marks go.
    case mark([NodeName])

    case undo
    case redo
    /// `record FILE`; without one the recording stops or starts under a name of its own.
    case record(String?)
    /// `save script FILE`: the session as a scenario.
    case saveScript(String)
    case replay(String)
    case export(ExportFormat, String?)
    case bookmark(String?)
    /// `source FILE`: carries out a scenario here and now.
    case source(String)
    case readonly(Bool)
    case set(ConsoleOption)
    case help(String?)
    /// `background`: the cluster goes on without the console.
    case background
    case quit
}

/// The panes of the console, in the order of their keys.
package enum PaneName: String, CaseIterable, Hashable, Sendable {
    case members
    case phi
    case shards
    case network
    case gossip
    case events
    case why
    case flow
}

/// What `why` asks about.
package enum WhySubject: Hashable, Sendable {
    case node(NodeName)
    case shard(Int)
    case entity(EntityName)
    /// An event by its id, `n1/812`.
    case event(String)
}

/// The forms in which a screen is exported.
package enum ExportFormat: String, CaseIterable, Hashable, Sendable {
    case text
    case ansi
    case svg
    case json
    case csv
}

/// What `set` sets in the console.
package enum ConsoleOption: Hashable, Sendable {
    case confirm(Bool)
    case mouse(Bool)
    case ascii(Bool)
    case theme(String)
    case color(ColorDepth)
    case layout(String)
    /// Frames a second, 1…60.
    case framesPerSecond(Int)
}

/// How many colours the console may use.
package enum ColorDepth: String, CaseIterable, Hashable, Sendable {
    case auto
    case never
    case sixteen = "16"
    case all = "256"
}

/// A line of the palette.
package enum PaletteLine: Hashable, Sendable {
    case command(Command)
    /// With a moment, `at +5s pause`.
    case console(ConsoleCommand, at: Moment?)
}
