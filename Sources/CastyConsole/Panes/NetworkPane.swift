import CastyCore
import CastyObservability

/// Pane 4: the links as a matrix, from the row to the column, because a link may be cut in one direction only.
enum NetworkPane {
    /// The columns of the matrix: of the names before the rows, and of a cell.
    private struct Columns {
        let label: Int
        let cell: Int

        init(_ names: [String], width: Int) {
            let longest = names.reduce(4) { max($0, CharacterWidth.columns(of: $1)) }
            label = max(10, min(longest + 7, width / 3))
            let room = (width - label) / max(1, names.count)
            // Full names as titles if there is room, else their ends.
            cell = room > longest ? min(max(5, longest + 1), 16) : room >= 5 ? 5 : 3
        }
    }

    static func info(_ scene: Scene) -> [String] {
        let cut = scene.snapshot.links.filter(\.cut).count
        let slow = scene.snapshot.links.filter { !$0.cut && ($0.loss > 0 || $0.latency > .zero) }.count
        var parts: [String] = []
        if cut > 0 { parts.append("\(cut) cut") }
        if slow > 0 { parts.append("\(slow) slow") }
        let dead = scene.reading.rows.filter { !$0.alive }.count
        if dead > 0 { parts.append("\(dead) dead") }
        // An observer sees connections, not what happens to their bytes.
        if parts.isEmpty, scene.snapshot.observer == nil, scene.reading.rows.count > 1 {
            parts.append("all links work")
        }
        return [parts.joined(separator: "  "), parts.first ?? "", cut > 0 ? "\(cut)" : "ok"]
    }

    /// The link whose cell is at a position.
    static func link(
        x: Int, y: Int, in area: Rect, cursor: (from: String, to: String)?, _ reading: ClusterReading
    ) -> (from: String, to: String)? {
        guard let cursor else { return nil }
        let names = reading.rows.map(\.name)
        let (rows, columns) = windows(names, cursor, area)
        let sizes = Columns(names, width: area.width)
        let column = (x - area.x - sizes.label) / sizes.cell
        let row = y - area.y - 1
        guard x >= area.x + sizes.label, column < columns.shown, row >= 0, row < rows.shown else { return nil }
        return (names[rows.first + row], names[columns.first + column])
    }

    static func draw(_ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        let rows = scene.reading.rows
        guard let cursor = scene.link else {
            let text =
                rows.isEmpty
                ? [scene.state.emptiness]
                : ["one node has no links"]
                    + (scene.state.mode.changesCluster ? ["\(scene.state.keys.name(of: .node(.add))) adds a node"] : [])
            return EmptyPane.draw(text, rect, scene, &buffer)
        }
        let sizes = Columns(rows.map(\.name), width: rect.width)
        let (labelWidth, width) = (sizes.label, sizes.cell)
        let paint = scene.paint
        buffer.putRight("to", endX: rect.x + labelWidth - 1, y: rect.y, width: 3, paint[.column])
        let (window, columns) = windows(rows.map(\.name), cursor, rect)
        let shownColumns = rows.dropFirst(columns.first).prefix(columns.shown)
        for (index, row) in shownColumns.enumerated() {
            let x = rect.x + labelWidth + index * width
            let selected = row.name == cursor.to && scene.isFocused(.network)
            // Where a name does not fit, its number or the end of it does.
            let name = row.name.count < width ? row.name : String(row.name.suffix(width - 1))
            buffer.putRight(
                name, endX: x + width - 1, y: rect.y, width: width - 1, paint[selected ? .titleFocused : .column])
        }
        for (index, from) in rows.dropFirst(window.first).prefix(window.shown).enumerated() {
            let y = rect.y + 1 + index
            let selected = from.name == cursor.from && scene.isFocused(.network)
            if index == 0 { buffer.put("from", x: rect.x + 1, y: y, paint[.column]) }
            buffer.putRight(
                Words.fitName(from.name, labelWidth - 6), endX: rect.x + labelWidth - 1, y: y, width: labelWidth - 6,
                paint[selected ? .titleFocused : .text])
            let outgoing = Outgoing(from.name, scene.snapshot)
            for (column, to) in shownColumns.enumerated() {
                let (text, role) = cell(from, to, outgoing)
                var style = paint[role]
                if scene.isFocused(.network), from.name == cursor.from, to.name == cursor.to {
                    style = style.with(.reverse)
                }
                let x = rect.x + labelWidth + column * width
                buffer.putRight(text, endX: x + width - 1, y: y, width: width - 1, style)
            }
        }
        markRectangle(scene, rows: Array(rows), window, columns, sizes, rect, &buffer)
        let top = rect.y + 1 + window.shown
        explain(cursor, scene, Rect(x: rect.x, y: top, width: rect.width, height: rect.maxY - top), &buffer)
    }

    /// Underlines the cells of the selected rectangle.
    private static func markRectangle(
        _ scene: Scene, rows: [NodeRow], _ window: ListWindow, _ columns: ListWindow, _ sizes: Columns, _ rect: Rect,
        _ buffer: inout CellBuffer
    ) {
        guard scene.state.selection.corner != nil, scene.isFocused(.network) else { return }
        let names = rows.map(\.name)
        for link in scene.state.chosenLinks(scene.reading) {
            guard let row = names.firstIndex(of: link.from), let column = names.firstIndex(of: link.to),
                row >= window.first, row < window.first + window.shown, column >= columns.first,
                column < columns.first + columns.shown
            else { continue }
            let cell = Rect(
                x: rect.x + sizes.label + (column - columns.first) * sizes.cell, y: rect.y + 1 + row - window.first,
                width: sizes.cell - 1, height: 1)
            buffer.restyle(cell) { $0.with([.underline, .reverse]) }
        }
    }

    /// The visible rows and columns of the matrix.
    private static func windows(
        _ names: [String], _ cursor: (from: String, to: String), _ rect: Rect
    ) -> (rows: ListWindow, columns: ListWindow) {
        let count = names.count
        let sizes = Columns(names, width: rect.width)
        let details = rect.height >= count + 5 ? min(7, rect.height - count - 1) : rect.height >= 8 ? 3 : 0
        return (
            ListWindow(
                count: count, room: max(1, rect.height - 1 - details), cursor: names.firstIndex(of: cursor.from) ?? 0),
            ListWindow(
                count: count, room: max(1, (rect.width - sizes.label) / sizes.cell),
                cursor: names.firstIndex(of: cursor.to) ?? 0)
        )
    }

    /// What is hidden of the matrix, in words.
    static func hint(_ scene: Scene, _ rect: Rect) -> String {
        guard let cursor = scene.link else { return "" }
        let (rows, columns) = windows(scene.reading.rows.map(\.name), cursor, rect)
        return [rows.hint, columns.hint(before: "←", after: "→")].filter { !$0.isEmpty }.joined(separator: "  ")
    }

    /// What is known of the links of one node, by the name of the other end.
    private struct Outgoing {
        let links: [String: LinkSnapshot]
        let associations: [String: AssociationCondition]

        init(_ name: String, _ snapshot: ClusterSnapshot) {
            let own = snapshot.links.lazy.filter { $0.from == name }.map { ($0.to, $0) }
            links = Dictionary(own, uniquingKeysWith: { first, _ in first })
            let known = snapshot.nodes.first { $0.name == name }?.associations ?? []
            associations = Dictionary(
                known.map { ($0.peerName, $0.state) }, uniquingKeysWith: { first, _ in first })
        }
    }

    private static func cell(_ from: NodeRow, _ to: NodeRow, _ outgoing: Outgoing) -> (String, Role) {
        if from.name == to.name { return ("·", .faint) }
        if !from.alive || !to.alive { return ("††", .linkDead) }
        if let link = outgoing.links[to.name] {
            if link.cut { return ("XX", .linkCut) }
            if link.loss > 0 { return (Words.fixed(link.loss * 100, 0) + "%", .linkSlow) }
            if link.latency > .zero { return (Words.span(link.latency), .linkSlow) }
        }
        if from.state == .silent { return ("??", .linkSlow) }
        if from.state == .frozen || to.state == .frozen { return ("‖‖", .frozen) }
        guard let known = outgoing.associations[to.name] else { return ("-", .faint) }
        switch known {
        case .active: return ("ok", .linkOK)
        case .connecting, .handshaking: return ("..", .joining)
        case .waiting: return ("wt", .linkSlow)
        case .closed: return ("-", .faint)
        }
    }

    private static func explain(
        _ cursor: (from: String, to: String), _ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer
    ) {
        var lines: [(String, Role)] = []
        let chosen = scene.state.selection.corner == nil ? [] : scene.state.chosenLinks(scene.reading)
        if chosen.isEmpty {
            lines.append((detail(cursor, scene), .text))
        } else {
            let froms = ClusterReading.inOrder(Array(Set(chosen.map(\.from)))).joined(separator: " ")
            let tos = ClusterReading.inOrder(Array(Set(chosen.map(\.to)))).joined(separator: " ")
            lines.append(("▸ \(Words.count(chosen.count, "link")): \(froms) → \(tos)", .strong))
        }
        if let node = scene.snapshot.nodes.first(where: { $0.name == cursor.from }),
            let known = node.associations.first(where: { $0.peerName == cursor.to })
        {
            lines.append(
                (
                    "out \(Words.size(known.framesOut)) frames \(Words.size(known.bytesOut, unit: "B"))  in \(Words.size(known.framesIn)) frames \(Words.size(known.bytesIn, unit: "B"))"
                        + (known.queuedBytes > 0 ? "  queued \(known.queuedBytes)B" : "")
                        + (known.reconnects > 0 ? "  reconnects \(known.reconnects)" : ""), .dim
                ))
        }
        let groups = Self.groups(scene)
        if groups.count > 1 || scene.snapshot.links.contains(where: \.cut) {
            let text = groups.map { "{" + $0.joined(separator: " ") + "}" }.joined(separator: " ")
            lines.append(("both ways: \(text)", .eventWarning))
        }
        lines.append(
            (
                Words.parts(
                    scene.snapshot.observer == nil
                        ? ["ok", "XX cut", "†† dead", "‖‖ frozen", "5% loss", "- none", "wt waits", ".. dialling"]
                        : ["ok", ".. dialling", "wt waits", "?? not known", "- none"], rect.width - 2), .faint
            ))
        if scene.state.mode.changesCluster {
            lines.append((hints(scene.state.keys), .faint))
        }
        let gap = rect.height > lines.count ? 1 : 0
        for (index, line) in lines.prefix(max(0, rect.height - gap)).enumerated() {
            buffer.put(Words.fit(line.0, rect.width - 2), x: rect.x + 1, y: rect.y + gap + index, scene.paint[line.1])
        }
    }

    private static func detail(_ cursor: (from: String, to: String), _ scene: Scene) -> String {
        let name = "▸ \(cursor.from)→\(cursor.to)"
        if cursor.from == cursor.to { return "\(name)  itself" }
        if let silence = scene.snapshot.observer?.silence(of: cursor.from) {
            return "\(name)  not known: \(cursor.from) \(silence)"
        }
        let dead = scene.reading.rows.filter { [cursor.from, cursor.to].contains($0.name) && !$0.alive }.map(\.name)
        if !dead.isEmpty { return "\(name)  \(dead.joined(separator: " and ")) dead" }
        if let link = scene.snapshot.links.first(where: { $0.from == cursor.from && $0.to == cursor.to }) {
            if link.cut { return "\(name)  cut" }
            var parts: [String] = []
            if link.latency > .zero { parts.append("delay \(Words.span(link.latency))") }
            if link.jitter > .zero { parts.append("jitter \(Words.span(link.jitter))") }
            if link.loss > 0 { parts.append("loss \(Words.fixed(link.loss * 100))%") }
            if !parts.isEmpty { return "\(name)  " + parts.joined(separator: ", ") }
        }
        let node = scene.snapshot.nodes.first { $0.name == cursor.from }
        let known = node?.associations.first { $0.peerName == cursor.to }
        return "\(name)  \(known.map { scene.words(.association($0.state)) } ?? "no association")"
    }

    /// The largest groups of live nodes whose links all work in both directions; not computed for many nodes.
    static func groups(_ scene: Scene) -> [[String]] {
        let names = scene.reading.rows.filter(\.alive).map(\.name)
        guard names.count <= 12 else { return [] }
        guard scene.snapshot.links.contains(where: \.cut) else { return [names] }
        let cuts = Set(scene.snapshot.links.filter(\.cut).flatMap { ["\($0.from)>\($0.to)", "\($0.to)>\($0.from)"] })
        var found: [[Int]] = []
        // The algorithm of Bron and Kerbosch, with twelve nodes at most.
        func grow(_ group: [Int], _ candidates: [Int], _ excluded: [Int]) {
            if candidates.isEmpty {
                if excluded.isEmpty { found.append(group) }
                return
            }
            var candidates = candidates
            var excluded = excluded
            while let next = candidates.first {
                let friends = { (other: Int) in other != next && !cuts.contains("\(names[next])>\(names[other])") }
                grow(group + [next], candidates.filter(friends), excluded.filter(friends))
                candidates.removeFirst()
                excluded.append(next)
            }
        }
        grow([], Array(names.indices), [])
        return found.map { $0.sorted().map { names[$0] } }.prefix(6).map { $0 }
    }

    /// The keys of a link.
    private static func hints(_ keys: KeyMap) -> String {
        let hints: [(Action, String)] = [
            (.link(.cutOneWay), "cut"), (.link(.cutBothWays), "both"), (.link(.partition), "split"),
            (.link(.healAll), "heal"), (.link(.delay), "delay"), (.link(.loss), "loss"), (.rectangle, "area"),
        ]
        return hints.map { "\(keys.name(of: $0.0)) \($0.1)" }.joined(separator: "  ")
    }
}
