/// The box around a slot, with the tabs of its panes in the upper edge.
enum PaneFrame {
    /// The positions of a slot's tabs.
    static func tabs(of slot: Slot) -> [(pane: Pane, x: Int, text: String)] {
        var x = slot.rect.x + 3
        return slot.panes.map { pane in
            let text = "\(pane.rawValue) \(slot.panes.count > 1 ? pane.tabTitle : pane.title)"
            defer { x += text.count + 2 }
            return (pane, x, text)
        }
    }

    static func tab(at x: Int, in slot: Slot) -> Pane? {
        tabs(of: slot).first { x >= $0.x && x < $0.x + $0.text.count }?.pane
    }

    /// Draws the box; returns the rectangle inside.
    static func draw(_ slot: Slot, info: [String], extra: String, _ scene: Scene, _ buffer: inout CellBuffer)
        -> Rect
    {
        let rect = slot.rect
        let focused = scene.isFocused(slot.shown)
        let paint = scene.paint
        let line = paint[focused ? .borderFocused : .border]
        box(rect, heavy: focused, line, &buffer)
        var used = rect.x + 2
        for tab in tabs(of: slot) {
            let selected = tab.pane == slot.shown
            let role: Role = selected ? (focused ? .titleFocused : .tabSelected) : .tab
            let style = selected && !focused && slot.panes.count == 1 ? paint[.title] : paint[role]
            if tab.x + tab.text.count + 1 >= rect.maxX - 1 { break }
            buffer.put(" " + tab.text + " ", x: tab.x - 1, y: rect.y, style)
            used = tab.x + tab.text.count + 1
        }
        if !extra.isEmpty, used + extra.count + 3 < rect.maxX - 2 {
            used = buffer.put(extra + " ", x: used, y: rect.y, paint[.dim])
        }
        // The longest form that fits, with at least one piece of edge before it.
        let room = rect.maxX - 3 - used
        if let text = info.first(where: { !$0.isEmpty && CharacterWidth.columns(of: $0) + 2 <= room }) {
            let width = CharacterWidth.columns(of: text) + 2
            buffer.put(" \(text) ", x: rect.maxX - 2 - width, y: rect.y, paint[focused ? .text : .dim])
        }
        return rect.inset(x: 1, y: 1)
    }

    /// Shows a hint in the lower edge at what is hidden.
    static func hint(_ text: String, _ slot: Slot, _ scene: Scene, _ buffer: inout CellBuffer) {
        let width = text.count + 2
        guard !text.isEmpty, width + 4 <= slot.rect.width else { return }
        buffer.put(
            " \(text) ", x: slot.rect.maxX - 2 - width, y: slot.rect.maxY - 1,
            scene.paint[scene.isFocused(slot.shown) ? .text : .dim])
    }

    /// A frame: heavy for the focused pane, light and rounded for the others.
    static func box(_ rect: Rect, heavy: Bool, _ style: Style, _ buffer: inout CellBuffer) {
        guard rect.width >= 2, rect.height >= 2 else { return }
        let right = rect.maxX - 1
        let bottom = rect.maxY - 1
        buffer.fill(Rect(x: rect.x, y: rect.y, width: rect.width, height: 1), heavy ? "━" : "─", style)
        buffer.fill(Rect(x: rect.x, y: bottom, width: rect.width, height: 1), heavy ? "━" : "─", style)
        buffer.fill(Rect(x: rect.x, y: rect.y, width: 1, height: rect.height), heavy ? "┃" : "│", style)
        buffer.fill(Rect(x: right, y: rect.y, width: 1, height: rect.height), heavy ? "┃" : "│", style)
        buffer.put(heavy ? "┏" : "╭", x: rect.x, y: rect.y, style)
        buffer.put(heavy ? "┓" : "╮", x: right, y: rect.y, style)
        buffer.put(heavy ? "┗" : "╰", x: rect.x, y: bottom, style)
        buffer.put(heavy ? "┛" : "╯", x: right, y: bottom, style)
    }
}
