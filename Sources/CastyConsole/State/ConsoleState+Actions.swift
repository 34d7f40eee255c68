import CastyCore
import CastyObservability
import CastyScenario

extension ConsoleState {
    /// The marked nodes, or the node under the cursor, as rows.
    func targets(_ reading: ClusterReading) -> [NodeRow] {
        let chosen = reading.rows.filter { selection.marked.contains($0.name) }
        if !chosen.isEmpty { return chosen }
        return cursorRow(reading).map { [$0] } ?? []
    }

    /// The nodes to preview a cut for: those that a question is about, the marked ones, else the one under the cursor.
    package func previewedPartition(_ feed: ConsoleFeed) -> [String] {
        if case .confirm(let asked) = dialogs.modal, !asked.awaitsForecastFor.isEmpty { return asked.awaitsForecastFor }
        if !selection.marked.isEmpty { return selection.marked }
        return (selection.node ?? feed.snapshot.nodes.first?.name).map { [$0] } ?? []
    }

    /// The row under the node cursor; the first row if the cursor's node does not exist.
    func cursorRow(_ reading: ClusterReading) -> NodeRow? { reading.row(selection.node) ?? visibleRows(reading).first }

    /// The rows of the member table that pass the filter, in its order.
    func visibleRows(_ reading: ClusterReading) -> [NodeRow] {
        let filter = TextFilter(view.filters[.members] ?? "")
        let rows = reading.rows.filter { row in
            filter.isEmpty
                || filter.matches([
                    ("node", row.name), ("address", row.address), ("status", words(.displayStatus(row.displayStatus))),
                    ("member", row.status.map { words(.member($0)) } ?? ""), ("state", words(.node(row.state))),
                ])
        }
        if groupsMembers(reading) {
            return rows.sorted {
                ($0.displayStatus.urgency, $0.number, $0.name) < ($1.displayStatus.urgency, $1.number, $1.name)
            }
        }
        // They are in the order of their numbers already.
        if view.sort == .node, !view.descending { return rows }
        // Equal rows keep the order of their numbers in both directions.
        guard view.descending else { return rows.sorted { view.sort.precedes($0, $1) } }
        return rows.sorted { left, right in
            let (isLess, isMore) = (view.sort.value(left, isBefore: right), view.sort.value(right, isBefore: left))
            return isLess == isMore ? MemberColumn.node.precedes(left, right) : isMore
        }
    }

    /// Whether the member table puts those first that are not up: where there are too many rows to see them all.
    func groupsMembers(_ reading: ClusterReading) -> Bool {
        reading.rows.count >= 40 && view.sort == .node && !view.descending
    }

    mutating func perform(_ action: Action, _ live: ConsoleFeed) -> [Intent] {
        let feed = visible(live)
        let reading = ClusterReading(feed, observer: view.observer)
        switch action {
        case .help: dialogs.modal = .help(HelpState(pane: panes.focus))
        case .palette: dialogs.modal = .palette(PaletteState())
        case .filter where Self.filterFields[panes.focus] == nil:
            let names = Pane.allCases.filter { Self.filterFields[$0] != nil }.map(\.title)
            say(.refused, "filter: \(panes.focus.title) has none; there is one in \(names.joined(separator: ", "))")
        case .filter:
            // A new filter: the earlier one is gone.
            setFilter("", in: panes.focus, feed)
            dialogs.modal = .filter(panes.focus, TextField(""))
        case .escape where live.isAwaiting || live.progress != nil: return submit(.endUntil)
        case .escape: return escape(feed)
        case .quit: askToQuit(feed)
        case .suspend: return [.suspend]
        case .repaint: return [.repaint]
        case .freezeView:
            guard time.shown.feed == nil else {
                returnToLive()
                return []
            }
            time.shown = .still(feed)
            say(.note, "the view stands still; the data goes on (\(keys.name(of: .freezeView)))")
        case .turn(let way): turn(way)
        case .pane(let pane): focus(on: pane)
        case .move(let way): move(way, feed, reading)
        case .previousFault: jump(back: true, feed)
        case .nextFault: jump(back: false, feed)
        case .sort(let change): sortMembers(change)
        case .mode:
            view.shardMode = ShardMode(rawValue: (view.shardMode.rawValue + 1) % ShardMode.allCases.count) ?? .owner
        case .level where panes.focus == .flow:
            view.messages = view.messages.next
            say(.note, view.messages.name)
        case .level:
            view.level = EventKind.Level(rawValue: (view.level.rawValue + 1) % EventKind.Level.allCases.count) ?? .debug
            say(.note, "events from \(words(.level(view.level))) on")
        case .observer: nextObserver(reading)
        case .rectangle: toggleRectangle(reading)
        case .inspect: inspect(feed, reading)
        case .follow: toggleFollow(feed, reading)
        case .mark: toggleMark(reading)
        case .markAll:
            selection.marked = selection.marked.count == reading.rows.count ? [] : reading.rows.map(\.name)
            say(
                .note,
                selection.marked.isEmpty ? "nothing is marked" : "\(Words.count(selection.marked.count, "node")) marked"
            )
        case .open where panes.focus == .events: return goToEvent(feed, live)
        case .live:
            guard time.shown.feed == nil else {
                returnToLive()
                return []
            }
            if feed.newest != nil { return returnToNewest(feed) }
            move(.bottom, feed, reading)
        case .open, .why: explain(reading, feed, opening: action == .open)
        case .copy: return copyRow(feed, reading)
        case .node(let act): return self.act(act, on: reading, feed)
        case .link(let act): return link(act, feed, reading)
        case .prompt(let wanted): prompt(wanted, feed, reading)
        case .pause:
            let pauses = !intentions.isPaused(feed.snapshot)
            intentions.setPaused(pauses, now: time.now)
            return submit(pauses ? .pause : .play)
        case .step: return goThroughTime(.later, bySeconds: false, live)
        case .back: return goThroughTime(.earlier, bySeconds: false, live)
        case .scrub(let way): return goThroughTime(way, bySeconds: true, live)
        case .bookmark: bookmark(feed)
        case .bookmarks: openBookmarks()
        case .watches: return perform(ScreenCommand.watches, feed)
        case .speed(let change): return speed(change, feed)
        case .undo: return submit(.undo)
        case .redo: return submit(.redo)
        case .save: return [.save(moment(live), folder: nil)]
        }
        return []
    }

    /// Esc ends the topmost transient state.
    private mutating func escape(_ feed: ConsoleFeed) -> [Intent] {
        if panes.focus == .network, selection.corner != nil {
            selection.corner = nil
        } else if view.filters[panes.focus] != nil {
            view.filters[panes.focus] = nil
        } else if panes.focus == .why {
            leaveWhy()
        } else if !selection.marked.isEmpty {
            selection.marked = []
        } else if panes.zoomed {
            panes.zoomed = false
        } else if selection.event != nil {
            selection.event = nil
        } else if time.shown.feed != nil {
            returnToLive()
        } else if feed.newest != nil {
            return returnToNewest(feed)
        } else {
            explanation.subject = nil
        }
        return []
    }

    /// Returns to the pane that opened the explanation, with the tab that the explanation covered.
    private mutating func leaveWhy() {
        explanation.subject = nil
        panes.recent.removeAll { $0 == .why }
        let covered = Layout(
            width: size.width, height: size.height, focus: .events, recent: panes.recent, zoomed: false,
            preset: panes.preset
        ).slots
            .first { $0.panes.contains(.why) }?.shown
        focus(on: panes.asker ?? covered ?? .events)
    }

    private mutating func turn(_ way: Action.Turn) {
        switch way {
        case .nextPane, .previousPane:
            // Among the panes on the screen; if one fills the screen, among all panes.
            let shown = layout.slots.count > 1 ? layout.slots.map(\.shown) : Pane.allCases
            let index = shown.firstIndex(of: panes.focus) ?? 0
            focus(on: shown[(index + (way == .nextPane ? 1 : shown.count - 1)) % shown.count])
        case .nextTab, .previousTab:
            let tabs = layout.slots.count > 1 ? layout.slot(of: panes.focus)?.panes ?? [] : Pane.allCases
            guard tabs.count > 1, let index = tabs.firstIndex(of: panes.focus) else {
                return say(.note, "this slot has one pane only; 1-8 jump to any")
            }
            focus(on: tabs[(index + (way == .nextTab ? 1 : tabs.count - 1)) % tabs.count])
        case .zoom where layout.size == .tiny:
            say(.refused, "zoom: one pane fills the screen at this size")
        case .zoom: panes.zoomed.toggle()
        case .preset: nextPreset()
        }
    }

    private mutating func nextPreset() {
        guard layout.size != .tiny else {
            return say(.refused, "layout: one pane fits at this size; 1-8 jump to any, from 80x24 on there are layouts")
        }
        panes.preset = layouts[((layouts.firstIndex(of: panes.preset) ?? 0) + 1) % layouts.count]
        panes.zoomed = false
        say(.note, "layout: \(panes.preset.description)")
    }

    private mutating func sortMembers(_ change: Action.Sorting) {
        guard change != .invert else { return view.descending.toggle() }
        let columns = MembersPane.columns(width: (layout.slot(of: .members)?.rect.width ?? 40) - 2).map(\.column)
        // From a column that is not visible at this width to the nearest visible one.
        if change == .right {
            view.sort = columns.first { $0.rawValue > view.sort.rawValue } ?? .node
        } else {
            view.sort = columns.last { $0.rawValue < view.sort.rawValue } ?? columns.last ?? .node
        }
        say(.note, "sorted by \(view.sort.title)")
    }

    private mutating func nextObserver(_ reading: ClusterReading) {
        let names = reading.rows.filter { $0.state == .running }.map(\.name)
        guard !names.isEmpty else { return say(.refused, "view: no node is running") }
        let index = names.firstIndex(of: reading.observer?.name ?? "") ?? -1
        view.observer = names[(index + 1) % names.count]
        say(.note, "the cluster as \(view.observer ?? "") sees it")
    }

    private mutating func toggleMark(_ reading: ClusterReading) {
        guard let row = cursorRow(reading) else { return say(.refused, "mark: no node under the cursor") }
        if selection.marked.contains(row.name) {
            selection.marked.removeAll { $0 == row.name }
        } else {
            selection.marked = (selection.marked + [row.name]).sorted()
        }
        let rows = visibleRows(reading)
        if let index = rows.firstIndex(where: { $0.name == row.name }), index + 1 < rows.count {
            selection.node = rows[index + 1].name
        }
    }

    private mutating func speed(_ change: Action.SpeedChange, _ feed: ConsoleFeed) -> [Intent] {
        let speed = intentions.speed(feed.snapshot)
        let next: Thousandths
        switch change {
        case .normal: next = 1
        case .faster: next = Thousandths(count: speed.count * 2)
        case .slower: next = Thousandths(count: (speed.count + 1) / 2)
        }
        let bounded = min(Self.speeds.upperBound, max(Self.speeds.lowerBound, next))
        if bounded == speed {
            say(
                .refused,
                change == .normal
                    ? "speed: it is normal already"
                    : "speed: \(speed <= 1 ? "slower than 1/64 makes no sense" : "64 times is the limit")")
            return []
        }
        intentions.setSpeed(bounded, now: time.now)
        return submit(.speed(bounded))
    }

    /// From 1/64 to 64.
    private static let speeds = Thousandths(count: 16)...64

    /// A speed as the command language knows it, which keeps three digits.
    static func factor(_ speed: Double) -> Thousandths { Thousandths(count: max(10, Int64((speed * 1000).rounded()))) }
}

extension MemberColumn {
    /// The order of two rows by this column; equal rows keep the order of their numbers.
    func precedes(_ left: NodeRow, _ right: NodeRow) -> Bool {
        if value(left, isBefore: right) { return true }
        if value(right, isBefore: left) { return false }
        return (left.number, left.name) < (right.number, right.name)
    }

    /// Whether the value of one row in this column is less than that of another.
    func value(_ left: NodeRow, isBefore right: NodeRow) -> Bool {
        switch self {
        case .node: (left.number, left.name) < (right.number, right.name)
        case .address: left.address < right.address
        case .status: left.displayStatus.rawValue < right.displayStatus.rawValue
        case .phi: (left.phi ?? -1) < (right.phi ?? -1)
        case .shards: left.shards < right.shards
        case .entities: left.entities < right.entities
        case .rate: left.rate < right.rate
        case .version: left.version < right.version
        case .lag: (left.lag ?? .min) < (right.lag ?? .min)
        case .seenBy: left.seenBy < right.seenBy
        case .uptime: (left.started ?? .distantFuture) < (right.started ?? .distantFuture)
        }
    }
}
