/// How the panes share the screen.
package enum LayoutPreset: Hashable, Sendable {
    /// As many panes as fit.
    case all
    /// The cluster above what happens in it.
    case rows
    /// The cluster beside what happens in it.
    case columns
    /// One of the user's own.
    case own(OwnLayout)

    package static let builtIn: [LayoutPreset] = [.all, .rows, .columns]

    /// The name in the configuration, and in `set layout`.
    package var name: String {
        switch self {
        case .all: "all"
        case .rows: "rows"
        case .columns: "columns"
        case .own(let layout): layout.name
        }
    }

    /// What it is, in a few words.
    var description: String {
        switch self {
        case .all: "as many panes as fit"
        case .rows: "two rows"
        case .columns: "two columns"
        case .own(let layout): layout.name
        }
    }

    /// The panes that show the cluster, and those that show what happens.
    static let halves: [[Pane]] = [
        [.members, .phi, .shards, .network, .gossip], [.events, .why, .flow],
    ]
}

/// A layout of the user's own: rows of slots, in each of which some panes share the place as tabs.
package struct OwnLayout: Hashable, Sendable {
    /// How one is written.
    package static let form = "rows of panes as \"members phi | shards+network | events+why\": + for tabs, | for rows"
    /// The least columns and rows of a slot; on a smaller screen the console has its usual layout.
    private static let least = (width: 30, height: 6)

    package let name: String
    /// From top to bottom, and from left to right; each slot has at least one pane.
    let rows: [[[Pane]]]

    /// Reads a layout. Panes that it does not name are tabs of its last slot, so that each can be reached.
    ///
    /// - Returns: `nil` if a word is no pane, a pane stands there twice, or a row or slot is empty.
    package init?(name: String, _ text: String) {
        var named: [Pane] = []
        var rows: [[[Pane]]] = []
        for row in text.split(separator: "|", omittingEmptySubsequences: false) {
            var slots: [[Pane]] = []
            for slot in row.split(separator: " ") {
                var tabs: [Pane] = []
                for word in slot.split(separator: "+", omittingEmptySubsequences: false) {
                    guard let pane = Pane.allCases.first(where: { $0.title.lowercased() == word.lowercased() }),
                        !named.contains(pane)
                    else { return nil }
                    named.append(pane)
                    tabs.append(pane)
                }
                slots.append(tabs)
            }
            guard !slots.isEmpty else { return nil }
            rows.append(slots)
        }
        guard !rows.isEmpty else { return nil }
        let others = Pane.allCases.filter { !named.contains($0) }
        rows[rows.count - 1][rows[rows.count - 1].count - 1] += others
        self.name = name
        self.rows = rows
    }

    /// The layout as it is written.
    package var text: String {
        rows.map { row in
            row.map { $0.map { $0.title.lowercased() }.joined(separator: "+") }.joined(separator: " ")
        }.joined(separator: " | ")
    }

    /// The slots in a rectangle, which they tile; `nil` if they are too small there.
    func slots(in body: Rect) -> [(Rect, [Pane])]? {
        guard body.height / rows.count >= Self.least.height,
            rows.allSatisfy({ body.width / $0.count >= Self.least.width })
        else { return nil }
        return rows.enumerated().flatMap { index, row in
            let (top, bottom) = (body.height * index / rows.count, body.height * (index + 1) / rows.count)
            return row.enumerated().map { column, panes in
                let (left, right) = (body.width * column / row.count, body.width * (column + 1) / row.count)
                return (Rect(x: body.x + left, y: body.y + top, width: right - left, height: bottom - top), panes)
            }
        }
    }
}
