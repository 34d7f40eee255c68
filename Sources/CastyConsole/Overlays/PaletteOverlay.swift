import CastyScenario

/// The command line with the possible continuations.
enum PaletteOverlay {
    static func draw(_ palette: PaletteState, _ scene: Scene, _ buffer: inout CellBuffer) {
        let bounds = buffer.bounds
        let width = min(bounds.width - 2, 90)
        let problem = palette.problem.map { Self.lines($0, width - 6) } ?? []
        let help = problem.isEmpty ? usage(palette, scene) : problem
        let completion = scene.state.completions(
            of: palette.cycle == nil ? palette.field.head : palette.stem, scene.feed)
        let rows = max(1, min(6, help.count + 1))
        let height = min(bounds.height - 2, 4 + rows)
        let area = Rect(
            x: (bounds.width - width) / 2, y: max(0, bounds.height - 1 - height), width: width, height: height)
        let rect = OverlayBox.draw(title: "Command", area, danger: false, scene, &buffer)
        let paint = scene.paint
        buffer.put(":", x: rect.x + 1, y: rect.y, paint[.hintKey])
        FieldView.draw(palette.field, x: rect.x + 2, y: rect.y, width: rect.width - 3, scene, &buffer)
        var y = rect.y + 1
        var x = rect.x + 2
        let limit = rect.maxX - 2
        for (index, candidate) in completion.candidates.enumerated() {
            let word = Words.fit(candidate, 24)
            if x + word.count + 2 > limit {
                buffer.put("…", x: x, y: y, paint[.suggestion])
                break
            }
            let style = index == palette.cycle ? paint[.buttonSelected] : paint[.suggestion]
            x = buffer.put(word, x: x, y: y, style) + 2
        }
        if completion.candidates.isEmpty, !completion.hints.isEmpty {
            buffer.put(
                Words.fit(completion.hints.joined(separator: ", or "), rect.width - 4), x: rect.x + 2, y: y,
                paint[.suggestion])
        }
        y += 1
        for line in help.prefix(max(0, rect.maxY - y - 1)) {
            buffer.put(
                Words.fit(line, rect.width - 4), x: rect.x + 2, y: y, paint[problem.isEmpty ? .dim : .flashRefused])
            y += 1
        }
        buffer.put(
            Words.fit("↑ history   Tab complete   Enter run   Esc close", rect.width - 2), x: rect.x + 1,
            y: rect.maxY - 1, paint[.faint])
    }

    /// The error in lines of `width` columns, with the most helpful part first.
    static func lines(_ problem: ScenarioProblem, _ width: Int) -> [String] {
        let parts = [
            problem.suggestion.map { "did you mean \"\($0)\"?" }, problem.what,
            problem.expected.map { "expected \($0)" },
        ]
        return parts.compactMap(\.self).flatMap { WhyPane.wrap($0, width) }
    }

    /// The syntax of the verb at the start of the line.
    private static func usage(_ palette: PaletteState, _ scene: Scene) -> [String] {
        let words = palette.field.text.split(separator: " ")
        guard let first = words.first else {
            return ["what a scenario says, at once: kill n2 · cut n1 | n2,n3 · tell account-7 deposit 10"]
        }
        if let verb = Verb(rawValue: String(first)) { return verb.usage + [verb.summary] }
        if let verb = ConsoleVerb(rawValue: String(first)) { return verb.usage + [verb.summary] }
        return []
    }
}
