import CastyObservability
import CastyReporting

extension ConsoleState {
    /// Opens the pane Why for the item under the cursor.
    mutating func explain(_ reading: ClusterReading, _ feed: ConsoleFeed, opening: Bool) {
        switch panes.focus {
        case .members, .phi, .gossip:
            guard let row = cursorRow(reading) else { return say(.refused, "why: \(emptiness)") }
            explanation.subject = .node(row.name)
        case .network:
            guard let (from, to) = linkCursor(reading) else { return say(.refused, "why: a link needs two nodes") }
            explanation.subject = from == to ? .node(to) : .link(from: from, to: to)
        case .shards:
            guard !ShardReading.types(in: feed.snapshot).isEmpty else {
                return say(.refused, "why: no shards yet")
            }
            explanation.subject = .shard(selection.shard)
        case .flow:
            guard let message = messageUnderCursor(feed) else { return say(.refused, "why: no message to explain") }
            explanation.subject = message.subject
        case .events, .why:
            let list = EventList(feed.log, self)
            guard !list.entries.isEmpty else { return say(.refused, "why: no events to explain") }
            if panes.focus == .why, opening, explanation.subject != nil { return }
            explanation.subject = .event(list.entries[list.index(of: selection.event)].number)
        }
        focus(on: .why)
    }

    /// The row under the cursor as text, for the clipboard.
    mutating func copyRow(_ feed: ConsoleFeed, _ reading: ClusterReading) -> [Intent] {
        var text: String?
        switch panes.focus {
        case .members, .phi, .gossip, .network:
            text = cursorRow(reading).map { row in
                "\(row.name) \(row.address) \(words(.displayStatus(row.displayStatus))) \(words(.node(row.state))) shards \(row.shards) entities \(row.entities)"
            }
        case .shards:
            let types = ShardReading.types(in: feed.snapshot)
            if !types.isEmpty {
                let cells = ShardReading(type: types[selection.shardType % types.count], feed, reading).cells
                if cells.indices.contains(selection.shard) {
                    text = "shard \(selection.shard) on \(cells[selection.shard].owner ?? "no node")"
                }
            }
        case .flow: text = messageUnderCursor(feed)?.line(words)
        case .events, .why:
            let list = EventList(feed.log, self)
            if !list.entries.isEmpty { text = feed.log[list.entries[list.index(of: selection.event)].number]?.json }
        }
        guard let text else {
            say(.refused, "copy: nothing under the cursor")
            return []
        }
        say(.note, "copied: \(text)")
        return [.copy(text)]
    }
}
