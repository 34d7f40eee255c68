import CastyCore
import CastyObservability

/// Pane 8: one column per node and the newest events on top, with an arrow wherever an event on one node caused one on
/// another.
enum FlowPane {
    static func info(_ scene: Scene) -> [String] { ["newest on top"] }

    static func draw(_ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        let rows = scene.reading.rows
        let list = scene.events
        guard !rows.isEmpty, !list.entries.isEmpty else {
            return EmptyPane.draw(["nothing has happened yet"], rect, scene, &buffer)
        }
        let paint = scene.paint
        let left = 9
        let width = max(5, min(16, (rect.width - left) / rows.count))
        let shown = Array(rows.prefix(max(1, (rect.width - left) / width)))
        var columns: [String: Int] = [:]
        for (index, row) in shown.enumerated() { columns[row.name] = rect.x + left + index * width + 1 }
        buffer.putRight("t", endX: rect.x + 7, y: rect.y, width: 2, paint[.column])
        for row in shown {
            buffer.put(row.name, x: columns[row.name] ?? 0, y: rect.y, paint[.column], limit: width - 1)
        }
        let first = scene.state.selection.event == nil ? 0 : EventsPane.offset(list, rect.height + 2, scene.state)
        let selected = list.index(of: scene.state.selection.event)
        for (index, entry) in list.entries.dropFirst(first).prefix(max(0, rect.height - 1)).enumerated() {
            guard let event = scene.feed.log[entry.number] else { continue }
            let y = rect.y + 1 + index
            for row in shown {
                let dead = !row.alive && isAfterDeath(row, event, scene)
                buffer.put(dead ? " " : "│", x: columns[row.name] ?? 0, y: y, paint[.faint])
            }
            buffer.putRight(RuntimeEvent.hundredths(event.time), endX: rect.x + 7, y: y, width: 7, paint[.dim])
            draw(event, columns, width, scene, rect, y: y, &buffer)
            if scene.isFocused(.flow), first + index == selected, scene.state.selection.event != nil {
                buffer.restyle(Rect(x: rect.x, y: y, width: rect.width, height: 1)) { $0.with(.reverse) }
            }
        }
    }

    private static func isAfterDeath(_ row: NodeRow, _ event: RuntimeEvent, _ scene: Scene) -> Bool {
        guard
            let death = scene.feed.log.events.last(where: {
                ($0.kind == .nodeKilled || $0.kind == .nodeStopped) && ($0.subject ?? $0.node) == row.name
            })
        else { return false }
        return event.time >= death.time
    }

    private static func draw(
        _ event: RuntimeEvent, _ columns: [String: Int], _ width: Int, _ scene: Scene, _ rect: Rect, y: Int,
        _ buffer: inout CellBuffer
    ) {
        let words = EventWords(event, scene.feed.log, scene.words)
        let style = scene.paint[words.role]
        let byLab = event.isFromTestbed
        guard let at = columns[byLab ? event.subject ?? "" : event.node] else {
            buffer.put(Words.fit("\(words.mark) \(words.what)", rect.width - 10), x: rect.x + 10, y: y, style)
            return
        }
        let origin = event.from ?? event.causes.lazy.compactMap { scene.feed.log.event($0)?.node }.first
        let target = event.from != nil ? event.to.flatMap { columns[$0] } ?? at : at
        if let origin, let start = columns[origin], start != target, abs(start - target) > 1 {
            arrow(from: start, to: target, style, y: y, &buffer)
            let label = " \(scene.words(.cause(event))) "
            let room = abs(start - target) - 3
            if room >= 5 {
                buffer.put(Words.fit(label, room), x: min(start, target) + 2, y: y, style)
            }
            buffer.put(words.mark, x: target, y: y, style)
            return
        }
        buffer.put(words.mark, x: at, y: y, style)
        let about = event.subject.map { $0 == event.node || byLab ? "" : "\($0) " } ?? ""
        let text = about + (event.shard.map { "#\($0) " } ?? "") + scene.words(.cause(event))
        let last = columns.values.max() == at
        let room = last ? rect.maxX - at - 3 : width - 3
        buffer.put(Words.fit(text, room), x: at + 2, y: y, style)
    }

    private static func arrow(from: Int, to: Int, _ style: Style, y: Int, _ buffer: inout CellBuffer) {
        let low = min(from, to)
        buffer.fill(Rect(x: low + 1, y: y, width: abs(from - to) - 1, height: 1), "─", style)
        buffer.put(from < to ? "├" : "┤", x: from, y: y, style)
        buffer.put(from < to ? "▶" : "◀", x: from < to ? to - 1 : to + 1, y: y, style)
    }
}

extension RuntimeEvent {
    /// A time in seconds with two digits after the point.
    static func hundredths(_ instant: Instant) -> String {
        let hundredths = max(0, instant.nanoseconds) / 10_000_000
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
