import CastyScenario

/// The caption of a played script: its latest note over the full width, above the line of keys.
///
/// The panes make room for it.
enum CaptionView {
    /// The rows of a caption, with the line above it; 0 if the screen has no room for one.
    static func height(of caption: Caption, width: Int, height: Int) -> Int {
        guard SizeClass(width: width, height: height) != .none else { return 0 }
        return lines(caption.text, width: width, most: max(1, height / 4 - 1)).count + 1
    }

    /// The text in lines of the screen's width, less a margin.
    static func lines(_ text: String, width: Int, most: Int) -> [String] {
        let all = WhyPane.wrap(text, max(1, width - 4))
        guard all.count > most, most > 0 else { return all }
        return all.prefix(most - 1) + [Words.fit(all[(most - 1)...].joined(separator: " "), width - 4)]
    }

    static func draw(_ scene: Scene, _ buffer: inout CellBuffer) {
        guard let caption = scene.state.shownCaption, let rect = scene.layout.caption else { return }
        let paint = scene.paint
        buffer.fill(Rect(x: rect.x, y: rect.y, width: rect.width, height: 1), "─", paint[.borderFocused])
        let hint = caption.waits ? [("[Space]", paint[.hintKey]), (" goes on", paint[.hintText])] : []
        let hintWidth = hint.reduce(0) { $0 + $1.0.count }
        buffer.put(
            " \(Words.fit(caption.title, rect.width - hintWidth - 10)) ", x: rect.x + 2, y: rect.y, paint[.titleFocused]
        )
        if !hint.isEmpty {
            let x = rect.maxX - hintWidth - 4
            buffer.put([(" ", paint[.text])] + hint + [(" ", paint[.text])], x: x, y: rect.y, limit: hintWidth + 2)
        }
        for (index, line) in lines(caption.text, width: rect.width, most: rect.height - 1).enumerated() {
            buffer.put(line, x: rect.x + 2, y: rect.y + 1 + index, paint[caption.waits ? .strong : .text])
        }
    }
}

extension ConsoleState {
    /// The caption, unless the user has put it away.
    var shownCaption: Caption? { captions.latest == captions.hidden ? nil : captions.latest }

    /// The rows that the panes leave to the caption.
    var captionHeight: Int {
        shownCaption.map { CaptionView.height(of: $0, width: size.width, height: size.height) } ?? 0
    }

    /// Shows the script's latest note; returns whether the picture changes.
    package mutating func show(_ latest: Caption?) -> Bool {
        let caption = latest.map { Caption(title: $0.title, text: keys.naming($0.text), waits: $0.waits) }
        guard caption != captions.latest else { return false }
        captions.latest = caption
        return true
    }

    /// Handles the keys of a caption: space goes on where it waits, Esc puts it away.
    ///
    /// - Returns: The resulting intents; `nil` if the key is not one of them.
    mutating func handleCaption(_ key: Key) -> [Intent]? {
        guard let caption = shownCaption else { return nil }
        if key == .character(" "), caption.waits {
            intentions.setPaused(false, now: time.now)
            return submit(.play)
        }
        // Esc has other uses, which come first.
        let isInUse =
            view.filters[panes.focus] != nil || panes.focus == .why || !selection.marked.isEmpty || panes.zoomed
            || selection.event != nil || time.shown.feed != nil
        guard key == .escape, !caption.waits, !isInUse else { return nil }
        captions.hidden = caption
        return []
    }
}
