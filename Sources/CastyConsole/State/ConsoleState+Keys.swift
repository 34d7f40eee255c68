import CastyObservability
import CastyScenario

extension ConsoleState {
    /// Handles a key and returns the resulting intents.
    ///
    /// A key that cannot act here gives the reason in the flash line, and returns no intent.
    package mutating func handle(_ key: Key, feed: ConsoleFeed) -> [Intent] {
        learnNodes(feed)
        return forCluster(respond(to: key, feed), feed)
    }

    private mutating func respond(to key: Key, _ feed: ConsoleFeed) -> [Intent] {
        switch key {
        case .control("c"): return interrupt(feed)
        case .control("z"): return [.suspend]
        case .control("l"): return [.repaint]
        case .paste:
            if dialogs.modal == nil { say(.note, "pasted text is ignored outside a text field") }
        case .character, .control, .up, .down, .left, .right, .home, .end, .pageUp, .pageDown, .tab, .backTab, .enter,
            .escape, .backspace, .delete, .help, .press, .drag, .release, .wheel:
            break
        }
        intentions.settle(feed.snapshot, now: time.now)
        if let asked = dialogs.question {
            dialogs.question = nil
            if key == .character("y") || key == .character("Y") { return asked.commands.map { .submit(.command($0)) } }
            say(.note, "nothing was done")
            return []
        }
        if layout.size == .none { return key == .character("q") ? [.quit] : [] }
        if let modal = dialogs.modal { return handle(key, in: modal, feed) }
        switch key {
        case .press(let x, let y): return press(x: x, y: y, feed)
        case .wheel(let x, let y, let up): return wheel(x: x, y: y, up: up, feed)
        case .drag(let x, let y):
            drag(x: x, y: y, feed)
            return []
        case .release:
            selection.pressed = nil
            return []
        case .paste: return []
        case .character, .control, .up, .down, .left, .right, .home, .end, .pageUp, .pageDown, .tab, .backTab, .enter,
            .escape, .backspace, .delete, .help:
            break
        }
        dialogs.flash = nil
        if let intents = handleCaption(key) { return intents }
        let (binding, elsewhere) = keys.binding(for: key, in: panes.focus)
        if let binding { return run(binding, feed) }
        if let reason = Self.elsewhere(elsewhere, key) {
            say(.refused, reason)
        } else {
            say(.note, "\(key.name) does nothing here; \(keys.name(of: .help)) shows the keys")
        }
        return []
    }

    /// Where a key acts, if it acts in other panes only.
    private static func elsewhere(_ bindings: [KeyBinding], _ key: Key) -> String? {
        let known = bindings.filter { $0.panes != nil }
        guard let first = known.first else { return nil }
        func names(_ binding: KeyBinding) -> String {
            Pane.allCases.filter { binding.panes?.contains($0) ?? false }.map(\.title).joined(separator: ", ")
        }
        guard known.count > 1 else { return "\(first.label): \(first.summary) — only in \(names(first))" }
        return "\(key.name): only in \(known.map { "\(names($0)) (\($0.word))" }.joined(separator: " and "))"
    }

    /// Carries out a line of the key table, unless something prevents it.
    mutating func run(_ binding: KeyBinding, _ feed: ConsoleFeed) -> [Intent] {
        if let verb = binding.verb {
            if readOnly {
                say(.refused, "\(binding.word): read-only (:readonly off)")
                return []
            }
            if let reason = mode.refusal(of: verb) ?? pastRefusal(of: verb) {
                say(.refused, reason)
                return []
            }
        }
        return perform(binding.action, feed)
    }

    /// The intents that give commands to the cluster.
    func submit(_ commands: [ImmediateCommand]) -> [Intent] { commands.map { .submit(.command(.immediate($0))) } }

    /// The intent that gives one command to the cluster.
    func submit(_ command: ImmediateCommand) -> [Intent] { submit([command]) }

    /// The intent that gives a command to the run.
    func submit(_ control: RunControl) -> [Intent] { [.submit(.control(control))] }

    /// Ctrl-C asks for confirmation; a second Ctrl-C within two seconds quits at once.
    private mutating func interrupt(_ feed: ConsoleFeed) -> [Intent] {
        if time.now - time.interruptedAt < 2 { return [.quit] }
        time.interruptedAt = time.now
        dialogs.question = nil
        askToQuit(feed)
        say(.note, "Ctrl-C again leaves at once")
        return []
    }

    mutating func askToQuit(_ feed: ConsoleFeed) {
        let alive = feed.snapshot.nodes.filter { $0.state == .running || $0.state == .frozen }.map(\.name)
        let sharding = feed.snapshot.nodes.filter { alive.contains($0.name) }.flatMap(\.sharding)
        let entities = sharding.flatMap(\.shards).reduce(0) { $0 + $1.entityCount }
        var facts: [String] = []
        if mode.isAttached {
            facts.append("the cluster goes on without this console")
        } else if mode == .recording {
            facts.append("the recording stays as it is")
        } else if !alive.isEmpty {
            facts.append("\(Words.count(alive.count, "node")) will stop: \(Words.list(alive, most: 8))")
            if entities > 0 { facts.append("\(Words.count(entities, "entity")) will be lost") }
        }
        facts += Self.loads(feed).prefix(4).map { "\($0) will stop" }
        if let file = feed.recording { facts.append("the recording \(file) ends here") }
        if facts.isEmpty { facts.append("no node is running") }
        dialogs.modal = .confirm(
            ConfirmState(title: "Leave the console?", facts: facts, outcome: .quit, accept: "Leave"))
    }
}
