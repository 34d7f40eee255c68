import CastyObservability
import CastyScenario

/// A rectangle in the matrix of links: what a key does to a link it does to all of them.
extension ConsoleState {
    /// The directions in the rectangle, row by row; without one the direction under the cursor. A node itself is none.
    func chosenLinks(_ reading: ClusterReading) -> [LinkCorner] {
        guard let cursor = linkCursor(reading) else { return [] }
        let names = reading.rows.map(\.name)
        func range(_ one: String, _ other: String?) -> ArraySlice<String> {
            let first = names.firstIndex(of: one) ?? 0
            let last = other.flatMap { names.firstIndex(of: $0) } ?? first
            return names[min(first, last)...max(first, last)]
        }
        let columns = range(cursor.to, selection.corner?.to)
        return range(cursor.from, selection.corner?.from).flatMap { from in
            columns.filter { $0 != from }.map { LinkCorner(from: from, to: $0) }
        }
    }

    /// Begins a rectangle at the cursor, or ends it.
    mutating func toggleRectangle(_ reading: ClusterReading) {
        guard let cursor = linkCursor(reading) else { return say(.refused, "area: a link needs two nodes") }
        if selection.corner != nil {
            selection.corner = nil
            return say(.note, "one link is selected again")
        }
        selection.corner = LinkCorner(from: cursor.from, to: cursor.to)
        func key(_ action: Action) -> String { keys.name(of: action) }
        let impair = mode == .live ? "" : ", \(key(.link(.delay))) delays, \(key(.link(.loss))) loses"
        say(
            .note,
            "the arrows select links; \(key(.link(.cutOneWay))) cuts or heals them\(impair); "
                + "\(key(.rectangle)) or \(key(.escape)) ends")
    }

    /// Selects from the pressed cell to the one under the mouse.
    mutating func drag(x: Int, y: Int, _ feed: ConsoleFeed) {
        guard let pressed = selection.pressed, panes.focus == .network, let slot = layout(feed).slot(of: .network)
        else {
            return
        }
        let reading = ClusterReading(visible(feed), observer: view.observer)
        guard
            let (from, to) = NetworkPane.link(
                x: x, y: y, in: slot.rect.inset(x: 1, y: 1), cursor: linkCursor(reading), reading)
        else { return }
        selection.corner = pressed
        (selection.linkFrom, selection.linkTo) = (from, to)
    }

    /// Cuts all directions in the rectangle, or heals them if all are cut.
    mutating func cutRectangle(bothWays: Bool, _ links: [LinkSnapshot], _ reading: ClusterReading) -> [Intent] {
        let cut = Set(links.filter(\.cut).map { LinkCorner(from: $0.from, to: $0.to) })
        var chosen = chosenLinks(reading)
        if bothWays {
            chosen += chosen.map { LinkCorner(from: $0.to, to: $0.from) }.filter { !chosen.contains($0) }
        }
        guard !chosen.isEmpty else {
            say(.refused, "cut: the rectangle holds no link")
            return []
        }
        if chosen.allSatisfy(cut.contains) {
            return submit(
                chosen.compactMap { link in
                    guard let from = Self.nodeName(link.from), let to = Self.nodeName(link.to) else { return nil }
                    return .heal(.oneWay(from: from, to: to))
                })
        }
        return submit(Self.groups(chosen).map { .cut(.oneWay(from: $0.from, to: $0.to)) })
    }

    /// The same links in as few commands as possible: nodes from which the same ones are reached are in one list.
    static func groups(_ links: [LinkCorner]) -> [(from: [NodeName], to: [NodeName])] {
        let rows = Dictionary(grouping: links, by: \.from)
        var groups: [(from: [NodeName], to: [NodeName])] = []
        for name in ClusterReading.inOrder(Array(rows.keys)) {
            guard let from = nodeName(name), let row = rows[name] else { continue }
            let to = nodeNames(row.map(\.to))
            if let index = groups.firstIndex(where: { $0.to == to }) {
                groups[index].from.append(from)
            } else {
                groups.append(([from], to))
            }
        }
        return groups
    }
}
