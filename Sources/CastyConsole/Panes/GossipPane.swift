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

    private static func views(_ scene: Scene) -> [NodeSnapshot] {
        scene.snapshot.nodes.filter { $0.state == .running || $0.state == .frozen }
    }

    /// The names of all nodes that have an entry in a clock, by number.
    private static func names(_ scene: Scene) -> [String] {
        ClusterReading.inOrder(Array(Set(views(scene).flatMap(\.membership.clock).map(\.name))))
    }

    /// The visible rows of the clocks.
    static func window(_ scene: Scene, _ rect: Rect) -> ListWindow {
        let names = names(scene)
        let cursor = scene.state.cursorRow(scene.reading)?.name
        let extra = rect.height >= 8 ? min(7, max(4, rect.height - 1 - names.count)) : 0
        return ListWindow(
            count: names.count, room: max(1, rect.height - 1 - extra),
            cursor: names.firstIndex { $0 == cursor } ?? 0)
    }

    static func draw(_ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        let views = views(scene)
        guard !views.isEmpty else { return EmptyPane.draw(["no nodes yet: press a"], rect, scene, &buffer) }
        let paint = scene.paint
        let label = 10
        let digits = max(4, views.flatMap(\.membership.clock).map { "\($0.counter)".count }.max() ?? 1)
        let width = digits + 2
        let cursor = scene.state.cursorRow(scene.reading)?.name
        let columns = Array(views.prefix(max(1, (rect.width - label) / width)))
        buffer.put("view of", x: rect.x + 1, y: rect.y, paint[.column])
        for (index, view) in columns.enumerated() {
            let style = view.name == scene.reading.observer?.name ? paint[.titleFocused] : paint[.column]
            buffer.putRight(
                view.name, endX: rect.x + label + (index + 1) * width - 1, y: rect.y, width: width - 1, style)
        }
        let names = names(scene)
        let window = window(scene, rect)
        for (row, name) in names.dropFirst(window.first).prefix(window.shown).enumerated() {
            let y = rect.y + 1 + row
            let selected = name == cursor && scene.isFocused(.gossip)
            buffer.put(
                Words.fit(name, label - 2), x: rect.x + 1, y: y, selected ? paint[.text].with(.reverse) : paint[.text])
            let counters = columns.map { view in view.membership.clock.filter { $0.name == name }.map(\.counter).max() }
            let newest = views.flatMap { $0.membership.clock.filter { $0.name == name }.map(\.counter) }.max() ?? 0
            for (index, counter) in counters.enumerated() {
                let behind = (counter ?? 0) < newest
                let text = (counter.map(String.init) ?? "-") + (behind ? "·" : " ")
                buffer.putRight(
                    text, endX: rect.x + label + (index + 1) * width, y: y, width: width,
                    paint[behind ? .eventWarning : .dim])
            }
        }
        let top = rect.y + 1 + window.shown
        let area = Rect(x: rect.x, y: top, width: rect.width, height: rect.maxY - top)
        below(columns, label, width, cursor, scene, area, &buffer)
    }

    private static func below(
        _ columns: [NodeSnapshot], _ label: Int, _ width: Int, _ cursor: String?, _ scene: Scene, _ rect: Rect,
        _ buffer: inout CellBuffer
    ) {
        let paint = scene.paint
        var y = rect.y + (rect.height >= 5 ? 1 : 0)
        func row(_ title: String, _ cell: (NodeSnapshot) -> (String, Role)) {
            guard y < rect.maxY else { return }
            buffer.put(Words.fit(title, label - 1), x: rect.x + 1, y: y, paint[.column])
            for (index, view) in columns.enumerated() {
                let (text, role) = cell(view)
                buffer.putRight(
                    text, endX: rect.x + label + (index + 1) * width - 1, y: y, width: width - 1, paint[role])
            }
            y += 1
        }
        let newest = scene.reading.newestVersion
        row("behind") { view in
            let lag = newest - min(newest, view.membership.gossipVersion)
            if scene.reading.diverges(view) { return ("≠", .eventWarning) }
            return lag == 0 ? ("0", .dim) : ("-\(lag)", .eventWarning)
        }
        if let cursor {
            row("sees \(cursor)") { view in
                guard let member = view.membership.members.last(where: { $0.name == cursor }) else {
                    return ("-", .faint)
                }
                let standing = DisplayStatus(status: member.status, unreachable: member.unreachable)
                return (standing.mark, standing.role)
            }
        }
        // Equal letters mean equal views.
        var letters: [UInt64] = []
        row("digest") { view in
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
    }
}
