import CastyCore
import CastyObservability
import CastyPlacement
import CastyReporting
import CastyScenario

/// The console's own commands that concern only the screen.
extension ConsoleState {
    mutating func perform(_ command: ScreenCommand, _ feed: ConsoleFeed) -> [Intent] {
        switch command {
        case .focus(let pane): focus(on: Pane(pane))
        case .zoom: panes.zoomed.toggle()
        case .filter(let text):
            guard Self.filterFields[panes.focus] != nil else { return perform(.filter, feed) }
            setFilter(text ?? "", in: panes.focus, feed)
            checkFilter(text ?? "", in: panes.focus)
        case .sort(let column, let descending): sortBy(column, descending)
        case .follow(let name): selection.node = shownName(name)
        case .view(let name): view.observer = name.map(shownName)
        case .why(let asked): ask(asked, feed)
        case .goto(let text): goTo(text, feed)
        case .mark(let names): selection.marked = names.map(shownName).sorted()
        case .export(let format, let file):
            if format == .scenario, goesOn(visible(feed)) == nil {
                say(.refused, "export: no node has reported any member yet")
                return []
            }
            return [.export(export(format, feed), file: file ?? "casty.\(format.fileExtension)")]
        case .loads:
            let loads = Self.loads(feed)
            say(
                .note,
                loads.isEmpty
                    ? "no load runs; \(keys.name(of: .prompt(.load))) starts one"
                    : loads.joined(separator: " · ") + " · load stop")
        case .watches:
            if feed.watches.isEmpty {
                say(.note, "no watches; never member-unreachable, for example, sets one")
            } else {
                dialogs.modal = .watches(0)
            }
        case .comparison:
            if feed.hypothesis == nil {
                let reason = mode.refusal(of: .console(.whatIf))
                say(.refused, reason ?? "what-if: nothing was compared yet; what-if kill n2, for example")
            } else {
                dialogs.modal = .hypothesis(0)
            }
        case .readonly(let on):
            readOnly = on
            say(.done, on ? "read-only: nothing changes the cluster" : "keys and lines change the cluster again")
        case .set(let option): set(option)
        case .help(let verb):
            dialogs.modal = .help(HelpState(pane: panes.focus, filter: TextField(verb ?? "")))
        case .quit:
            guard confirms else { return [.quit] }
            askToQuit(feed)
            return []
        }
        return []
    }

    /// The loads that run, each in a few words.
    static func loads(_ feed: ConsoleFeed) -> [String] {
        feed.snapshot.loads.map { load in
            "load \(load.number): \(load.text) until \(Words.moment(load.until))"
        }
    }

    private mutating func sortBy(_ name: String, _ descending: Bool) {
        let wanted = name.uppercased()
        guard let column = MemberColumn.allCases.first(where: { $0.title.hasPrefix(wanted) }) else {
            let known = MemberColumn.allCases.map { $0.title.lowercased() }.joined(separator: ", ")
            return say(.refused, "no column \(name); there are \(known)")
        }
        view.sort = column
        view.descending = descending
    }

    private mutating func ask(_ asked: CastyScenario.WhySubject?, _ feed: ConsoleFeed) {
        switch asked {
        case nil: return explain(ClusterReading(feed, observer: view.observer), feed, opening: false)
        case .node(let name): explanation.subject = .node(shownName(name))
        case .shard(let number): explanation.subject = .shard(number)
        case .event(let id): return goTo(id, feed)
        case .entity(let entity):
            guard let shards = shownShards(feed) else { return say(.refused, "why: there are no shards yet") }
            let number = StableHash.shard(of: entity.id, count: shards.cells.count)
            say(.note, "\(entity.id) belongs to shard \(number)")
            explanation.subject = .shard(number)
        }
        focus(on: .why)
    }

    /// Sets the filter of a pane; in the shard pane the cursor moves to the first result.
    mutating func setFilter(_ text: String, in pane: Pane, _ feed: ConsoleFeed) {
        view.filters[pane] = text.trimmingBlanks.isEmpty ? nil : text
        guard pane == .shards, let shards = shownShards(feed), let search = EntitySearch(text, in: shards) else {
            return
        }
        selection.shard = search.shard
    }

    /// The shard type that the shard pane shows; `nil` if there is none.
    private func shownShards(_ feed: ConsoleFeed) -> ShardReading? {
        let feed = visible(feed)
        let types = ShardReading.types(in: feed.snapshot)
        guard !types.isEmpty else { return nil }
        let shards = ShardReading(
            type: types[selection.shardType % types.count], feed, ClusterReading(feed, observer: view.observer))
        return shards.cells.isEmpty ? nil : shards
    }

    mutating func goTo(_ text: String, _ feed: ConsoleFeed) {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let number = UInt64(parts[1]),
            let found = feed.log.number(of: EventID(node: String(parts[0]), number: number))
        else { return say(.refused, "no event \(text) is remembered") }
        selection.event = found
        explanation.subject = .event(found)
        focus(on: .events)
    }

    private mutating func set(_ option: ConsoleOption) {
        switch option {
        case .confirm(let on):
            confirms = on
            say(.done, on ? "destructive keys ask first" : "destructive keys no longer ask")
        case .ascii(let on): look.setASCII(on)
        case .theme(let name):
            guard look.setTheme(name) else {
                return say(.refused, "no theme \(name); there are \(look.themeNames.joined(separator: ", "))")
            }
        case .color(let wanted):
            switch wanted {
            case .auto, .all: look.setDepth(.all)
            case .never: look.setDepth(.none)
            case .sixteen: look.setDepth(.sixteen)
            }
        case .layout(let name):
            guard let layout = layouts.first(where: { $0.name == name }) else {
                return say(.refused, "no layout \(name); there are \(layouts.map(\.name).joined(separator: ", "))")
            }
            panes.preset = layout
            panes.zoomed = false
            say(.done, "layout: \(layout.description)")
        case .mouse, .framesPerSecond:
            say(.refused, "that is set at the start: see casty console --help")
        }
    }
}

extension Pane {
    init(_ name: PaneName) {
        self =
            switch name {
            case .members: .members
            case .phi: .phi
            case .shards: .shards
            case .network: .network
            case .gossip: .gossip
            case .events: .events
            case .why: .why
            case .flow: .flow
            }
    }
}
