/// The box that asks before an action that cannot be undone.
enum ConfirmOverlay {
    static func draw(_ confirm: ConfirmState, _ scene: Scene, _ buffer: inout CellBuffer) {
        let bounds = buffer.bounds
        let widest = confirm.facts.map { CharacterWidth.columns(of: $0) }.max() ?? 0
        let label = label(confirm)
        let width = min(bounds.width - 2, max(46, widest + 6, confirm.title.count + 8, label.count + 14))
        let height = min(bounds.height - 2, confirm.facts.count + 5)
        let rect = OverlayBox.draw(
            title: confirm.title, width: width, height: height, danger: true, scene, &buffer)
        let paint = scene.paint
        for (index, fact) in confirm.facts.prefix(max(0, rect.height - 3)).enumerated() {
            buffer.put(Words.fit(fact, rect.width - 4), x: rect.x + 2, y: rect.y + 1 + index, paint[.text])
        }
        let y = rect.maxY - 1
        if confirm.demand != nil {
            buffer.put(label, x: rect.x + 2, y: y, paint[.flashNote])
            FieldView.draw(confirm.typed, x: rect.x + 2 + label.count, y: y, width: 6, scene, &buffer)
            buffer.putRight("Esc", endX: rect.maxX - 1, y: y, width: 3, paint[.faint])
            return
        }
        let cancel = paint[confirm.accepting ? .button : .buttonSelected]
        let accept = paint[confirm.accepting ? .buttonSelected : .button]
        buffer.put(
            [("[ Cancel ]", cancel), ("   ", paint[.text]), ("[ \(confirm.accept) ]", accept)], x: rect.x + 2, y: y,
            limit: rect.width - 4)
        buffer.putRight("y \(confirm.accept.lowercased())  Esc", endX: rect.maxX - 1, y: y, width: 16, paint[.faint])
    }
}

extension ConfirmOverlay {
    /// The text to type, and its meaning.
    private static func label(_ confirm: ConfirmState) -> String {
        guard let demand = confirm.demand else { return "" }
        return confirm.meaning.isEmpty
            ? "type \(demand) and Enter: " : "type \(demand), \(confirm.meaning), and Enter: "
    }
}

/// The box that asks for a few words.
enum PromptOverlay {
    static func draw(_ prompt: PromptState, _ scene: Scene, _ buffer: inout CellBuffer) {
        let width = min(buffer.bounds.width - 2, 64)
        let problem = prompt.problem.map { PaletteOverlay.lines($0, width - 6) } ?? []
        let hints = problem.isEmpty ? [prompt.hint] : Array(problem.prefix(4))
        let height = min(buffer.bounds.height - 2, 5 + hints.count)
        let rect = OverlayBox.draw(title: prompt.title, width: width, height: height, danger: false, scene, &buffer)
        let paint = scene.paint
        let label = ":" + prompt.before
        let end = buffer.put(label, x: rect.x + 2, y: rect.y + 1, paint[.suggestion], limit: rect.width - 8)
        FieldView.draw(
            prompt.field, x: end, y: rect.y + 1, width: rect.maxX - 1 - end, scene, &buffer)
        for (index, hint) in hints.enumerated() where rect.y + 2 + index < rect.maxY - 1 {
            buffer.put(
                Words.fit(hint, rect.width - 4), x: rect.x + 2, y: rect.y + 2 + index,
                paint[problem.isEmpty ? .dim : .flashRefused])
        }
        buffer.put(
            Words.fit("Enter run   Esc close", rect.width - 4), x: rect.x + 2, y: rect.maxY - 1, paint[.faint])
    }
}
