/// The commands that exist only in the console; the rest of the palette is the scenario language.
package enum ConsoleCommand: Hashable, Sendable {
    /// Concerns the run: its time, its faults, its record. The cluster's thread carries it out.
    case run(RunControl)
    /// Concerns the screen: the console carries it out.
    case screen(ScreenCommand)
    /// Belongs to the language, but no console carries it out.
    case reserved(ReservedCommand)
}

/// What a person does with a run besides commands to its cluster.
package enum RunControl: Hashable, Sendable {
    case pause
    case play
    /// `step 3`: three ticks forward.
    case step(Int)
    /// `back 3`: three ticks back.
    case back(Int)
    /// `speed x2`, `speed x0.25`.
    case speed(Thousandths)
    /// `seek 37.5s`: shows the run at that time.
    case seek(Duration)
    /// `until n2 down`, `always converged`, `never member-down`.
    case watch(Watch)
    /// `what-if kill n2`: compares two futures.
    case whatIf(WhatIf)
    /// `what-if off`: ends a comparison that is under way.
    case endWhatIf
    /// `until off`: waits no longer.
    case endUntil
    /// `watch off 2`; `watch off all` without a number.
    case endWatch(Int?)
    case undo
    /// `redo`: injects again what was undone last.
    case redo
    /// `save script FILE`: the session as a scenario.
    case saveScript(String)
    /// `save moment FOLDER`: a scenario up to now, the screen, its film and the story as files; without a folder, in a
    /// new one.
    case saveMoment(String?)
}

/// A command that changes the screen only.
package enum ScreenCommand: Hashable, Sendable {
    case focus(PaneName)
    /// `zoom`: shows the focused pane alone, or all panes again.
    case zoom
    /// `filter TEXT`; without text, removes the filter.
    case filter(String?)
    case sort(column: String, descending: Bool)
    case follow(NodeName)
    /// `view n2`: the cluster as n2 sees it; `view all`: as all nodes see it.
    case view(NodeName?)
    /// `why n3`; without a subject, explains what is under the cursor.
    case why(WhySubject?)
    /// `goto n1/812`: an event by its id.
    case goto(String)
    /// `mark n3,n4`; without nodes, removes all marks.
    case mark([NodeName])
    /// `export text FILE`: writes to a file; without one, to a default name.
    case export(ExportFormat, String?)
    /// `loads`: lists the loads that run.
    case loads
    /// `watches`: lists the watches.
    case watches
    /// `what-if`: shows the latest comparison again.
    case comparison
    case readonly(Bool)
    case set(ConsoleOption)
    case help(String?)
    case quit
}

/// A command that the language reads, so that it can be refused by name.
package enum ReservedCommand: Hashable, Sendable {
    case bookmark(String?)
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

/// The subject of `why`.
package enum WhySubject: Hashable, Sendable {
    case node(NodeName)
    case shard(Int)
    case entity(EntityName)
    /// An event by its id, `n1/812`.
    case event(String)
}

/// What `export` writes.
package enum ExportFormat: String, CaseIterable, Hashable, Sendable {
    /// The screen as text.
    case text
    /// The screen as a drawing.
    case svg
    /// The remembered events as one JSON document.
    case json
    /// The remembered events as JSON, one a line.
    case ndjson
    /// A scenario that goes on from what is shown, in the simulated world.
    case scenario
    /// The rows of the focused pane as a table: members, shards, or else events.
    case csv
}

/// The options of the console for `set`.
package enum ConsoleOption: Hashable, Sendable {
    case confirm(Bool)
    case mouse(Bool)
    case ascii(Bool)
    case theme(String)
    case color(ColorDepth)
    case layout(String)
    /// Frames per second, 1…60.
    case framesPerSecond(Int)
}

/// The number of colours that the console may use.
package enum ColorDepth: String, CaseIterable, Hashable, Sendable {
    case auto
    case never
    case sixteen = "16"
    case all = "256"
}

/// A line of the palette.
package enum PaletteLine: Hashable, Sendable {
    case command(Command)
    /// With a time, `at +5s pause`.
    case console(ConsoleCommand, at: Moment?)
}
