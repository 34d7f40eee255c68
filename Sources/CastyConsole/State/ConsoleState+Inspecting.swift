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

    mutating func toggleFollow(_ feed: ConsoleFeed) {
        view.follows.toggle()
        if view.follows { selection.event = nil }
        _ = follow(feed)
        say(
            .note,
            view.follows
                ? "the cursor follows the newest event (\(keys.name(of: .follow)))" : "the cursor stays where it is")
    }

    /// Moves the cursor to the node of the newest event, if it follows.
    ///
    /// - Returns: Whether the cursor has moved.
    package mutating func follow(_ feed: ConsoleFeed) -> Bool {
        guard view.follows, time.shown.feed == nil else { return false }
        let names = Set(feed.snapshot.nodes.map(\.name))
        let newest = feed.log.entries.reversed().lazy.filter { $0.level > .debug }.compactMap { entry in
            feed.log[entry.number].map { $0.subject ?? $0.node }
        }.first(where: names.contains)
        guard let newest, newest != selection.node else { return false }
        selection.node = newest
        return true
    }
}
