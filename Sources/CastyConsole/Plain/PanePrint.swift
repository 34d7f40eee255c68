/// A pane as lines of text, without its frame.
enum PanePrint {
    static let width = 102
    static let height = 64

    static func lines(_ pane: Pane, _ feed: ConsoleFeed, _ state: ConsoleState) -> [String] {
        var state = state
        state.focus(on: pane)
        state.panes.zoomed = true
        state.dialogs = Dialogs()
        state.captions = Captions()
        let scene = Scene(feed, state)
        guard let slot = scene.layout.slots.first else { return [] }
        let picture = Renderer.picture(feed, state)
        let inside = slot.rect.inset(x: 1, y: 1)
        var rows: [String] = []
        for y in inside.y..<inside.maxY {
            let next = row(picture, inside, y)
            // The room that a pane leaves empty is one empty line.
            if !next.isEmpty || rows.last.map({ !$0.isEmpty }) ?? false { rows.append(next) }
        }
        while rows.last?.isEmpty == true { rows.removeLast() }
        let title = row(picture, Rect(x: 1, y: 0, width: slot.rect.width - 2, height: 1), slot.rect.y)
        return [title.split { "-=#+ ".contains($0) }.joined(separator: " ")].filter { !$0.isEmpty } + rows
    }

    private static func row(_ picture: CellBuffer, _ rect: Rect, _ y: Int) -> String {
        var line = String.UnicodeScalarView()
        for x in rect.x..<rect.maxX {
            if let scalar = Unicode.Scalar(picture[x, y].scalar), scalar.value != 0 { line.append(scalar) }
        }
        while line.last == " " { line.removeLast() }
        return String(line)
    }
}
