import CastyCore
import CastyObservability

/// Looking closely, and following what happens.
extension ConsoleState {
    /// Shows all that is known of the item under the cursor, in the pane Why.
    mutating func inspect(_ feed: ConsoleFeed, _ reading: ClusterReading) {
        switch panes.focus {
        case .shards:
            guard !ShardReading.types(in: feed.snapshot).isEmpty else {
                return say(.refused, "inspect: no shards yet, \(keys.name(of: .prompt(.spawnOne))) spawns an entity")
            }
            explanation.subject = .shardDetails(of: selection.shard)
        case .members, .phi, .gossip, .events, .why, .flow:
            guard let row = cursorRow(reading) else { return say(.refused, "inspect: \(emptiness)") }
            explanation.subject = .details(of: row.name)
        case .network:
            guard let cursor = linkCursor(reading) else { return say(.refused, "inspect: a link needs two nodes") }
            explanation.subject = .details(of: cursor.from)
        }
        focus(on: .why)
    }

    /// In the panes of nodes, follows the incarnation under the cursor; elsewhere, the newest event.
    mutating func toggleFollow(_ feed: ConsoleFeed, _ reading: ClusterReading) {
        guard view.following == nil else {
            view.following = nil
            return say(.note, "the cursor stays where it is")
        }
        let key = keys.name(of: .follow)
        switch panes.focus {
        case .members, .phi, .gossip:
            guard let row = cursorRow(reading), let node = feed.snapshot.nodes.last(where: { $0.name == row.name }),
                row.alive
            else { return say(.refused, "follow: no node under the cursor runs") }
            view.following = .incarnation(name: node.name, node.node)
            selection.node = node.name
            say(.note, "follows this incarnation of \(node.name), and says when it ends (\(key))")
        case .shards, .network, .events, .why, .flow:
            view.following = .newestEvent
            selection.event = nil
            _ = follow(feed)
            say(.note, "the cursor follows the newest event (\(key))")
        }
    }

    /// Moves the cursor to what it follows.
    ///
    /// - Returns: Whether the picture changes.
    package mutating func follow(_ feed: ConsoleFeed) -> Bool {
        guard time.shown.feed == nil else { return false }
        switch view.following {
        case nil: return false
        case .newestEvent: return followEvent(feed)
        case .incarnation(let name, let node): return follow(node, name, feed)
        }
    }

    private mutating func followEvent(_ feed: ConsoleFeed) -> Bool {
        let names = Set(feed.snapshot.nodes.map(\.name))
        let newest = feed.log.entries.reversed().lazy.filter { $0.level > .debug }.compactMap { entry in
            feed.log[entry.number].map { $0.subject ?? $0.node }
        }.first(where: names.contains)
        guard let newest, newest != selection.node else { return false }
        selection.node = newest
        return true
    }

    /// Says that the incarnation has ended, once.
    private mutating func follow(_ node: UniqueAddress, _ name: String, _ feed: ConsoleFeed) -> Bool {
        let latest = feed.snapshot.nodes.last { $0.name == name }
        let isThere = latest.map { $0.node == node && $0.state != .killed && $0.state != .stopped } ?? false
        guard !isThere else {
            defer { selection.node = name }
            return selection.node != name
        }
        view.following = nil
        selection.node = name
        let isNew = latest.map { $0.node != node } ?? false
        let what = isNew ? "a new one runs at its address" : latest.map { words(.node($0.state)) } ?? "it is gone"
        say(.note, "the incarnation of \(name) that the cursor followed has ended: \(what)")
        return true
    }
}
