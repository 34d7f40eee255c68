import CastyObservability

/// The story of a fault in the pane Why: its steps, oldest first, and its end.
enum WhyStory {
    /// The newest story, and the older ones in a sentence each.
    static func lines(_ scene: Scene) -> [WhyPane.Line] {
        let stories = scene.feed.stories.stories
        let shown = scene.feed.stories.shown(at: scene.snapshot.time) ?? stories.last
        guard let shown else { return [] }
        var lines = lines(shown)
        let older = stories.reversed().filter { $0.id != shown.id }
        if !older.isEmpty { lines.append(.init("", "earlier", .column)) }
        for story in older {
            lines.append(
                .init(
                    Words.moment(story.begun), story.sentence(columns: 1000, rows: 1).joined(separator: " "),
                    story.isOpen ? .text : .dim))
        }
        return lines
    }

    /// One story, from its fault to what came of it.
    static func lines(_ story: FaultStory, title: Bool = true) -> [WhyPane.Line] {
        var lines: [WhyPane.Line] = []
        if title { lines.append(.init("", story.head + (story.isOpen ? ", not over yet" : ""), .strong)) }
        for line in story.lines {
            lines.append(
                .init(
                    "\(Words.moment(line.time)) \(line.mark)",
                    line.what + (line.cause.isEmpty ? "" : "  ← \(line.cause)"), line.role))
        }
        // What came of it side by side, so that a low pane still shows what was lost.
        let outcome = story.outcome
        let told = outcome.filter(\.mark.isEmpty)
        let label = story.isOpen ? "so far" : "the end"
        if let first = told.first {
            lines.append(.init(label, told.map(\.what).joined(separator: "; "), first.role))
        }
        for (index, line) in outcome.filter({ !$0.mark.isEmpty }).enumerated() {
            lines.append(.init(index == 0 && told.isEmpty ? label : " ", line.what, line.role))
        }
        return lines
    }
}
