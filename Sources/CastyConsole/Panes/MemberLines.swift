import CastyObservability

/// The lines of the member table that have room: the nodes, and where they are grouped a heading for each status.
struct MemberLines {
    enum Line: Hashable {
        /// A status, and the number of nodes that have it.
        case heading(DisplayStatus, Int)
        case node(NodeRow)
    }

    let shown: ArraySlice<Line>
    /// What is hidden, in words: nodes only, not headings.
    let hint: String

    /// - Parameters:
    ///   - rows: The nodes; where they are grouped, sorted by status.
    ///   - room: The number of lines.
    ///   - cursor: The node that has to be visible.
    init(_ rows: [NodeRow], grouped: Bool, room: Int, cursor: String?) {
        var lines: [Line] = []
        var current = 0
        for (index, row) in rows.enumerated() {
            if grouped, index == 0 || rows[index - 1].displayStatus != row.displayStatus {
                let count = rows[index...].prefix { $0.displayStatus == row.displayStatus }.count
                lines.append(.heading(row.displayStatus, count))
            }
            // The first node keeps its heading in view.
            if row.name == cursor, index > 0 { current = lines.count }
            lines.append(.node(row))
        }
        let window = ListWindow(count: lines.count, room: room, cursor: current)
        let end = window.first + window.shown
        shown = lines[window.first..<end]
        let nodes = { (part: ArraySlice<Line>) in part.count { if case .node = $0 { true } else { false } } }
        let (before, inside) = (nodes(lines[..<window.first]), nodes(lines[window.first..<end]))
        hint = ListWindow(count: rows.count, first: before, shown: inside).hint
    }

    /// The node in a line; `nil` for a heading, and where there is no line.
    func node(at line: Int) -> NodeRow? {
        guard line >= 0, line < shown.count, case .node(let row) = shown[shown.startIndex + line] else { return nil }
        return row
    }
}
