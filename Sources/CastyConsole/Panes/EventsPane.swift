import CastyCore
import CastyObservability

/// Pane 6: the events with their causes, newest on top.
enum EventsPane {
    static func info(_ scene: Scene) -> [String] {
        var parts: [String] = []
        if let filter = scene.state.view.filters[.events] { parts.append("/\(filter)") }
        if scene.feed.log.dropped > 0 { parts.append("\(scene.feed.log.dropped) missed") }
        let position =
            scene.state.selection.event == nil
            ? scene.isPast ? "past" : scene.state.mode == .recording ? "recorded" : "live"
            : "\(scene.events.index(of: scene.state.selection.event))↓"
        parts.append(position)
        parts.append("≥ \(scene.words(.level(scene.state.view.level)))")
        return [parts.joined(separator: " · "), parts.prefix(2).joined(separator: " · "), position]
    }

    /// The number of events that are scrolled away above.
    static func offset(_ list: EventList, _ height: Int, _ state: ConsoleState) -> Int {
        let room = max(1, height - 1 - (height >= 8 ? 2 : 0))
        let index = list.index(of: state.selection.event)
        return min(max(0, index - room / 2), max(0, list.entries.count - room))
    }

    static func draw(_ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        let paint = scene.paint
        let list = scene.events
        guard !list.entries.isEmpty else {
            let lines =
                scene.state.view.filters[.events] != nil
                ? ["no event fits the filter", "Esc clears it"]
                : scene.feed.log.events.isEmpty
                    ? ["nothing has happened yet"]
                    : ["only smaller events: \(scene.state.keys.name(of: .level)) shows more"]
            return EmptyPane.draw(lines, rect, scene, &buffer)
        }
        let timeline = rect.height >= 8
        let causes = rect.width >= 60
        let causeWidth = causes ? min(28, rect.width * 28 / 100) : 0
        let node = max(rect.width >= 60 ? 7 : 5, min(scene.reading.nameWidth + 1, rect.width / 5))
        let time = rect.width >= 60 ? 7 : 6
        let whatX = time + 2 + node
        let whatWidth = max(4, rect.width - whatX - causeWidth - 1)
        buffer.putRight("t", endX: rect.x + time - 1, y: rect.y, width: 2, paint[.column])
        buffer.put("node", x: rect.x + time + 2, y: rect.y, paint[.column])
        buffer.put("what", x: rect.x + whatX, y: rect.y, paint[.column])
        if causes { buffer.put("cause", x: rect.maxX - causeWidth, y: rect.y, paint[.column]) }
        let room = max(0, rect.height - 1 - (timeline ? 2 : 0))
        let first = offset(list, rect.height, scene.state)
        let selected = list.index(of: scene.state.selection.event)
        for (row, entry) in list.entries.dropFirst(first).prefix(room).enumerated() {
            guard let event = scene.feed.log[entry.number] else { continue }
            let words = EventWords(event, scene.feed.log, scene.words, group: scene.feed.log.group(of: entry.number))
            let y = rect.y + 1 + row
            buffer.putRight(Words.moment(event.time), endX: rect.x + time - 1, y: y, width: time - 1, paint[.dim])
            buffer.put(words.mark, x: rect.x + time, y: y, paint[words.role])
            buffer.put(Words.fitName(words.subject, node - 1), x: rect.x + time + 2, y: y, paint[.strong])
            buffer.put(Words.fit(words.what, whatWidth - 1), x: rect.x + whatX, y: y, paint[words.role])
            if causes {
                buffer.put(
                    Words.fit(words.cause, causeWidth - 1), x: rect.maxX - causeWidth, y: y, paint[.cause])
            }
            if scene.isFocused(.events), first + row == selected, scene.state.selection.event != nil || row == 0 {
                let line = Rect(x: rect.x, y: y, width: rect.width, height: 1)
                buffer.restyle(line) { _ in paint[.cursorRow] }
            }
        }
        // Without a column for the causes, that of the event under the cursor has a line.
        if timeline, !causes, let entry = list.entries.dropFirst(selected).first,
            let event = scene.feed.log[entry.number]
        {
            let cause = EventWords(event, scene.feed.log, scene.words).cause
            if !cause.isEmpty {
                buffer.put(
                    Words.fit("← \(cause)", rect.width - 2), x: rect.x + 1, y: rect.maxY - 2, paint[.cause])
            }
        }
        if timeline { strip(scene, Rect(x: rect.x + 1, y: rect.maxY - 1, width: rect.width - 2, height: 1), &buffer) }
    }

    /// A timeline of the last 30, 60 or 120 seconds, depending on the width: the most severe event of each period.
    private static func strip(_ scene: Scene, _ rect: Rect, _ buffer: inout CellBuffer) {
        let now = scene.snapshot.time
        // While time runs, the header says what it is: one clock that ticks is enough.
        let right =
            scene.isPast ? "at \(Words.moment(now))" : scene.showsTenths ? "now \(Words.moment(now))" : "now"
        let span: Int64 = rect.width >= 90 ? 120 : rect.width >= 60 ? 60 : 30
        let left = "-\(span)s "
        let x = rect.x + left.count
        let width = rect.maxX - right.count - 1 - x
        guard width >= 10 else { return }
        buffer.put(left, x: rect.x, y: rect.y, scene.paint[.faint])
        buffer.fill(Rect(x: x, y: rect.y, width: width, height: 1), "┈", scene.paint[.faint])
        // All marks move together, once the newest column is full.
        let column = Duration.seconds(span).nanoseconds / Int64(width)
        let newest = now.nanoseconds / column
        var shown: [Int: RuntimeEvent] = [:]
        for entry in scene.events.entries {
            guard let event = scene.feed.log[entry.number] else { continue }
            let age = newest - event.time.nanoseconds / column
            if age >= Int64(width) { break }
            guard age >= 0 else { continue }
            let position = width - 1 - Int(age)
            if let other = shown[position], other.kind.level >= event.kind.level { continue }
            shown[position] = event
        }
        for (position, event) in shown {
            let words = EventWords(event, scene.feed.log, scene.words)
            buffer.put(words.mark, x: x + position, y: rect.y, scene.paint[words.role])
        }
        buffer.put(right, x: rect.maxX - right.count, y: rect.y, scene.paint[.dim])
    }
}
