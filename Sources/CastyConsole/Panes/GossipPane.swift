import CastyCore
import CastyObservability

/// Pane 5: the vector clocks side by side: a row for each node that made changes, a column for each view.
enum GossipPane {
    static func info(_ scene: Scene) -> [String] {
        let reading = scene.reading
        if reading.running == 0 { return [] }
        let agree = "\(reading.agreeing)/\(reading.running)"
        return ["\(agree) agree  v\(reading.newestVersion)", "\(agree) agree", agree]
    }

    /// The vector clocks of all views.
    struct Clocks: Sendable {
        /// The nodes that have an entry in a clock, by number.
        let names: [String]
        /// The nodes whose views they are.
        let views: [NodeSnapshot]
        /// The highest entry of each node in any view.
        let newest: [String: UInt64]
        let width: Int

        init(_ snapshot: ClusterSnapshot) {
            views = snapshot.nodes.filter { $0.state == .running || $0.state == .frozen }
            var newest: [String: UInt64] = [:]
            var latest: [ClockEntry] = []
            // Most views are equal in a big cluster.
            for clock in views.map(\.membership.clock) where clock != latest {
                latest = clock
                for entry in clock { newest[entry.name] = max(newest[entry.name] ?? 0, entry.counter) }
            }
            self.newest = newest
            names = ClusterReading.inOrder(Array(newest.keys))
            let digits = max(3, newest.values.map { "\($0)".count }.max() ?? 1) + 2
            let longest = views.reduce(2) { max($0, CharacterWidth.columns(of: $1.name)) }
            width = max(digits, min(longest, 12) + 1)
        }
    }

    /// The entries of a view's clock by name.
    private static func entries(of node: NodeSnapshot) -> [String: UInt64] {
        Dictionary(node.membership.clock.map { ($0.name, $0.counter) }, uniquingKeysWith: max)
    }

    /// The columns of the rows' titles: as many as `sees` and a name need.
    private static func label(_ scene: Scene, _ rect: Rect) -> Int {
        max(10, min(scene.reading.nameWidth + 7, rect.width / 3))
    }

    /// The visible rows and columns of the clocks.
    private static func windows(_ clocks: Clocks, _ scene: Scene, _ rect: Rect) -> (
        rows: ListWindow, columns: ListWindow
    ) {
        let cursor = scene.current
        let label = label(scene, rect)
        let extra = rect.height >= 8 ? min(8, max(4, rect.height - 1 - clocks.names.count)) : 0
        return (
            ListWindow(
                count: clocks.names.count, room: max(1, rect.height - 1 - extra),
                cursor: clocks.names.firstIndex { $0 == cursor } ?? 0),
            ListWindow(
                count: clocks.views.count, room: max(1, (rect.width - label) / clocks.width),
                cursor: clocks.views.firstIndex { $0.name == cursor } ?? 0)
        )
    }

    /// What is hidden of the clocks, in words.
    static func hint(_ scene: Scene, _ rect: Rect) -> String {
        guard let clocks = scene.clocks else { return "" }
        let (rows, columns) = windows(clocks, scene, rect)
        return [rows.hint, columns.hint(before: "←", after: "→")].filter { !$0.isEmpty }.joined(separator: "  ")
    }

    static func draw(_ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        guard let clocks = scene.clocks, !clocks.views.isEmpty else {
            let isSilent = scene.snapshot.nodes.contains { $0.state == .silent }
            return EmptyPane.draw([isSilent ? "no node answers" : scene.state.emptiness], rect, scene, &buffer)
        }
        let paint = scene.paint
        let width = clocks.width
        let label = label(scene, rect)
        let cursor = scene.current
        let (rows, window) = windows(clocks, scene, rect)
        let columns = clocks.views.dropFirst(window.first).prefix(window.shown).map { node in
            (node: node, entries: entries(of: node))
        }
        buffer.put("view of", x: rect.x + 1, y: rect.y, paint[.column])
        for (index, view) in columns.enumerated() {
            let style = view.node.name == scene.reading.observer?.name ? paint[.titleFocused] : paint[.column]
            buffer.putRight(
                Words.fitName(view.node.name, width - 1), endX: rect.x + label + (index + 1) * width - 1, y: rect.y,
                width: width - 1, style)
        }
        for (row, name) in clocks.names.dropFirst(rows.first).prefix(rows.shown).enumerated() {
            let y = rect.y + 1 + row
            let selected = name == cursor && scene.isFocused(.gossip)
            buffer.put(
                Words.fitName(name, label - 2), x: rect.x + 1, y: y,
                selected ? paint[.text].with(.reverse) : paint[.text])
            for (index, view) in columns.enumerated() {
                let counter = view.entries[name]
                let behind = (counter ?? 0) < (clocks.newest[name] ?? 0)
                let text = (counter.map(String.init) ?? "-") + (behind ? "·" : " ")
                buffer.putRight(
                    text, endX: rect.x + label + (index + 1) * width, y: y, width: width,
                    paint[behind ? .eventWarning : .dim])
            }
        }
        let top = rect.y + 1 + rows.shown
        let area = Rect(x: rect.x, y: top, width: rect.width, height: rect.maxY - top)
        below(columns, width, cursor, scene, area, &buffer)
    }

    private static func below(
        _ columns: [(node: NodeSnapshot, entries: [String: UInt64])], _ width: Int, _ cursor: String?, _ scene: Scene,
        _ rect: Rect, _ buffer: inout CellBuffer
    ) {
        let paint = scene.paint
        let label = label(scene, rect)
        var y = rect.y + (rect.height >= 5 ? 1 : 0)
        func row(_ title: String, _ cell: (NodeSnapshot, [String: UInt64]) -> (String, Role)) {
            guard y < rect.maxY else { return }
            buffer.put(Words.fit(title, label - 1), x: rect.x + 1, y: y, paint[.column])
            for (index, view) in columns.enumerated() {
                let (text, role) = cell(view.node, view.entries)
                buffer.putRight(
                    text, endX: rect.x + label + (index + 1) * width - 1, y: y, width: width - 1, paint[role])
            }
            y += 1
        }
        let newest = scene.reading.newestVersion
        row("behind") { view, _ in
            let lag = newest - min(newest, view.membership.gossipVersion)
            if scene.reading.diverges(view) { return ("≠", .eventWarning) }
            return lag == 0 ? ("0", .dim) : ("-\(lag)", .eventWarning)
        }
        if let cursor {
            row("sees \(Words.fitName(cursor, label - 6))") { view, _ in
                guard let member = view.membership.members.last(where: { $0.name == cursor }) else {
                    return ("-", .faint)
                }
                let displayStatus = DisplayStatus(status: member.status, unreachable: member.unreachable)
                return (displayStatus.mark, displayStatus.role)
            }
        }
        if let observer = scene.reading.observer {
            let own = Dictionary(observer.membership.clock.map { ($0.name, $0.counter) }, uniquingKeysWith: max)
            row("to \(Words.fitName(observer.name, label - 4))") { _, entries in
                let order = ClockOrder(entries, own)
                return (order.mark, order == .same ? .dim : .eventWarning)
            }
        }
        // Equal letters mean equal views.
        var letters: [UInt64] = []
        row("digest") { view, _ in
            let digest = view.membership.digest
            if !letters.contains(digest) { letters.append(digest) }
            let index = letters.firstIndex(of: digest) ?? 0
            return (index < 26 ? String(UnicodeScalar(UInt8(65 + index))) : "+", index == 0 ? .dim : .eventWarning)
        }
        guard let membership = scene.reading.observer?.membership, y < rect.maxY else { return }
        let waiting = membership.waitingFor.map { DisplayTerm.waiting($0, at: scene.snapshot.time) }
        let state =
            membership.converged
            ? "converged, seen by \(membership.seenBy.count)"
            : "waits for: " + (waiting.isEmpty ? "gossip" : scene.words.list(waiting, scene.reading))
        buffer.put(
            Words.fit(state, rect.width - 2), x: rect.x + 1, y: y, paint[membership.converged ? .up : .eventWarning])
        y += 1
        if y < rect.maxY, let next = membership.pendingLeaderActions.first {
            buffer.put(
                Words.fit("leader next: \(scene.words(.leaderAction(next), scene.reading))", rect.width - 2),
                x: rect.x + 1, y: y, paint[.dim])
            y += 1
        }
        if y < rect.maxY, let downing = membership.downing {
            let due = downing.due.map { " in \(Words.span($0 - scene.snapshot.time))" } ?? ""
            buffer.put(
                Words.fit(
                    "\(downing.strategy): \(scene.words(.downs(downing.down), scene.reading))\(due)", rect.width - 2),
                x: rect.x + 1, y: y,
                paint[.dim])
        }
        if y + 1 < rect.maxY {
            buffer.put(
                Words.fit("a number: the changes by the row's node that the column's node knows", rect.width - 2),
                x: rect.x + 1, y: rect.maxY - 2, paint[.faint])
            buffer.put(
                Words.fit("clocks: = same  < older  > newer  <> concurrent   v: changes in all", rect.width - 2),
                x: rect.x + 1, y: rect.maxY - 1, paint[.faint])
        }
    }
}

/// How a vector clock relates to another (C. Fidge, F. Mattern, 1988).
private enum ClockOrder {
    case same, older, newer, concurrent

    init(_ left: [String: UInt64], _ right: [String: UInt64]) {
        let isBehind = right.contains { name, counter in (left[name] ?? 0) < counter }
        let isAhead = left.contains { name, counter in (right[name] ?? 0) < counter }
        self = isBehind ? (isAhead ? .concurrent : .older) : isAhead ? .newer : .same
    }

    var mark: String {
        switch self {
        case .same: "="
        case .older: "<"
        case .newer: ">"
        case .concurrent: "<>"
        }
    }
}
