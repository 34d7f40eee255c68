import CastyObservability
import CastyScenario

/// Key handling while an overlay is open.
extension ConsoleState {
    mutating func handle(_ key: Key, in modal: Modal, _ feed: ConsoleFeed) -> [Intent] {
        switch modal {
        case .help(let help): return handle(key, help, feed)
        case .palette(let palette): return handle(key, palette, feed)
        case .prompt(let prompt): return handle(key, prompt, feed)
        case .confirm(let confirm): return handle(key, confirm)
        case .filter(let pane, let field): return handle(key, filtering: pane, field, feed)
        case .hypothesis(let offset): return handle(key, comparison: offset, feed)
        case .watches(let row): return handle(key, watch: row, feed)
        }
    }

    private mutating func handle(_ key: Key, _ help: HelpState, _ feed: ConsoleFeed) -> [Intent] {
        var help = help
        let found = HelpOverlay.rows(help, mode, keys)
        let closes = [.character("?"), .help, .character("q")].contains(key) && help.filter.text.isEmpty
        if key == .escape || closes {
            dialogs.modal = nil
        } else if key == .enter {
            guard found.indices.contains(help.selected) else {
                dialogs.modal = nil
                return []
            }
            // A sign has nothing to run.
            guard case .key(let binding) = found[help.selected] else { return [] }
            dialogs.modal = nil
            return run(binding, feed)
        } else if let step = Self.listStep(key) {
            help.selected = max(0, min(found.count - 1, help.selected + step))
            dialogs.modal = .help(help)
        } else if help.filter.handle(key) {
            help.selected = 0
            dialogs.modal = .help(help)
        }
        return []
    }

    /// How far a key moves in the list of an overlay.
    static func listStep(_ key: Key) -> Int? {
        if case .wheel(_, _, let up) = key { return up ? -1 : 1 }
        let steps: [Key: Int] = [.up: -1, .down: 1, .pageUp: -10, .pageDown: 10]
        return steps[key]
    }

    private mutating func handle(_ key: Key, _ prompt: PromptState, _ feed: ConsoleFeed) -> [Intent] {
        var prompt = prompt
        if key == .escape {
            dialogs.modal = nil
            say(.note, "nothing was done")
        } else if key == .enter {
            let text = prompt.field.text.trimmingBlanks
            guard !text.isEmpty else {
                say(.refused, "type something, or Esc")
                return []
            }
            dialogs.modal = nil
            do throws(ScenarioProblem) {
                var intents: [Intent] = []
                for before in [prompt.before] + prompt.others {
                    intents += try execute(before + text + prompt.after, feed)
                }
                return intents
            } catch {
                prompt.problem = error
                dialogs.modal = .prompt(prompt)
            }
        } else if prompt.field.handle(key) {
            prompt.problem = nil
            dialogs.modal = .prompt(prompt)
        }
        return []
    }

    private mutating func handle(_ key: Key, _ confirm: ConfirmState) -> [Intent] {
        var confirm = confirm
        if key == .escape || confirm.demand == nil && (key == .character("n") || key == .character("N")) {
            dialogs.modal = nil
            say(.note, "nothing was done")
            return []
        }
        if let demand = confirm.demand {
            if !confirm.awaitsForecastFor.isEmpty, key == .character("y") || key == .character("Y") {
                confirm.isAccepted = true
                dialogs.modal = .confirm(confirm)
            } else if key == .enter {
                if confirm.typed.text == demand { return carryOut(confirm) }
                dialogs.modal = nil
                say(
                    .note,
                    "nothing was done: \(demand)\(confirm.meaning.isEmpty ? "" : ", \(confirm.meaning),") was not typed"
                )
            } else if confirm.typed.handle(key) {
                dialogs.modal = .confirm(confirm)
            }
            return []
        }
        let turns: [Key] = [.left, .right, .tab, .backTab, .up, .down, .character("h"), .character("l")]
        if key == .character("y") || key == .character("Y") || key == .character("q") && confirm.outcome == .quit {
            return carryOut(confirm)
        }
        if key == .enter || key == .character(" ") {
            if confirm.accepting { return carryOut(confirm) }
            dialogs.modal = nil
            say(.note, "nothing was done")
        } else if turns.contains(key) {
            confirm.accepting.toggle()
            dialogs.modal = .confirm(confirm)
        }
        return []
    }

    mutating func carryOut(_ confirm: ConfirmState) -> [Intent] {
        dialogs.modal = nil
        switch confirm.outcome {
        case .submit(let commands):
            selection.marked = []
            return commands.map { .submit(.command($0)) }
        case .quit: return [.quit]
        }
    }

    private mutating func handle(
        _ key: Key, filtering pane: Pane, _ field: TextField, _ feed: ConsoleFeed
    ) -> [Intent] {
        var field = field
        if key == .enter {
            dialogs.modal = nil
            checkFilter(field.text, in: pane)
        } else if key == .escape {
            view.filters[pane] = nil
            dialogs.modal = nil
        } else if field.handle(key) {
            setFilter(field.text, in: pane, feed)
            selection.event = nil
            dialogs.modal = .filter(pane, field)
        }
        return []
    }
}

extension String {
    var trimmingBlanks: String {
        var part = self[...]
        while part.first?.isWhitespace == true { part.removeFirst() }
        while part.last?.isWhitespace == true { part.removeLast() }
        return String(part)
    }
}
