import CastyCore
import CastyObservability

/// Pane 7: the chain from the first cause to the current state, and the possible actions.
enum WhyPane {
    static func info(_ scene: Scene) -> [String] {
        switch scene.whySubject {
        case .node(let name): ["why \(name)", name]
        case .shard(let number): ["why shard \(number)", "#\(number)"]
        case .event: ["why this event", "event"]
        case .details(let name): ["details of \(name)", name]
        case .shardDetails(let number): ["details of shard \(number)", "#\(number)"]
        case .link(let from, let to): ["why \(from)→\(to)", "\(from)→\(to)"]
        case nil:
            [scene.feed.stories.stories.isEmpty ? "\(scene.state.keys.name(of: .why)) on anything" : "the latest story"]
        }
    }

    static func draw(_ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        let lines: [Line]
        switch scene.whySubject {
        case .node(let name): lines = WhyNode.lines(name, scene)
        case .shard(let number): lines = WhyShard.lines(number, scene)
        case .details(let name): lines = WhyDetails.lines(node: name, scene)
        case .shardDetails(let number): lines = WhyDetails.lines(shard: number, scene)
        case .link(let from, let to): lines = WhyLink.lines(from: from, to: to, scene)
        case .event(let number):
            guard let event = scene.feed.log[number] else {
                return EmptyPane.draw(["this event is no longer remembered"], rect, scene, &buffer)
            }
            lines = WhyEvent.lines(event, scene)
        case nil where !scene.feed.stories.stories.isEmpty: lines = WhyStory.lines(scene)
        case nil:
            return EmptyPane.draw(
                [
                    "\(scene.state.keys.name(of: .why)) asks why: a node, a shard, an event",
                    "put the cursor on it first",
                ], rect, scene, &buffer)
        }
        let rows = lines.flatMap { layOut($0, width: rect.width) }
        let first = min(scene.state.explanation.offset, max(0, rows.count - rect.height))
        for (index, row) in rows.dropFirst(first).prefix(rect.height).enumerated() {
            buffer.put(row.label, x: rect.x + 1, y: rect.y + index, scene.paint[.column])
            buffer.put(row.text, x: rect.x + 1 + row.indent, y: rect.y + index, scene.paint[row.role])
        }
        if rows.count > first + rect.height, rect.height > 1 {
            buffer.put("↓", x: rect.maxX - 1, y: rect.maxY - 1, scene.paint[.hintKey])
        }
    }

    /// A line with a separate label; without one it takes the whole width.
    struct Line: Hashable, Sendable {
        var label: String
        var text: String
        var role: Role

        init(_ label: String, _ text: String, _ role: Role = .text) {
            self.label = label
            self.text = text
            self.role = role
        }
    }

    private struct Row {
        var label: String
        var text: String
        var role: Role
        var indent: Int
    }

    private static func layOut(_ line: Line, width: Int) -> [Row] {
        let indent = line.label.isEmpty ? 0 : min(10, max(0, width / 3))
        return wrap(line.text, width - indent - 2).enumerated().map { index, part in
            Row(
                label: index == 0 ? Words.fit(line.label, indent - 1) : "", text: part, role: line.role,
                indent: indent)
        }
    }

    /// Breaks a text at blanks; a word that is too long is cut.
    static func wrap(_ text: String, _ width: Int) -> [String] {
        guard width > 0 else { return [] }
        var lines: [String] = []
        var current = ""
        for word in text.split(separator: " ").map({ Words.fit(String($0), width) }) {
            if current.isEmpty {
                current = word
            } else if CharacterWidth.columns(of: current) + 1 + CharacterWidth.columns(of: word) <= width {
                current += " " + word
            } else {
                lines.append(current)
                current = word
            }
        }
        return lines + [current]
    }
}

/// The explanation of a node's status.
enum WhyNode {
    static func lines(_ name: String, _ scene: Scene) -> [WhyPane.Line] {
        guard let row = scene.reading.row(name) else { return [.init("", "\(name) is not known", .dim)] }
        let observer = scene.reading.observer
        var lines: [WhyPane.Line] = []
        var number = 0
        func add(_ label: String, _ text: String, _ role: Role = .text) {
            number += 1
            lines.append(.init("\(number) \(label)", text, role))
        }
        lines.append(
            .init(
                "",
                "\(name) is \(scene.words(.displayStatus(row.displayStatus))) in the view of \(observer?.name ?? "no node")",
                row.displayStatus.role))
        let knows = scene.snapshot.observer == nil
        add(
            knows ? "actual" : "answers", actualState(row, scene),
            row.state == .silent ? .eventWarning : row.alive ? .text : .eventFault)
        if let peer = observer?.membership.peers.first(where: { $0.name == name }) {
            let silence = PhiPane.silence(of: peer, at: scene.snapshot.time)
            let usual = "\(Words.span(peer.mean)) ±\(Words.span(peer.deviation))"
            let pause = Words.span(peer.acceptablePause)
            add("silence", "\(silence); usually one comes every \(usual), \(pause) more is forgiven")
            if let observer {
                let (text, role) = PhiPane.forecast(peer, observer, scene)
                add("phi", "\(Words.fixed(peer.phi)) of \(Words.fixed(peer.threshold)): \(text)", role)
            }
            if let witness = peer.witness { add("witness", "\(witness) still reaches \(name)", .eventWarning) }
        } else if let observer, observer.name != name, row.displayStatus != .removed {
            add("silence", "\(observer.name) does not monitor \(name)", .dim)
        }
        guard row.displayStatus != .removed else {
            if let options = options(row, scene) { add("you", options) }
            return lines + history(name, scene)
        }
        let rows = (observer?.membership.reachability ?? []).filter { scene.reading.names[$0.subject] == name }
        let against = rows.filter { $0.status != .reachable }.compactMap { scene.reading.names[$0.observer] }
        add(
            "by",
            against.isEmpty
                ? row.displayStatus == .unknown
                    ? "\(observer?.name ?? "no node") does not list it as a member" : "no node calls it unreachable"
                : "called unreachable by \(ClusterReading.inOrder(against).joined(separator: " "))")
        if let forecast = scene.forecast, forecast.sides.contains(where: { $0.nodes == [name] }) {
            add("if cut", "\(forecast.cut): \(scene.words(.forecast(forecast, naming: true)))")
        }
        add("views", "\(row.seenBy) of \(row.observers) running nodes see it as reachable")
        if let membership = observer?.membership {
            if let downing = membership.downing {
                let due = downing.due.map { " in \(Words.span($0 - scene.snapshot.time))" } ?? ""
                let down = scene.words(.downs(downing.down), scene.reading)
                let rule = scene.words(.downing(downing.reason, naming: false), scene.reading)
                add("next", "\(down)\(due) (\(downing.strategy): \(rule))", .eventWarning)
            } else if let action = membership.pendingLeaderActions.first {
                add("next", "the leader will: \(scene.words(.leaderAction(action), scene.reading))")
            } else if !membership.converged {
                let waiting = membership.waitingFor.map { DisplayTerm.waiting($0, at: scene.snapshot.time) }
                add("next", "waits for \(scene.words.list(waiting, scene.reading))")
            } else {
                add("next", "nothing: all that must agree do")
            }
        }
        if let options = options(row, scene) { add("you", options) }
        return lines + history(name, scene)
    }

    /// The story of its latest fault; without one, the recent events about it, oldest first.
    private static func history(_ name: String, _ scene: Scene) -> [WhyPane.Line] {
        let row = scene.reading.row(name)
        let isGone = row.map { !$0.alive || $0.displayStatus == .removed || $0.status == .down } ?? true
        if let story = scene.feed.stories.story(about: name, isGone: isGone) {
            return [.init("", "its story", .column)] + WhyStory.lines(story, title: false)
        }
        let log = scene.feed.log
        let past = log.entries.reversed().lazy.filter { entry in
            entry.level > .debug
                && log[entry.number].map { ($0.subject ?? $0.node) == name && $0.shard == nil } ?? false
        }
        return past.prefix(10).reversed().compactMap { entry in
            guard let event = log[entry.number] else { return nil }
            let words = EventWords(event, log, scene.words, group: log.group(of: entry.number))
            let cause = words.cause.isEmpty ? "" : "  ← \(words.cause)"
            return .init("\(Words.moment(event.time)) \(words.mark)", words.what + cause, words.role)
        }
    }

    private static func actualState(_ row: NodeRow, _ scene: Scene) -> String {
        let wanted: CastyObservability.EventKind? =
            switch row.state {
            case .running, .silent: nil
            case .frozen: .nodeFrozen
            case .killed: .nodeKilled
            case .stopped: .nodeStopped
            }
        let last = scene.feed.log.events.last { event in
            (event.subject ?? event.node) == row.name && event.kind == (wanted ?? .nodeStarted)
        }
        let at = last.map { " at \(Words.moment($0.time))" } ?? ""
        let who =
            last.map { $0.isFromTestbed || $0.causes.contains { $0.isFromTestbed } } == true ? ", by you" : ""
        if let observer = scene.snapshot.observer {
            return observer.silence(of: row.name).map { "\($0); whether it runs is not known from here" }
                ?? "it answers"
        }
        switch row.state {
        case .silent: return "it does not answer; whether it runs is not known from here"
        case .running: return last.map { "it has run since \(Words.moment($0.time))" } ?? "it runs"
        case .frozen: return "frozen\(at)\(who): alive but silent"
        case .killed: return "killed\(at)\(who): a crash, no goodbye"
        case .stopped: return "stopped\(at)" + stopping(row.name, last, scene.feed.log)
        }
    }

    /// Why a node stopped, as its last event and what was said to it before tell.
    private static func stopping(_ name: String, _ stop: RuntimeEvent?, _ log: EventLog) -> String {
        guard let stop, case .stopped(let reason)? = stop.reason else { return "" }
        let start = log.events.last { $0.kind == .nodeStarted && $0.concerned == name }?.time ?? .start
        let kind: CastyObservability.EventKind? =
            switch reason {
            case .left: .memberLeaving
            case .downed, .removed: .memberDown
            case .refused, .secondCluster, .failed: nil
            }
        let isCommanded = log.events.contains {
            $0.kind == kind && $0.concerned == name && $0.isCommanded && $0.time >= start && $0.time <= stop.time
        }
        return "\(isCommanded ? ", by you" : ""): \(reason)"
    }

    /// What the user can do about it; `nil` if the console cannot act on the cluster.
    private static func options(_ row: NodeRow, _ scene: Scene) -> String? {
        guard scene.state.mode.changesCluster else { return nil }
        func key(_ action: Action) -> String { scene.state.keys.name(of: action) }
        let down = "\(key(.node(.down))) down it now"
        let kill = "\(key(.node(.kill))) kill"
        switch row.state {
        case .running where row.displayStatus == .unreachable:
            return "\(down) · \(key(.link(.cutOneWay))) heal its links"
        case .running:
            return "\(key(.node(.freeze))) freeze · \(kill) · \(key(.node(.leave))) leave · "
                + "\(key(.link(.cutOneWay))) cut off"
        case .frozen:
            let thaw = "\(key(.node(.thaw))) thaw it"
            return row.displayStatus == .unreachable ? "\(thaw) · \(down) · \(kill)" : "\(thaw) · \(kill)"
        case .killed, .stopped:
            let restart = "\(key(.node(.restart))) restart it"
            return row.displayStatus == .unreachable ? "\(restart) · \(down)" : restart
        case .silent: return nil
        }
    }
}
