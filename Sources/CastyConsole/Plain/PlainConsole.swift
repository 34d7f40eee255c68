import CastyCore
import CastyObservability
package import CastyScenario

/// The console as lines that are only ever added: for screen readers, scripts and pipes.
///
/// It speaks the language of the palette. What the screen shows in a pane is printed when it is asked for, with
/// `focus members`, `why n3` and the like; what happens is printed when it happens.
package struct PlainConsole: Sendable {
    private var feed: ConsoleFeed
    private var state: ConsoleState
    /// The number of the first event that was not printed yet.
    private var nextEvent = 0
    /// The stories whose end was printed.
    private var printedStories: Set<EventID> = []
    private var caption: Caption?
    /// Whether an expectation or an invariant has failed.
    package private(set) var hasFailed = false
    /// Whether the cluster has refused a command.
    package private(set) var hasRefused = false

    /// - Parameter options: Lines are ASCII unless they ask for Unicode glyphs: shades and curves mean nothing to a
    ///   screen reader.
    package init(mode: ConsoleMode, options: ConsoleOptions) {
        feed = ConsoleFeed(keeping: mode.keepsMoments ? .console : nil)
        var options = options
        // A line says in words what it does; a script cannot answer a question.
        options.confirm = false
        state = ConsoleState(
            options: options, mode: mode, tier: options.glyphs == .unicode ? .unicode : .ascii, depth: .none)
        state.resize(width: PanePrint.width, height: PanePrint.height)
    }

    /// Takes in what has happened.
    ///
    /// - Returns: The lines to print.
    package mutating func look(at backend: any ConsoleBackend) -> [String] {
        let before = feed.snapshot.time
        let messages = feed.refresh(from: backend)
        var lines: [String] = []
        if feed.snapshot.time < before {
            nextEvent = feed.log.end
            lines.append("time is turned back to \(Words.moment(feed.snapshot.time))")
        }
        if let latest = backend.caption, latest != caption {
            lines.append("\(latest.title): \(latest.text)" + (latest.waits ? " (play goes on)" : ""))
            _ = state.show(latest)
        }
        caption = backend.caption
        if feed.watches.contains(where: { $0.broken != nil }) { hasFailed = true }
        lines += events()
        for message in messages {
            state.show(message)
            lines.append(text(of: message))
        }
        return (lines + endings()).map(printable)
    }

    private mutating func text(of message: ConsoleMessage) -> String {
        let text = KeyMap.withoutKeys(message.text)
        switch message.kind {
        case .done: return "done: \(text)"
        case .note: return text
        case .refused:
            hasRefused = true
            return "refused: \(text)"
        }
    }

    private mutating func events() -> [String] {
        var lines: [String] = []
        for entry in EventList(feed.log, state).entries.reversed() where entry.number >= nextEvent {
            guard let event = feed.log[entry.number] else { continue }
            let words = EventWords(event, feed.log, state.words, group: feed.log.group(of: entry.number))
            let cause = words.cause.isEmpty ? "" : " (because of \(words.cause))"
            lines.append("\(Words.moment(event.time)) \(words.subject): \(words.what)\(cause)")
        }
        for event in feed.log.events.reversed() {
            guard feed.log.number(of: event.id) ?? -1 >= nextEvent else { break }
            if event.kind == .expectationFailed || event.kind == .invariantViolated { hasFailed = true }
        }
        nextEvent = feed.log.end
        return lines
    }

    /// The stories that have come to their end.
    private mutating func endings() -> [String] {
        var lines: [String] = []
        for story in feed.stories.stories where !story.isOpen && !printedStories.contains(story.id) {
            printedStories.insert(story.id)
            lines.append("story: " + story.sentence(columns: 10_000, rows: 1).joined(separator: " "))
        }
        return lines
    }

    /// The latest comparison of two futures, a fact of both a line.
    package var comparison: [String] {
        guard let hypothesis = feed.hypothesis, hypothesis.isDone else { return [] }
        let rows = HypothesisRow.rows(hypothesis.futures.compactMap(\.outcome), from: hypothesis.from)
        let span = "\(Words.moment(hypothesis.from)) to \(Words.moment(hypothesis.until))"
        return ["what if, from \(span): \(hypothesis.futures.map(\.label).joined(separator: " | "))"]
            + rows.map { "\($0.title): \($0.values.joined(separator: " | "))" + ($0.differs ? " (differs)" : "") }
    }

    /// The answer to a line.
    package struct Answer: Sendable {
        package var lines: [String] = []
        /// What is left to do for the process.
        package var intents: [Intent] = []
        /// How long to wait before the next line is read.
        package var pause: Duration?
    }

    /// Carries out a line of the palette; a comment does nothing.
    ///
    /// - Throws: The error in the line; then nothing was done.
    package mutating func enter(_ line: String) throws(ScenarioProblem) -> Answer {
        let line = line.trimmingBlanks
        guard !line.isEmpty, !line.hasPrefix("#") else { return Answer() }
        state.dialogs.flash = nil
        if let pause = try pause(line) { return pause }
        var answer = Answer()
        state.learnNodes(feed)
        let intents = try state.execute(line, feed)
        answer.intents = state.forCluster(intents, feed)
        if case .help(let help)? = state.dialogs.modal { answer.lines = VerbHelp.lines(about: help.filter.text) }
        if case .hypothesis? = state.dialogs.modal { answer.lines = comparison }
        if case .watches? = state.dialogs.modal { answer.lines = WatchesOverlay.lines(feed.watches) }
        state.dialogs.modal = nil
        if let flash = state.dialogs.flash {
            answer.lines.append(text(of: ConsoleMessage(flash.kind, flash.text)))
            state.dialogs.flash = nil
        } else if Self.shows(line) {
            answer.lines += PanePrint.lines(state.panes.focus, feed, state)
        }
        answer.lines = answer.lines.map(printable)
        return answer
    }

    /// A `wait`, which holds the lines after it, as in a scenario.
    private mutating func pause(_ line: String) throws(ScenarioProblem) -> Answer? {
        guard case .command(.wait(let duration)) = try PaletteLine.parse(line) else { return nil }
        var answer = Answer()
        if feed.snapshot.paused {
            answer.lines = [
                text(of: ConsoleMessage(.refused, "wait: time is paused; play lets it go on, step 10 moves it"))
            ]
        } else {
            answer.pause = duration
        }
        return answer
    }

    /// Whether a line asks to see something.
    private static func shows(_ line: String) -> Bool {
        guard case .console(.screen(let command), at: nil)? = try? PaletteLine.parse(line) else { return false }
        switch command {
        case .focus, .zoom, .filter, .sort, .follow, .view, .why, .goto: return true
        case .mark, .export, .loads, .watches, .comparison, .readonly, .set, .help, .quit: return false
        }
    }

    /// What is left to do once the files of a moment are written.
    package func saved(in folder: String) -> Result<ConsoleRequest, SavedWithoutScenario> { state.saved(in: folder) }

    /// A line without anything that moves a cursor; in ASCII, if that is the tier.
    private func printable(_ line: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in line.unicodeScalars {
            switch CharacterWidth.of(scalar.value) {
            case .columns:
                if state.look.tier == .ascii, let spelled = Self.spelled[scalar] {
                    result.append(contentsOf: spelled.unicodeScalars)
                } else {
                    result.append(Unicode.Scalar(state.look.tier.lower(scalar.value)) ?? "?")
                }
            case .nothing: break
            case .hostile: result.append("?")
            }
        }
        return String(result)
    }

    /// Signs that a line, unlike a cell, has room to spell.
    private static let spelled: [Unicode.Scalar: String] = [
        "…": "...", "→": "->", "←": "<-", "⇄": "<->", "φ": "phi", "≥": ">=", "≤": "<=", "±": "+-", "•": "*",
    ]
}

/// The verbs of the palette as lines.
enum VerbHelp {
    /// All verbs, or those with a word in their name or description.
    static func lines(about word: String) -> [String] {
        let all =
            Verb.allCases.map { ($0.rawValue, $0.usage, $0.summary) }
            + ConsoleVerb.allCases.filter { !$0.isReserved }.map { ($0.rawValue, $0.usage, $0.summary) }
        let exact = all.filter { $0.0 == word }
        let chosen = exact.isEmpty ? all.filter { word.isEmpty || $0.2.contains(word) || $0.0.contains(word) } : exact
        if chosen.isEmpty { return ["no command has to do with \(word); help lists them all"] }
        return chosen.flatMap { _, usage, summary in usage.map { "  \($0)" } + ["      \(summary)"] }
    }
}
