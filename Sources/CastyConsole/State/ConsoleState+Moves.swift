import CastyObservability

/// Keys that move a cursor.
extension ConsoleState {
    mutating func move(_ action: Action.Move, _ feed: ConsoleFeed, _ reading: ClusterReading) {
        switch panes.focus {
        case .members, .phi, .gossip: moveNode(action, reading)
        case .shards: moveShard(action, feed, reading)
        case .network: moveLink(action, reading)
        case .events: moveEvent(action, feed)
        case .flow: moveMessage(action, feed)
        case .why: scrollWhy(action)
        }
    }

    private mutating func scrollWhy(_ action: Action.Move) {
        switch action {
        case .up, .pageUp, .previousMatch, .left: explanation.offset = max(0, explanation.offset - page(action))
        case .down, .pageDown, .nextMatch, .right: explanation.offset = min(200, explanation.offset + page(action))
        case .top: explanation.offset = 0
        case .bottom: explanation.offset = 200
        }
    }

    private func page(_ action: Action.Move) -> Int {
        action == .pageUp || action == .pageDown ? max(1, (layout.slot(of: panes.focus)?.rect.height ?? 10) - 4) : 1
    }

    private mutating func moveNode(_ action: Action.Move, _ reading: ClusterReading) {
        let rows = visibleRows(reading)
        guard !rows.isEmpty else { return say(.note, emptiness) }
        let index = rows.firstIndex { $0.name == selection.node } ?? 0
        let next: Int
        switch action {
        case .up, .pageUp, .previousMatch: next = max(0, index - page(action))
        case .down, .pageDown, .nextMatch: next = min(rows.count - 1, index + page(action))
        case .top: next = 0
        case .bottom: next = rows.count - 1
        case .left, .right:
            return say(.note, "left and right move in Shards and Network, and through time in Events")
        }
        selection.node = rows[next].name
    }

    private mutating func moveShard(_ action: Action.Move, _ feed: ConsoleFeed, _ reading: ClusterReading) {
        let types = ShardReading.types(in: feed.snapshot)
        guard !types.isEmpty else { return say(.note, "no shards yet") }
        if action == .nextMatch || action == .previousMatch {
            selection.shardType = (selection.shardType + (action == .nextMatch ? 1 : types.count - 1)) % types.count
            return say(.note, "shards of \(types[selection.shardType % types.count])")
        }
        let count = ShardReading(type: types[selection.shardType % types.count], feed, reading).cells.count
        let columns = ShardGrid.columns(count: count, width: layout.slot(of: .shards)?.rect.width ?? 40)
        let step: Int
        switch action {
        case .up: step = -columns
        case .down: step = columns
        case .left: step = -1
        case .right: step = 1
        case .pageUp: step = -4 * columns
        case .pageDown: step = 4 * columns
        case .top: step = -selection.shard
        case .bottom: step = count - 1 - selection.shard
        case .nextMatch, .previousMatch: step = 0
        }
        if selection.shard + step >= 0, selection.shard + step < count { selection.shard += step }
        selection.shard = min(max(0, selection.shard), max(0, count - 1))
    }

    private mutating func moveLink(_ action: Action.Move, _ reading: ClusterReading) {
        let names = reading.rows.map(\.name)
        guard let (from, to) = linkCursor(reading) else { return say(.note, "a link needs two nodes") }
        var row = names.firstIndex(of: from) ?? 0
        var column = names.firstIndex(of: to) ?? 0
        switch action {
        case .up: row = max(0, row - 1)
        case .down: row = min(names.count - 1, row + 1)
        case .left: column = max(0, column - 1)
        case .right: column = min(names.count - 1, column + 1)
        case .top, .pageUp: row = 0
        case .bottom, .pageDown: row = names.count - 1
        case .nextMatch, .previousMatch:
            return say(.note, "\(keys.name(of: .move(action))): the arrows move in Network")
        }
        selection.linkFrom = names[row]
        selection.linkTo = names[column]
    }

    private mutating func moveEvent(_ action: Action.Move, _ feed: ConsoleFeed) {
        let list = EventList(feed.log, self)
        guard !list.entries.isEmpty else { return say(.note, "no events to show") }
        let next = index(after: action, from: list.index(of: selection.event), of: list.entries.count)
        selection.event = next == 0 ? nil : list.entries[next].number
    }

    private mutating func moveMessage(_ action: Action.Move, _ feed: ConsoleFeed) {
        let list = FlowList(feed.snapshot, self)
        guard !list.crossings.isEmpty else { return say(.note, "no messages to show") }
        let next = index(after: action, from: list.index(of: selection.message), of: list.crossings.count)
        selection.message = next == 0 ? nil : list.crossings[next].id
    }

    /// Where a move leads in a list whose newest entry is on top: down and left move back in time.
    private func index(after action: Action.Move, from index: Int, of count: Int) -> Int {
        switch action {
        case .up, .pageUp, .previousMatch, .right: max(0, index - page(action))
        case .down, .pageDown, .nextMatch, .left: min(count - 1, index + page(action))
        case .top: 0
        case .bottom: count - 1
        }
    }

    mutating func jump(back: Bool, _ feed: ConsoleFeed) {
        let list = EventList(feed.log, self)
        let index = selection.event == nil ? -1 : list.index(of: selection.event)
        let range = back ? Array(list.entries.indices.dropFirst(index + 1)) : Array(0..<max(0, index)).reversed()
        guard let found = range.first(where: { feed.log[list.entries[$0].number]?.kind.level == .fault }) else {
            return say(.refused, back ? "no earlier fault" : "no later fault")
        }
        selection.event = list.entries[found].number
        focus(on: .events)
    }
}
