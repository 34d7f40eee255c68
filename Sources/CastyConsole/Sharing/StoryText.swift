import CastyObservability

/// The stories of the faults as text for a report.
enum StoryText {
    private static let width = 100

    static func text(of feed: ConsoleFeed, title: String) -> String {
        var lines = [title, String(repeating: "=", count: min(width, title.count)), ""]
        let stories = feed.stories.stories
        if stories.isEmpty { lines += ["No fault so far.", ""] }
        for story in stories { lines += self.lines(of: story) }
        lines.append(nodes(of: feed.snapshot))
        return lines.map { String(String.UnicodeScalarView($0.unicodeScalars.map(plain))) }.joined(separator: "\n")
            + "\n"
    }

    private static func lines(of story: FaultStory) -> [String] {
        var lines = WhyPane.wrap(story.sentence(columns: 10_000, rows: 1).joined(separator: " "), width)
        lines.append("")
        for line in story.lines {
            let cause = line.cause.isEmpty ? "" : "  <- \(line.cause)"
            lines.append("  \(pad(Words.moment(line.time))) \(line.mark) \(line.what)\(cause)")
        }
        for (index, line) in story.outcome.enumerated() {
            let label = index > 0 ? "" : story.isOpen ? "so far" : "the end"
            lines.append("  \(pad(label))   \(line.what)")
        }
        return lines + [""]
    }

    private static func pad(_ text: String) -> String {
        String(repeating: " ", count: max(0, 9 - text.count)) + text
    }

    private static func nodes(of snapshot: ClusterSnapshot) -> String {
        let states = snapshot.nodes.map { "\($0.name) \($0.state.rawValue)" }
        return "Nodes at \(Words.moment(snapshot.time)): " + (states.isEmpty ? "none" : states.joined(separator: ", "))
    }

    /// A character that cannot control a terminal.
    private static func plain(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        CharacterWidth.of(scalar.value) == .hostile ? "\u{FFFD}" : scalar
    }
}
