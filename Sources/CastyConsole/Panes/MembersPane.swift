import CastyCore
import CastyObservability

/// Pane 1: the members in one node's view, next to what the testbed knows.
enum MembersPane {
    private static let required: [MemberColumn] = [.node, .status, .phi, .shards, .entities]

    /// The columns that fit, with their positions and widths.
    ///
    /// - Parameters:
    ///   - status: The columns that the longest status needs, if it needs more than usual.
    ///   - name: The columns that the longest name needs.
    static func columns(
        width: Int, status: Int = 0, name: Int = 0
    ) -> [(column: MemberColumn, x: Int, width: Int)] {
        func basic(_ column: MemberColumn) -> Int {
            let usual = self.width(of: column, in: width)
            return column == .status ? max(usual, status) : usual
        }
        // A name gets what the other columns that are always there leave.
        let left = width - 4 - required.reduce(0) { $1 == .node ? $0 : $0 + basic($1) }
        func room(_ column: MemberColumn) -> Int {
            column == .node ? max(basic(.node), min(name + 1, left)) : basic(column)
        }
        let optional: [MemberColumn] =
            width >= 60
            ? [.lag, .rate, .version, .address, .seenBy, .uptime]
            : width >= 50 ? [.lag, .rate, .version, .seenBy, .uptime] : [.lag, .uptime, .rate]
        var chosen = required
        var used = 4 + required.reduce(0) { $0 + room($1) }
        for column in optional where used + room(column) <= width {
            chosen.append(column)
            used += room(column)
        }
        var x = 4
        return chosen.sorted { $0.rawValue < $1.rawValue }.map { column in
            let columns = room(column)
            defer { x += columns }
            return (column, x, columns)
        }
    }

    private static func width(of column: MemberColumn, in width: Int) -> Int {
        switch column {
        case .node: width >= 90 ? 8 : 5
        case .address: width >= 90 ? 22 : 16
        case .status: width >= 60 ? 10 : width >= 50 ? 9 : 7
        case .phi, .entities: 5
        case .shards, .lag, .uptime: 4
        case .rate, .version, .seenBy: 6
        }
    }

    /// The width that the status of each row needs, with its mark.
    static func statusWidth(_ rows: [NodeRow], _ words: DisplayWords) -> Int {
        rows.map { CharacterWidth.columns(of: status(of: $0, words)) + 1 }.max() ?? 0
    }

    /// A member's status in words, and its marks: the oldest and the leader, drained, frozen, dead.
    private static func status(of row: NodeRow, _ words: DisplayWords) -> String {
        var flag = (row.oldest ? "★" : "") + (row.leader ? "◆" : "") + (row.drained ? "▽" : "")
        if row.state == .frozen { flag = "‖" }
        if row.state == .silent { flag = "?" }
        if !row.alive, row.displayStatus != .removed { flag = "†" }
        return words(.displayStatus(row.displayStatus)) + (flag.isEmpty ? "" : " \(flag)")
    }

    static func column(
        at x: Int, width: Int, _ rows: [NodeRow], name: Int, _ words: DisplayWords
    ) -> MemberColumn? {
        columns(width: width, status: statusWidth(rows, words), name: name)
            .first { x >= $0.x && x < $0.x + $0.width }?.column
    }

    /// The lines below the titles: those around the cursor.
    ///
    /// - Parameter grouped: Whether each status has a heading.
    static func lines(_ rows: [NodeRow], grouped: Bool, _ height: Int, _ state: ConsoleState) -> MemberLines {
        MemberLines(rows, grouped: grouped, room: max(1, height - 1), cursor: state.selection.node)
    }

    /// The lines below the titles.
    static func lines(_ scene: Scene, _ height: Int) -> MemberLines {
        lines(scene.rows, grouped: scene.state.groupsMembers(scene.reading), height, scene.state)
    }

    static func info(_ scene: Scene) -> [String] {
        let rows = scene.reading.rows
        if rows.isEmpty { return [] }
        let count = "\(rows.filter { $0.state == .running }.count)/\(rows.count)"
        let order = scene.state.groupsMembers(scene.reading) ? "not up first  " : ""
        let long = "\(count) \(scene.snapshot.observer == nil ? "run" : "answer")"
        return [order + long, long, count].map { text in
            scene.state.selection.marked.isEmpty ? text : "\(scene.state.selection.marked.count) marked  \(text)"
        }
    }

    static func draw(_ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        let paint = scene.paint
        let rows = scene.rows
        guard !rows.isEmpty else {
            let filtered = scene.state.view.filters[.members] != nil && !scene.reading.rows.isEmpty
            EmptyPane.draw(
                filtered ? ["no node fits the filter", "Esc clears it"] : [scene.state.emptiness], rect, scene,
                &buffer)
            return
        }
        let columns = columns(
            width: rect.width, status: statusWidth(rows, scene.words), name: scene.reading.nameWidth)
        for entry in columns {
            let sorted = entry.column == scene.state.view.sort && (entry.column != .node || scene.state.view.descending)
            let arrow = sorted ? (scene.state.view.descending ? "↓" : "↑") : ""
            let style = sorted ? paint[.column].with([.bold, .underline]) : paint[.column]
            if isLeft(entry.column) {
                buffer.put(entry.column.title + arrow, x: rect.x + entry.x, y: rect.y, style, limit: entry.width)
            } else {
                buffer.putRight(
                    entry.column.title, endX: rect.x + entry.x + entry.width - 1, y: rect.y, width: entry.width - 1,
                    style)
                // In the gap between the columns.
                buffer.put(arrow, x: rect.x + entry.x + entry.width - 1, y: rect.y, style)
            }
        }
        let room = max(0, rect.height - 1)
        let lines = lines(scene, rect.height)
        for (index, line) in lines.shown.prefix(room).enumerated() {
            let y = rect.y + 1 + index
            switch line {
            case .heading(let status, let count):
                let text = "\(count) \(scene.words(.displayStatus(status)))"
                buffer.put(Words.fit(text, rect.width - 2), x: rect.x + 1, y: y, paint[status.role].with(.bold))
            case .node(let row): draw(row, isCurrent: row.name == scene.current, columns, scene, rect, y: y, &buffer)
            }
        }
        let free = room - lines.shown.count
        if free >= 2 { legend(scene, rect, &buffer) }
        // The titles of the columns have a line of their own where there is room for it.
        let isExplained = free >= 6 && explain(columns.map(\.column), scene, rect, &buffer)
        let above = Rect(x: rect.x, y: rect.y, width: rect.width, height: rect.height - (isExplained ? 1 : 0))
        if free >= 2 { forecast(scene, above, lines: free >= 4 ? 2 : 1, &buffer) }
    }

    /// The forecast for cutting off the marked nodes, or the one under the cursor; above the legend.
    private static func forecast(_ scene: Scene, _ rect: Rect, lines: Int, _ buffer: inout CellBuffer) {
        guard let forecast = scene.forecast else { return silence(scene, rect, &buffer) }
        let outcome = scene.words(.forecast(forecast, naming: rect.width >= 60))
        let texts = lines > 1 ? ["if cut off: \(forecast.cut)", outcome] : ["if cut off: \(outcome)"]
        for (index, text) in texts.enumerated() {
            let y = rect.maxY - 1 - texts.count + index
            buffer.put(Words.fit(text, rect.width - 2), x: rect.x + 1, y: y, scene.paint[.dim])
        }
    }

    /// Since when the nodes that do not answer are silent; above the legend.
    private static func silence(_ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        guard let observer = scene.snapshot.observer, !observer.silent.isEmpty else { return }
        let shown = observer.silent.first { $0.node == scene.current } ?? observer.silent[0]
        let others = observer.silent.count - 1
        let text =
            "\(shown.node) \(observer.silence(of: shown.node) ?? "")" + (others > 0 ? ", \(others) more" : "")
        buffer.put(Words.fit(text, rect.width - 2), x: rect.x + 1, y: rect.maxY - 2, scene.paint[.eventWarning])
    }

    private static func legend(_ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        let rows = scene.reading.rows
        var parts = ["★ oldest", "◆ leader"]
        if rows.contains(where: { $0.state == .frozen }) { parts.append("‖ frozen") }
        if rows.contains(where: { $0.state == .silent }) { parts.append("? silent") }
        if rows.contains(where: { !$0.alive && $0.displayStatus != .removed }) { parts.append("† dead") }
        if rows.contains(where: \.drained) { parts.append("▽ drained") }
        if !scene.state.selection.marked.isEmpty { parts.append("• marked") }
        if rect.width >= 50 { parts.append("▸ cursor") }
        buffer.put(parts.joined(separator: "   "), x: rect.x + 1, y: rect.maxY - 1, scene.paint[.faint])
    }

    /// Says what the titles mean that are no words, as far as there is room.
    ///
    /// - Returns: Whether it said anything.
    private static func explain(
        _ columns: [MemberColumn], _ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer
    ) -> Bool {
        let meanings: [(MemberColumn, String)] = [
            (.lag, "LAG behind the newest view"), (.seenBy, "SEEN reachable for"), (.shards, "SHD shards"),
            (.entities, "ENT entities"), (.version, "VER of its view"),
        ]
        var parts: [String] = []
        for (column, meaning) in meanings where columns.contains(column) {
            guard CharacterWidth.columns(of: (parts + [meaning]).joined(separator: "  ")) <= rect.width - 2 else {
                continue
            }
            parts.append(meaning)
        }
        guard !parts.isEmpty else { return false }
        buffer.put(parts.joined(separator: "  "), x: rect.x + 1, y: rect.maxY - 2, scene.paint[.faint])
        return true
    }

    private static func isLeft(_ column: MemberColumn) -> Bool {
        column == .node || column == .address || column == .status
    }

    private static func draw(
        _ row: NodeRow, isCurrent: Bool, _ columns: [(column: MemberColumn, x: Int, width: Int)], _ scene: Scene,
        _ rect: Rect, y: Int, _ buffer: inout CellBuffer
    ) {
        let paint = scene.paint
        let gone = !row.alive
        let marked = scene.state.selection.marked.contains(row.name)
        if marked { buffer.put("•", x: rect.x, y: y, paint[.marked]) }
        if isCurrent { buffer.put("▸", x: rect.x, y: y, paint[marked ? .marked : .strong]) }
        buffer.put(row.displayStatus.mark, x: rect.x + 2, y: y, paint[row.displayStatus.role])
        for entry in columns {
            let (text, role) = cell(entry.column, row, scene, width: entry.width)
            let style = paint[role ?? (gone ? .faint : .text)]
            if isLeft(entry.column) {
                let fitted =
                    entry.column == .node ? Words.fitName(text, entry.width - 1) : Words.fit(text, entry.width - 1)
                buffer.put(fitted, x: rect.x + entry.x, y: y, style)
            } else {
                buffer.putRight(text, endX: rect.x + entry.x + entry.width - 1, y: y, width: entry.width - 1, style)
            }
        }
        if isCurrent, scene.isFocused(.members) {
            buffer.restyle(Rect(x: rect.x, y: y, width: rect.width, height: 1)) { _ in paint[.cursorRow] }
        }
    }

    private static func cell(_ column: MemberColumn, _ row: NodeRow, _ scene: Scene, width: Int) -> (String, Role?) {
        switch column {
        case .node: return (row.name, row.alive ? .strong : .dim)
        case .address: return (row.address, .dim)
        case .status:
            return (status(of: row, scene.words), row.displayStatus.role)
        case .phi:
            guard let phi = row.phi else { return ("-", .faint) }
            return (phi < 100 ? Words.fixed(phi) : Words.fixed(phi, 0), .phi(phi, threshold: row.threshold))
        case .shards: return (row.displayStatus == .removed ? "-" : "\(row.shards)", nil)
        case .entities: return (row.displayStatus == .removed ? "-" : Words.short(row.entities), nil)
        case .rate: return (row.alive ? Words.short(row.rate.rounded()) : "-", nil)
        case .version: return (row.version == 0 ? "-" : "\(row.version)", nil)
        case .lag where row.diverges: return ("≠", .eventWarning)
        case .lag: return (row.lag.map(String.init) ?? "-", row.lag.map { $0 < 0 } == true ? .eventWarning : nil)
        case .seenBy: return ("\(row.seenBy)/\(row.observers)", row.seenBy < row.observers ? .eventWarning : nil)
        case .uptime:
            guard row.alive, let started = row.started else { return ("-", nil) }
            return (Words.age(scene.snapshot.time - started), nil)
        }
    }
}

/// The text of a pane that has nothing to show.
enum EmptyPane {
    static func draw(_ lines: [String], _ rect: Rect, _ scene: Scene, _ buffer: inout CellBuffer) {
        let top = rect.y + max(0, (rect.height - lines.count) / 2)
        for (index, line) in lines.enumerated() {
            buffer.putCentred(line, in: rect, y: top + index, scene.paint[index == 0 ? .dim : .faint])
        }
    }
}
