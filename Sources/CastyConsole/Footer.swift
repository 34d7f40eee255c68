import CastyCore
import CastyObservability

/// The last line: the result of the last action, a question, or the relevant keys.
enum Footer {
    static func draw(_ scene: Scene, _ buffer: inout CellBuffer) {
        let rect = scene.layout.footer
        let paint = scene.paint
        guard rect.height > 0 else { return }
        if let question = scene.state.dialogs.question {
            let left = max(0, Int((question.until - scene.state.time.now).rounded(.up)))
            buffer.put(
                [
                    (" \(question.text) ", paint[.flashNote]), ("[y]", paint[.hintKey]), ("es ", paint[.hintText]),
                    ("[N]", paint[.hintKey]), ("o", paint[.hintText]), ("   No in \(left)s", paint[.faint]),
                ], x: rect.x, y: rect.y, limit: rect.width)
            return
        }
        if case .filter(let pane, let field) = scene.state.dialogs.modal {
            let label = " / filter \(pane.title): "
            buffer.put(label, x: rect.x, y: rect.y, paint[.hintKey])
            FieldView.draw(
                field, x: rect.x + label.count, y: rect.y, width: rect.width - label.count - 26, scene, &buffer)
            buffer.putRight("Enter keeps  Esc clears ", endX: rect.maxX, y: rect.y, width: 25, paint[.faint])
            return
        }
        if let progress = scene.feed.progress {
            buffer.put(
                " … " + Words.fit(scene.state.keys.naming(progress), rect.width - 4), x: rect.x, y: rect.y,
                paint[.flashNote])
            return
        }
        if let flash = scene.state.dialogs.flash {
            let (sign, role): (String, Role) =
                switch flash.kind {
                case .done: ("+", .flashDone)
                case .note: ("·", .flashNote)
                case .refused: ("!", .flashRefused)
                }
            buffer.put(" \(sign) " + Words.fit(flash.text, rect.width - 4), x: rect.x, y: rect.y, paint[role])
            return
        }
        if let retry = scene.live.observer?.retry {
            let text = Self.text(of: retry, at: scene.live.time, wide: rect.width >= 100)
            let quit = "[q]quit"
            buffer.put(
                " … " + Words.fit(text, rect.width - 5 - quit.count), x: rect.x, y: rect.y, paint[.eventWarning])
            buffer.putRight(quit, endX: rect.maxX, y: rect.y, width: quit.count, paint[.hintKey])
            return
        }
        for hint in hints(scene.state) {
            let end = buffer.put("[\(hint.key)]", x: hint.x, y: rect.y, paint[.hintKey])
            buffer.put(hint.word, x: end, y: rect.y, paint[.hintText])
        }
    }

    /// The next attempt to reach a node: `connection lost, retrying in 2 s (n1, then n2)`.
    static func text(of retry: ObserverSnapshot.Retry, at now: Instant, wide: Bool) -> String {
        let left = max(0, Int((retry.at - now).inSeconds.rounded(.up)))
        let order = Words.list(retry.order, most: wide ? 6 : 2, separator: ", then ")
        return "connection lost, retrying in \(left) s (\(order))"
    }

    private static let common: [Action] = [.help, .palette, .filter, .turn(.nextPane)]

    /// The actions to offer in each pane, by importance, as far as there is room.
    private static func order(_ state: ConsoleState) -> [Action] {
        let time: [Action] =
            switch state.mode {
            case .simulated, .recording: [.pause, .step, .speed(.faster)]
            case .live, .attached, .operating: []
            }
        let own: [Action] =
            switch state.panes.focus {
            case .members:
                [
                    .node(.add), .node(.kill), .node(.freeze), .node(.restart), .link(.cutOneWay), .why,
                    .prompt(.spawnOne), .prompt(.send), .prompt(.load), .node(.leave),
                ] + (state.mode == .operating ? [.node(.down)] : []) + [.inspect]
            case .phi: [.observer, .node(.freeze), .node(.thaw), .node(.kill), .link(.cutOneWay), .why]
            case .shards:
                [
                    .mode, .prompt(.moveShard), .prompt(.spawnOne), .prompt(.spawnMany), .prompt(.send), .prompt(.load),
                    .why,
                ]
            case .network:
                [
                    .link(.cutOneWay), .link(.cutBothWays), .link(.healAll), .rectangle, .link(.delay), .link(.loss),
                    .link(.partition), .why,
                ]
            case .gossip: [.observer, .why, .link(.cutOneWay), .node(.freeze)]
            case .events: [.scrub(.earlier), .scrub(.later), .open, .level, .why, .copy]
            case .why: [.why, .level]
            case .flow: [.level, .why]
            }
        if state.time.shown.isPast {
            return common + [.live, .scrub(.earlier), .scrub(.later), .back, .step, .open, .why, .turn(.zoom), .quit]
        }
        let rest: [Action] = state.mode.changesCluster ? [.undo] : []
        return common + own + time + rest + [.turn(.zoom), .quit]
    }

    struct Hint: Sendable {
        var key: String
        var word: String
        var x: Int
        var binding: KeyBinding

        var width: Int { CharacterWidth.columns(of: key) + word.count + 2 }
    }

    static func hints(_ state: ConsoleState) -> [Hint] {
        var x = 1
        var result: [Hint] = []
        let table = state.keys.bindings(in: state.panes.focus)
        // Quitting is always offered: its room is reserved.
        let quit = 6 + CharacterWidth.columns(of: state.keys.name(of: .quit))
        for action in order(state) {
            guard let binding = table.first(where: { $0.action == action }) else { continue }
            if let verb = binding.verb, state.mode.refusal(of: verb) != nil { continue }
            guard let key = binding.keys.first else { continue }
            let hint = Hint(key: key.name, word: binding.word, x: x, binding: binding)
            let limit = action == .quit ? state.size.width : state.size.width - quit - 1
            if x + hint.width > limit { continue }
            result.append(hint)
            x += hint.width + 1
        }
        return result
    }

    static func binding(at x: Int, _ state: ConsoleState) -> KeyBinding? {
        guard state.dialogs.flash == nil, state.dialogs.question == nil else { return nil }
        return hints(state).first { x >= $0.x && x < $0.x + $0.width }?.binding
    }
}

/// The tabs of the smallest layout.
enum TabStrip {
    private static func tabs(in rect: Rect) -> [(pane: Pane, x: Int, text: String)] {
        let full = Pane.allCases.map { "\($0.rawValue) \($0.tabTitle)" }
        let letters = full.reduce(1) { $0 + $1.count }
        let room = letters + full.count <= rect.width
        let gap = letters + 2 * full.count <= rect.width ? 2 : 1
        var x = rect.x + 1
        return Pane.allCases.map { pane in
            let text = room ? "\(pane.rawValue) \(pane.tabTitle)" : "\(pane.rawValue) \(pane.tabTitle.prefix(2))"
            defer { x += text.count + gap }
            return (pane, x, text)
        }
    }

    static func pane(at x: Int, in rect: Rect, _ state: ConsoleState) -> Pane? {
        tabs(in: rect).first { x >= $0.x && x < $0.x + $0.text.count }?.pane
    }

    static func draw(_ scene: Scene, in rect: Rect, _ buffer: inout CellBuffer) {
        for tab in tabs(in: rect) {
            let selected = tab.pane == scene.state.panes.focus
            let style = selected ? scene.paint[.titleFocused].with(.reverse) : scene.paint[.tab]
            buffer.put(tab.text, x: tab.x, y: rect.y, style)
        }
    }
}

/// A text field with its cursor, scrolled so that the cursor is visible.
enum FieldView {
    static func draw(_ field: TextField, x: Int, y: Int, width: Int, _ scene: Scene, _ buffer: inout CellBuffer) {
        guard width > 1 else { return }
        var head = field.head
        while CharacterWidth.columns(of: head) > width - 1 { head.removeFirst() }
        let end = buffer.put(head, x: x, y: y, scene.paint[.field], limit: width)
        let tail = String(field.characters[field.cursor...])
        buffer.put(tail, x: end, y: y, scene.paint[.field], limit: x + width - end)
        buffer.cursor = (end, y)
    }
}
