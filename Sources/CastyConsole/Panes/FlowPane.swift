import CastyCore
import CastyObservability

/// Pane 8: the messages between the nodes as arrows from sender to receiver, newest on top.
enum FlowPane {
    /// The parts of a row: the time, a column for each node, and the text beside the arrow.
    private struct Grid {
        let time = 10
        let width: Int
        let columns: [String: Int]
        let names: [String]
        let textX: Int
        let textWidth: Int

        init(_ names: [String], _ rect: Rect) {
            let room = rect.width - time
            // The text says more than a long arrow does.
            let text = min(46, max(18, room * 2 / 5))
            width = min(16, max(4, (room - text) / max(1, names.count)))
            let shown = Array(names.prefix(max(2, (room - 12) / width)))
            var columns: [String: Int] = [:]
            for (index, name) in shown.enumerated() { columns[name] = rect.x + time + index * width + 1 }
            self.names = shown
            self.columns = columns
            textX = rect.x + time + shown.count * width
            textWidth = max(0, min(48, rect.maxX - textX - 1))
        }
    }

    static func info(_ scene: Scene) -> [String] {
        [scene.state.view.messages.name]
    }

    /// The rows at the bottom that tell of one message.
    private static func details(_ rect: Rect) -> Int { rect.height >= 9 ? 2 : 0 }

    /// The number of messages that are scrolled away above.
    private static func offset(_ list: FlowList, _ rect: Rect, _ state: ConsoleState) -> Int {
        guard state.selection.message != nil else { return 0 }
        let room = max(1, rect.height - 1 - details(rect))
        return min(max(0, list.index(of: state.selection.message) - room / 2), max(0, list.crossings.count - room))
    }

    static func draw(_ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        let names = scene.reading.rows.map(\.name)
        let list = FlowList(scene.snapshot, scene.state)
        guard let selected = list.crossings.indices.contains(0) ? list.index(of: scene.state.selection.message) : nil
        else { return EmptyPane.draw(nothing(scene), rect, scene, &buffer) }
        let grid = Grid(names, rect)
        buffer.putRight("sent", endX: rect.x + 8, y: rect.y, width: 5, scene.paint[.column])
        for name in grid.names {
            buffer.put(
                Words.fitName(name, grid.width - 1), x: grid.columns[name] ?? 0, y: rect.y, scene.paint[.column])
        }
        let first = offset(list, rect, scene.state)
        let room = max(0, rect.height - 1 - details(rect))
        for (row, crossing) in list.crossings.dropFirst(first).prefix(room).enumerated() {
            let y = rect.y + 1 + row
            draw(crossing, grid, scene, rect, y: y, &buffer)
            if scene.isFocused(.flow), first + row == selected, scene.state.selection.message != nil {
                buffer.restyle(Rect(x: rect.x, y: y, width: rect.width, height: 1)) { $0.with(.reverse) }
            }
        }
        if details(rect) > 0 { explain(list.crossings[selected], scene, rect, &buffer) }
    }

    private static func nothing(_ scene: Scene) -> [String] {
        switch scene.state.mode {
        case .attached, .operating:
            return [
                "the messages of a running cluster cannot be seen from outside",
                "\(scene.state.keys.name(of: .pane(.events))) shows its events",
            ]
        case .recording:
            return [
                "the messages between the nodes are not recorded",
                "\(scene.state.keys.name(of: .pane(.events))) shows the events",
            ]
        case .live where scene.state.time.shown.isPast: return ["the messages of the past are not kept"]
        case .live, .simulated: break
        }
        guard let crossings = scene.snapshot.crossings else {
            return ["messages are recorded while this pane is shown"]
        }
        if crossings.isEmpty {
            let isPaused = scene.snapshot.paused
            return ["no message since this pane was opened"]
                + (isPaused
                    ? [
                        "\(scene.state.keys.name(of: .pause)) lets time pass, \(scene.state.keys.name(of: .step)) steps"
                    ] : [])
        }
        return scene.state.view.filters[.flow] != nil
            ? ["no message fits the filter", "Esc clears it"]
            : ["only other messages: \(scene.state.keys.name(of: .level)) shows more"]
    }

    private static func role(_ crossing: MessageCrossing) -> Role {
        if case .lost = crossing.fate { return .eventFault }
        return switch crossing.content.kind {
        case .heartbeat: .dim
        case .gossip: .phiLow
        case .membership: .joining
        case .sharding: .moving
        case .envelope: .text
        case .message: .dim
        }
    }

    private static func draw(
        _ crossing: MessageCrossing, _ grid: Grid, _ scene: Scene, _ rect: Rect, y: Int, _ buffer: inout CellBuffer
    ) {
        let paint = scene.paint
        let style = paint[role(crossing)]
        for name in grid.names { buffer.put("│", x: grid.columns[name] ?? 0, y: y, paint[.faint]) }
        buffer.putRight(Words.precise(crossing.sentAt), endX: rect.x + 8, y: y, width: 8, paint[.dim])
        arrow(crossing, grid, style, y: y, &buffer)
        let text = scene.words(.message(crossing.content))
        let beyond = grid.columns[crossing.from] == nil || grid.columns[crossing.to] == nil
        let route = beyond ? "\(crossing.from)→\(crossing.to) " : ""
        let end = fate(crossing, scene)
        let room = grid.textWidth - (end.isEmpty ? 0 : CharacterWidth.columns(of: end) + 1)
        buffer.put(
            Words.fit(route + text, room >= 10 ? room : grid.textWidth), x: grid.textX, y: y, style)
        if room >= 10 { buffer.putRight(end, endX: grid.textX + grid.textWidth, y: y, width: 14, paint[.faint]) }
    }

    /// How long it took, or that it is not there.
    private static func fate(_ crossing: MessageCrossing, _ scene: Scene) -> String {
        switch crossing.fate {
        case .queued: "waits"
        case .inFlight: "…"
        case .arrived(let at): Words.latency(at - crossing.sentAt)
        case .lost: "✕ lost"
        }
    }

    private static func arrow(
        _ crossing: MessageCrossing, _ grid: Grid, _ style: Style, y: Int, _ buffer: inout CellBuffer
    ) {
        guard let from = grid.columns[crossing.from], let to = grid.columns[crossing.to], from != to else { return }
        let isRight = from < to
        let low = min(from, to)
        let isUnderWay = crossing.fate == .inFlight
        // A message that waits for a connection has not left.
        let length = crossing.fate == .queued ? 1 : abs(from - to) - 1
        let start = isRight || length > 1 ? low + 1 : from - 1
        buffer.fill(Rect(x: start, y: y, width: length, height: 1), isUnderWay ? "┈" : "─", style)
        buffer.put(isRight ? "├" : "┤", x: from, y: y, style)
        switch crossing.fate {
        case .queued, .inFlight: break
        case .arrived: buffer.put(isRight ? "▶" : "◀", x: isRight ? to - 1 : to + 1, y: y, style)
        case .lost: buffer.put("✕", x: isRight ? to - 1 : to + 1, y: y, style)
        }
    }

    /// Tells of the message under the cursor, or of the newest.
    private static func explain(_ crossing: MessageCrossing, _ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        let content = scene.words(.message(crossing.content))
        let first = "\(crossing.from) → \(crossing.to)  \(content)  \(crossing.bytes) bytes"
        let sent = "sent \(Words.precise(crossing.sentAt))"
        let second =
            switch crossing.fate {
            case .queued: "\(sent), waits for a connection"
            case .inFlight: "\(sent), under way"
            case .arrived(let at): "\(sent), arrived \(Words.precise(at)), \(Words.latency(at - crossing.sentAt)) later"
            case .lost(let at, let loss): "\(sent), lost \(Words.precise(at)): \(scene.words(.crossingLoss(loss)))"
            }
        let isLost: Bool = if case .lost = crossing.fate { true } else { false }
        buffer.put(Words.fit(first, rect.width - 2), x: rect.x + 1, y: rect.maxY - 2, scene.paint[.text])
        buffer.put(
            Words.fit(second, rect.width - 2), x: rect.x + 1, y: rect.maxY - 1,
            scene.paint[isLost ? .eventFault : .dim])
    }
}
