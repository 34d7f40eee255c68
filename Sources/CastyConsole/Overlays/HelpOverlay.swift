/// The available keys, from the table that dispatches them, and after them what the signs on the screen mean.
enum HelpOverlay {
    enum Row {
        case key(KeyBinding)
        case sign(Sign)
    }

    /// The keys that fit the filter. What no console of this kind can ever do is not offered.
    static func matches(_ help: HelpState, _ mode: ConsoleMode, _ keys: KeyMap = .standard) -> [KeyBinding] {
        let filter = TextFilter(help.filter.text)
        let exact = help.filter.text
        return keys.bindings(in: help.pane).filter { binding in
            if !mode.changesCluster, let verb = binding.verb, mode.refusal(of: verb) != nil { return false }
            return exact.count == 1 && binding.keys.contains { $0.name == exact }
                || filter.matches([binding.word, binding.summary, binding.label, binding.group.rawValue])
        }
    }

    /// The keys and, after them, the signs that fit the filter.
    static func rows(_ help: HelpState, _ mode: ConsoleMode, _ keys: KeyMap = .standard) -> [Row] {
        let filter = TextFilter(help.filter.text)
        let exact = help.filter.text
        let signs = SignTable.signs(in: help.pane).filter { sign in
            let panes = sign.panes.map { Pane.allCases.filter($0.contains).map(\.title) } ?? []
            return exact.count == 1 && sign.sign.contains(exact)
                || filter.matches(["sign", sign.sign, sign.meaning] + panes)
        }
        return matches(help, mode, keys).map(Row.key) + signs.map(Row.sign)
    }

    static func draw(_ help: HelpState, _ scene: Scene, _ buffer: inout CellBuffer) {
        let bounds = buffer.bounds
        // Two columns of lines where both fit.
        let columns = bounds.width >= 160 ? 2 : 1
        let width = min(bounds.width - 2, 98 * columns)
        let height = min(bounds.height - 2, 48)
        let rect = OverlayBox.draw(
            title: "Keys in \(help.pane.rawValue) \(help.pane.title)", width: width, height: height, danger: false,
            scene, &buffer)
        let paint = scene.paint
        let label = "type to filter: "
        buffer.put(label, x: rect.x + 1, y: rect.y, paint[.column])
        FieldView.draw(
            help.filter, x: rect.x + 1 + label.count, y: rect.y, width: rect.width - label.count - 3, scene, &buffer)
        let found = rows(help, scene.state.mode, scene.state.keys)
        let list = Rect(x: rect.x, y: rect.y + 1, width: rect.width, height: rect.height - 2)
        if found.isEmpty { EmptyPane.draw(["no key does that"], list, scene, &buffer) }
        let room = max(1, list.height) * columns
        let first = found.count <= room ? 0 : min(max(0, help.selected - room / 2), found.count - room)
        let part = list.width / columns
        for (row, entry) in found.dropFirst(first).prefix(list.height > 0 ? room : 0).enumerated() {
            let (x, y) = (list.x + row / list.height * part, list.y + row % list.height)
            let (label, text, quiet) = words(entry, help.pane, scene)
            buffer.putRight(label, endX: x + 12, y: y, width: 11, paint[quiet ? .faint : .hintKey])
            buffer.put(Words.fit(text, part - 15), x: x + 14, y: y, paint[quiet ? .faint : .text])
            if first + row == help.selected {
                buffer.restyle(Rect(x: x, y: y, width: part, height: 1)) { $0.with(.reverse) }
            }
        }
        let count = found.count > room ? "\(help.selected + 1)/\(found.count)  " : ""
        buffer.put(
            Words.fit("\(count)↑↓ choose  Enter run  Esc close   Shift-drag selects text", rect.width - 2),
            x: rect.x + 1, y: rect.maxY - 1, paint[.faint])
    }

    /// A line of the help, and whether it is of no use here.
    private static func words(_ row: Row, _ pane: Pane, _ scene: Scene) -> (label: String, text: String, quiet: Bool) {
        switch row {
        case .key(let binding):
            let refusal = reason(binding, scene)
            return (binding.label, refusal.map { "\(binding.summary) (\($0))" } ?? binding.summary, refusal != nil)
        case .sign(let sign):
            let isElsewhere = sign.panes.map { !$0.contains(pane) } ?? false
            let places = Pane.allCases.filter { sign.panes?.contains($0) ?? false }.map(\.title)
            let place = isElsewhere ? " (\(places.joined(separator: ", ")))" : ""
            return (sign.sign, "sign: \(sign.meaning)\(place)", isElsewhere)
        }
    }

    private static func reason(_ binding: KeyBinding, _ scene: Scene) -> String? {
        guard let verb = binding.verb else { return nil }
        if scene.state.readOnly { return "read-only" }
        return scene.state.mode.refusal(of: verb).map { _ in "with --sim only" }
    }
}

/// The box of an overlay above the panes.
enum OverlayBox {
    /// Draws it in the middle; returns the rectangle inside.
    static func draw(
        title: String, width: Int, height: Int, danger: Bool, _ scene: Scene, _ buffer: inout CellBuffer
    ) -> Rect {
        let bounds = buffer.bounds
        let rect = Rect(
            x: max(0, (bounds.width - width) / 2), y: max(0, (bounds.height - height) / 2), width: width,
            height: height)
        return draw(title: title, rect, danger: danger, scene, &buffer)
    }

    static func draw(title: String, _ rect: Rect, danger: Bool, _ scene: Scene, _ buffer: inout CellBuffer) -> Rect {
        let style = scene.paint[danger ? .modalDanger : .modalBorder]
        buffer.fill(rect)
        PaneFrame.box(rect, heavy: true, style, &buffer)
        buffer.put(" \(Words.fit(title, rect.width - 6)) ", x: rect.x + 2, y: rect.y, style)
        return rect.inset(x: 1, y: 1)
    }
}
