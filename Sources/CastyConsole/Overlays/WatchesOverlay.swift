import CastyCore
import CastyObservability
import CastyScenario

/// The list of the watches.
enum WatchesOverlay {
    static func draw(_ selected: Int, _ scene: Scene, _ buffer: inout CellBuffer) {
        let watches = scene.feed.watches
        let paint = scene.paint
        let width = min(buffer.bounds.width - 2, 90)
        let height = min(buffer.bounds.height - 2, 2 * watches.count + 4)
        let rect = OverlayBox.draw(
            title: Words.count(watches.count, "watch"), width: width, height: height, danger: false, scene, &buffer)
        let room = max(1, (rect.height - 2) / 2)
        let chosen = min(selected, watches.count - 1)
        let first = max(0, chosen - room + 1)
        for (row, watch) in watches.enumerated().dropFirst(first).prefix(room) {
            let y = rect.y + 2 * (row - first)
            buffer.put(
                Words.fit("\(watch.number)  \(watch.line)", rect.width - 2), x: rect.x + 1, y: y, paint[.strong])
            let state = state(of: watch)
            buffer.put(
                Words.fit(state, rect.width - 5), x: rect.x + 4, y: y + 1,
                paint[watch.broken == nil ? .dim : .eventWarning])
            if row == chosen {
                buffer.restyle(Rect(x: rect.x, y: y, width: rect.width, height: 1)) { $0.with(.reverse) }
            }
        }
        buffer.put(
            Words.fit("↑↓ choose  Enter to its event  x ends it  Esc close", rect.width - 2), x: rect.x + 1,
            y: rect.maxY - 1, paint[.faint])
    }

    /// The list as lines of text.
    static func lines(_ watches: [WatchStatus]) -> [String] {
        watches.map { "\($0.number)  \($0.line): \(state(of: $0))" }
    }

    private static func state(of watch: WatchStatus) -> String {
        let since = "since \(Words.moment(watch.since))"
        if let broken = watch.broken { return "broken at \(Words.moment(broken.time)): \(broken.seen)" }
        return watch.isAwaited ? "awaited \(since)" : "unbroken \(since)"
    }
}

extension ConsoleState {
    /// Handles a key in the list of the watches.
    mutating func handle(_ key: Key, watch row: Int, _ feed: ConsoleFeed) -> [Intent] {
        guard !feed.watches.isEmpty else {
            dialogs.modal = nil
            return []
        }
        let last = feed.watches.count - 1
        let chosen = feed.watches[min(row, last)]
        if let step = Self.listStep(key) {
            dialogs.modal = .watches(max(0, min(last, min(row, last) + step)))
        } else if key == .enter {
            dialogs.modal = nil
            guard let broken = chosen.broken else {
                say(.note, "\(chosen.line): unbroken since \(Words.moment(chosen.since))")
                return []
            }
            guard let event = broken.event else {
                say(.note, "\(chosen.line): there is no event before \(Words.moment(broken.time))")
                return []
            }
            goTo(event.description, feed)
        } else if key == .character("x") || key == .delete {
            if last == 0 { dialogs.modal = nil }
            return submit(chosen.isAwaited ? .endUntil : .endWatch(chosen.number))
        } else if key == .escape || key == .character("q") {
            dialogs.modal = nil
        }
        return []
    }
}
