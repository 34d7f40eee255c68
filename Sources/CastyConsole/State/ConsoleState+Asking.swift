import CastyObservability
import CastyScenario

/// What asks before it is done, and how: by what it destroys, however it is said, by a key, a line, marks or the mouse.
extension ConsoleState {
    /// Submits a command, or asks first.
    mutating func ask(_ command: ImmediateCommand, _ feed: ConsoleFeed) -> [Intent] {
        ask(.immediate(command), feed)
    }

    /// Submits a command, or asks first.
    mutating func ask(_ command: Command, _ feed: ConsoleFeed) -> [Intent] {
        let intents: [Intent] = [.submit(.command(command))]
        guard confirms, case .immediate(let acting) = command.acting else { return intents }
        let reading = ClusterReading(feed, observer: view.observer)
        if let confirm = confirmation(of: command, acting, reading, feed) {
            dialogs.modal = .confirm(confirm)
            return []
        }
        guard let text = lightQuestion(acting) else { return intents }
        let when = command == .immediate(acting) ? "" : "later: "
        dialogs.question = Question(text: when + text, commands: [command], until: time.now + 10)
        return []
    }

    /// The question at the bottom, where ten seconds without an answer count as No; `nil` if none is needed.
    private func lightQuestion(_ command: ImmediateCommand) -> String? {
        func list(_ names: [NodeName]) -> String { Words.list(names.map(shownName), most: 6) }
        switch command {
        case .restart(let names): return "restart \(list(names)) as a new incarnation?"
        case .leave(let names): return "let \(list(names)) leave gracefully?"
        case .down(let names, _): return "mark \(list(names)) down?"
        case .set, .start, .kill, .freeze, .thaw, .spawn, .tell, .load, .stopLoad, .passivate, .cut, .heal, .link,
            .fault, .move,
            .pin, .drain, .undrain, .rebalance, .note:
            return nil
        }
    }

    /// The question about a command whose effect is grave, or cannot be undone; `nil` for all others.
    private func confirmation(
        of command: Command, _ acting: ImmediateCommand, _ reading: ClusterReading, _ feed: ConsoleFeed,
        wasAsked: Bool = false
    ) -> ConfirmState? {
        func rows(_ names: [NodeName], _ fits: (NodeRow) -> Bool) -> [NodeRow] {
            reading.rows.filter { row in names.contains { shownName($0) == row.name } && fits(row) }
        }
        switch acting {
        case .kill(let names):
            let rows = rows(names, \.alive)
            // What cannot be killed is refused by the cluster, with the reason.
            guard !rows.isEmpty else { return nil }
            return confirm("Kill", rows, command, BlastRadius(killing: rows, reading, feed, words), isFinal: true)
        case .freeze(let names):
            let rows = rows(names) { $0.state == .running }
            guard !rows.isEmpty else { return nil }
            let blast = BlastRadius(killing: rows, reading, feed, words)
            // A thaw takes it back, unless the others have gone by then.
            guard wasAsked || blast.isGrave && (blast.isForecast || rows.count > 1) else { return nil }
            return confirm("Freeze", rows, command, blast, isFinal: false)
        case .leave(let names):
            let rows = rows(names) { $0.state == .running }
            let running = reading.rows.count { $0.state == .running }
            guard rows.count > 1, 2 * rows.count > running || rows.count == running else { return nil }
            let rest = running - rows.count
            let left = rest == 0 ? "leaves no node: the cluster ends" : "leaves \(rest) of \(running) running"
            return confirm("Leave with", rows, command, facts: BlastRadius.losses(rows) + [left], demands: true)
        case .down(let names, _):
            let rows = rows(names) { $0.displayStatus != .removed }
            guard rows.count > 1 else { return nil }
            let facts = BlastRadius.losses(rows) + ["a member that is down never returns; its address may"]
            return confirm("Mark down", rows, command, facts: facts, demands: true)
        case .set, .start, .thaw, .restart, .spawn, .tell, .load, .stopLoad, .passivate, .cut, .heal, .link, .fault,
            .move, .pin,
            .drain, .undrain, .rebalance, .note:
            return nil
        }
    }

    private func confirm(
        _ verb: String, _ rows: [NodeRow], _ command: Command, _ blast: BlastRadius, isFinal: Bool
    ) -> ConfirmState {
        var confirm = confirm(
            verb, rows, command, facts: blast.facts, demands: blast.isGrave || isFinal && rows.count > 1)
        confirm.awaitsForecastFor = blast.isForecast ? [] : rows.map(\.name)
        return confirm
    }

    private func confirm(
        _ verb: String, _ rows: [NodeRow], _ command: Command, facts: [String], demands: Bool
    ) -> ConfirmState {
        let subject = rows.count > 1 ? "\(rows.count) nodes" : rows[0].name
        let later = if case .at(let moment, _) = command { " at \(moment)" } else { "" }
        return ConfirmState(
            title: "\(verb) \(subject)\(later)?", facts: facts, outcome: .submit([command]),
            demand: demands ? "\(rows.count)" : nil, meaning: "the number of nodes",
            accept: String(verb.split(separator: " ")[0]))
    }

    /// Completes a question that was asked before the forecast of its effect had arrived, unless the answer has begun.
    ///
    /// - Returns: What to do if it was answered meanwhile; `nil` if nothing has changed.
    package mutating func completeQuestion(_ feed: ConsoleFeed) -> [Intent]? {
        guard case .confirm(let asked) = dialogs.modal, !asked.awaitsForecastFor.isEmpty, asked.typed.text.isEmpty,
            case .submit(let commands) = asked.outcome, let command = commands.first,
            case .immediate(let acting) = command.acting
        else { return nil }
        let reading = ClusterReading(feed, observer: view.observer)
        // If the effect turns out to be light, the user who has been asked is still the one to answer.
        guard let question = confirmation(of: command, acting, reading, feed, wasAsked: true),
            question.awaitsForecastFor.isEmpty
        else { return nil }
        if asked.isAccepted, question.demand == nil { return carryOut(question) }
        dialogs.modal = .confirm(question)
        return []
    }
}
