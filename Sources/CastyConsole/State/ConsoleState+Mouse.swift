import CastyObservability

/// The mouse: a click focuses and selects; the wheel scrolls the list under it.
extension ConsoleState {
    mutating func press(x: Int, y: Int, _ feed: ConsoleFeed) -> [Intent] {
        let layout = layout(feed)
        if layout.story.contains(x: x, y: y) {
            explanation.subject = nil
            focus(on: .why)
            return []
        }
        if layout.footer.contains(x: x, y: y) {
            guard let binding = Footer.binding(at: x, self) else { return [] }
            return run(binding, feed)
        }
        if let tabs = layout.tabs, tabs.contains(x: x, y: y) {
            if let pane = TabStrip.pane(at: x, in: tabs, self) { focus(on: pane) }
            return []
        }
        guard let slot = layout.slots.first(where: { $0.rect.contains(x: x, y: y) }) else { return [] }
        if y == slot.rect.y, let pane = PaneFrame.tab(at: x, in: slot) {
            focus(on: pane)
            return []
        }
        if panes.focus != slot.shown { focus(on: slot.shown) }
        select(x: x, y: y, in: slot, visible(feed))
        return []
    }

    mutating func wheel(x: Int, y: Int, up: Bool, _ feed: ConsoleFeed) -> [Intent] {
        guard let slot = layout(feed).slots.first(where: { $0.rect.contains(x: x, y: y) }) else { return [] }
        if panes.focus != slot.shown { focus(on: slot.shown) }
        let feed = visible(feed)
        let reading = ClusterReading(feed, observer: view.observer)
        for _ in 0..<(slot.shown == .events ? 3 : 1) { move(up ? .up : .down, feed, reading) }
        return []
    }

    /// Moves the cursor of a pane to the clicked item.
    private mutating func select(x: Int, y: Int, in slot: Slot, _ feed: ConsoleFeed) {
        let inner = slot.rect.inset(x: 1, y: 1)
        let reading = ClusterReading(feed, observer: view.observer)
        switch slot.shown {
        case .members:
            let rows = visibleRows(reading)
            if y == inner.y,
                let column = MembersPane.column(
                    at: x - inner.x, width: inner.width, rows, name: reading.nameWidth, words)
            {
                if view.sort == column { view.descending.toggle() } else { view.sort = column }
                return
            }
            let lines = MembersPane.lines(rows, grouped: groupsMembers(reading), inner.height, self)
            if let row = lines.node(at: y - inner.y - 1) { selection.node = row.name }
        case .shards:
            let types = ShardReading.types(in: feed.snapshot)
            guard !types.isEmpty else { return }
            let count = ShardReading(type: types[selection.shardType % types.count], feed, reading).cells.count
            let grid = ShardGrid(count: count, in: inner, cursor: selection.shard)
            if let found = grid.shard(x: x, y: y) { selection.shard = found }
        case .network:
            if let (from, to) = NetworkPane.link(
                x: x, y: y, in: inner, cursor: linkCursor(reading), reading)
            {
                selection.linkFrom = from
                selection.linkTo = to
                selection.corner = nil
                selection.pressed = LinkCorner(from: from, to: to)
            }
        case .events:
            let list = EventList(feed.log, self)
            let index = y - inner.y - 1 + EventsPane.offset(list, inner.height, self)
            if list.entries.indices.contains(index) { selection.event = index == 0 ? nil : list.entries[index].number }
        case .phi, .gossip, .why, .flow: break
        }
    }
}
