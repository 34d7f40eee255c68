import CastyObservability

/// The input for drawing a frame: computed once, read by every pane.
struct Scene: Sendable {
    let feed: ConsoleFeed
    /// The newest snapshot, also where another time is shown.
    let live: ClusterSnapshot
    let state: ConsoleState
    /// The story of the latest fault, in as many rows as it takes.
    let story: [String]
    let layout: Layout
    let reading: ClusterReading
    let shards: ShardReading?
    let owners: OwnerSigns
    let events: EventList
    /// The rows of the member table.
    let rows: [NodeRow]
    /// The node under the cursor.
    let current: String?
    /// The vector clocks, if a pane shows them.
    let clocks: GossipPane.Clocks?
    /// The link under the cursor.
    let link: (from: String, to: String)?

    init(_ feed: ConsoleFeed, _ state: ConsoleState) {
        var shown = state.visible(feed)
        // What the user asks of the run is of now, whatever moment the panes show.
        (shown.watches, shown.hypothesis) = (feed.watches, feed.hypothesis)
        self.feed = shown
        live = feed.snapshot
        self.state = state
        story = StoryRows.text(self.feed, width: state.size.width, height: state.size.height)
        layout = state.layout(storyRows: story.count)
        reading = ClusterReading(self.feed, observer: state.view.observer)
        owners = OwnerSigns(reading.rows.map(\.name), tier: state.look.tier)
        let types = ShardReading.types(in: self.feed.snapshot)
        shards =
            types.isEmpty ? nil : ShardReading(type: types[state.selection.shardType % types.count], self.feed, reading)
        events = EventList(self.feed.log, state)
        rows = state.visibleRows(reading)
        current = (reading.row(state.selection.node) ?? rows.first)?.name
        link = state.linkCursor(reading)
        clocks = layout.slots.contains { $0.shown == .gossip } ? GossipPane.Clocks(self.feed.snapshot) : nil
    }

    var paint: Paint { state.look.paint }
    var words: DisplayWords { state.words }
    var snapshot: ClusterSnapshot { feed.snapshot }

    /// The forecast for cutting off the nodes that the user has chosen; `nil` while the forecast is for other nodes.
    var forecast: PartitionForecast? { feed.forecast(cutting: state.previewedPartition(feed)) }

    /// What the pane Why explains: what was asked for; beside other panes what their cursor is on, once it was moved;
    /// `nil` for the latest story.
    var whySubject: WhySubject? {
        if let asked = state.explanation.subject { return asked }
        switch state.panes.focus {
        case .members, .phi, .gossip: return state.selection.node.map { .node($0) }
        case .shards where shards != nil && state.selection.shard > 0: return .shard(state.selection.shard)
        case .network:
            guard let from = state.selection.linkFrom, let to = state.selection.linkTo, from != to else { return nil }
            return .link(from: from, to: to)
        case .events: return state.selection.event.map { .event($0) }
        case .shards, .why, .flow: return nil
        }
    }

    /// Whether an earlier time is shown than the newest one.
    var isPast: Bool { state.time.shown.isPast || feed.newest != nil }

    /// Whether the clock has tenths: while time stands still or passes slowly, where each step shows.
    var showsTenths: Bool {
        isPast || !state.mode.keepsMoments && (snapshot.paused || snapshot.speed < 1)
    }

    func isFocused(_ pane: Pane) -> Bool { state.panes.focus == pane && state.dialogs.modal == nil }
}

extension CellBuffer {
    /// Writes a text so that it ends before a column; a text that is too long is cut at its end.
    mutating func putRight(_ text: String, endX: Int, y: Int, width: Int, _ style: Style) {
        let fitted = Words.fit(text, width)
        put(fitted, x: endX - CharacterWidth.columns(of: fitted), y: y, style)
    }

    /// Writes a text in the middle of a row of a rectangle.
    mutating func putCentred(_ text: String, in rect: Rect, y: Int, _ style: Style) {
        let fitted = Words.fit(text, rect.width)
        put(fitted, x: rect.x + (rect.width - CharacterWidth.columns(of: fitted)) / 2, y: y, style)
    }

    /// Writes pieces one after the other, each in its own style, within `limit` columns.
    @discardableResult
    mutating func put(_ pieces: [(String, Style)], x: Int, y: Int, limit: Int) -> Int {
        var column = x
        for (text, style) in pieces {
            let left = x + limit - column
            if left <= 0 { break }
            column = put(text, x: column, y: y, style, limit: left)
        }
        return column
    }
}
