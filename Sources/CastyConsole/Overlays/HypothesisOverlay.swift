import CastyCore
import CastyScenario

/// Two futures side by side.
enum HypothesisOverlay {
    private static let titleWidth = 17

    static func draw(_ offset: Int, _ scene: Scene, _ buffer: inout CellBuffer) {
        guard let hypothesis = scene.feed.hypothesis else { return }
        let paint = scene.paint
        let width = min(buffer.bounds.width - 2, 120)
        let column = max(8, (width - titleWidth - 5) / 2)
        let lines = lines(hypothesis, column, scene)
        let height = min(buffer.bounds.height - 2, lines.count + 5)
        let span = "\(Words.moment(hypothesis.from)) to \(Words.moment(hypothesis.until))"
        let rect = OverlayBox.draw(
            title: "What if · \(span)", width: width, height: height, danger: false, scene, &buffer)
        let columns = [rect.x + titleWidth, rect.x + titleWidth + column + 1]
        for (x, future) in zip(columns, hypothesis.futures) {
            buffer.put(Words.fit(future.label, column), x: x, y: rect.y, paint[.column])
        }
        let room = max(0, rect.height - 2)
        let first = min(offset, max(0, lines.count - room))
        for (row, line) in lines.dropFirst(first).prefix(room).enumerated() {
            let y = rect.y + 1 + row
            if line.isMarked { buffer.put("≠", x: rect.x, y: y, paint[.eventWarning]) }
            buffer.put(Words.fit(line.title, titleWidth - 3), x: rect.x + 2, y: y, paint[.dim])
            for (x, text) in zip(columns, line.texts) {
                buffer.put(Words.fit(text, column), x: x, y: y, paint[line.differs ? .strong : .text])
            }
        }
        let later = hypothesis.laterCommands
        let repeated =
            hypothesis.repeatsPast
            ? "a setting holds from the start: the run is repeated with it, and compared from here on   " : ""
        let note = (later > 0 ? "with your \(Words.count(later, "later command"))   " : "") + repeated
        let keys = lines.count > room ? "↑↓ more  " : ""
        let end = hypothesis.isDone ? "≠ differs  Esc close  \(keys)\(note)" : "Esc ends it   \(repeated)"
        buffer.put(Words.fit(end, rect.width - 2), x: rect.x + 1, y: rect.maxY - 1, paint[.faint])
    }

    private struct Line {
        var title = ""
        var texts: [String]
        var differs = false
        var isMarked = false
    }

    private static func lines(_ hypothesis: Hypothesis, _ column: Int, _ scene: Scene) -> [Line] {
        let outcomes = hypothesis.futures.compactMap(\.outcome)
        guard outcomes.count == hypothesis.futures.count else {
            let span = max(0.001, (hypothesis.until - hypothesis.from).inSeconds)
            let states = hypothesis.futures.map { future in
                future.outcome != nil
                    ? "done" : "runs… \(Int((future.now - hypothesis.from).inSeconds / span * 100)) %"
            }
            return [Line(texts: states)]
        }
        return HypothesisRow.rows(outcomes, from: hypothesis.from).flatMap { row in
            let texts = row.values.map { WhyPane.wrap($0, column) }
            return (0..<(texts.map(\.count).max() ?? 0)).map { index in
                Line(
                    title: index == 0 ? row.title : "", texts: texts.map { index < $0.count ? $0[index] : "" },
                    differs: row.differs, isMarked: row.differs && index == 0)
            }
        }
    }
}

extension ConsoleState {
    /// Shows the latest comparison as soon as there is a new one and nothing else is open; returns whether the picture
    /// changes.
    package mutating func show(_ hypothesis: Hypothesis?) -> Bool {
        guard let hypothesis, hypothesis.number != dialogs.compared, dialogs.modal == nil else { return false }
        dialogs.compared = hypothesis.number
        dialogs.modal = .hypothesis(0)
        return true
    }

    /// Handles a key in a comparison.
    mutating func handle(_ key: Key, comparison offset: Int, _ feed: ConsoleFeed) -> [Intent] {
        if let step = Self.listStep(key) {
            dialogs.modal = .hypothesis(max(0, min(100, offset + step)))
        } else if [.escape, .enter, .character("q")].contains(key) {
            dialogs.modal = nil
            if feed.hypothesis?.isDone == false { return submit(.endWhatIf) }
        }
        return []
    }
}
