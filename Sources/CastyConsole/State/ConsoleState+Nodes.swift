import CastyObservability
import CastyScenario

/// Keys that act on nodes: each becomes commands, after a confirmation for severe ones.
extension ConsoleState {
    mutating func act(_ action: Action.NodeAction, on reading: ClusterReading, _ feed: ConsoleFeed) -> [Intent] {
        if action == .add {
            let highest = reading.rows.compactMap { Self.nodeName($0.name) }.max()
            guard let node = intentions.start(after: highest, now: time.now) else {
                say(.refused, "add: n\(NodeName.numbers.upperBound) is the last node that there can be")
                return []
            }
            return submit(.start([node], roles: []))
        }
        let rows = targets(reading)
        guard !rows.isEmpty else {
            say(.refused, "no nodes yet: press a")
            return []
        }
        let fitting = rows.filter { problem(action, $0) == nil }
        guard let first = fitting.first else {
            say(.refused, rows.compactMap { problem(action, $0) }.first ?? "nothing to do")
            return []
        }
        let names = fitting.compactMap { Self.nodeName($0.name) }
        let list = Words.list(fitting.map(\.name), most: 6)
        switch action {
        case .add: return []
        case .kill: return kill(fitting, reading, feed)
        case .freeze: return submit(.freeze(names))
        case .thaw: return submit(.thaw(names))
        case .restart: return ask("restart \(list) as a new incarnation?", .restart(names))
        case .leave: return ask("let \(list) leave gracefully?", .leave(names))
        case .down:
            let by = reading.observer.flatMap { $0.name == first.name ? nil : Self.nodeName($0.name) }
            return ask("mark \(list) down?", .down(names, by: by))
        }
    }

    /// Why a key cannot act on a node; `nil` if it can.
    private func problem(_ action: Action.NodeAction, _ row: NodeRow) -> String? {
        let state = words(.node(row.state))
        guard Self.nodeName(row.name) != nil else { return "\(row.name) is not a node of this console" }
        switch action {
        case .add: return nil
        case .kill: return row.alive ? nil : "kill: \(row.name) is \(state) already"
        case .freeze: return row.state == .running ? nil : "freeze: \(row.name) is \(state), not running"
        case .thaw: return row.state == .frozen ? nil : "thaw: \(row.name) is \(state), not frozen"
        case .restart: return row.alive ? "restart: \(row.name) is \(state); kill it (K) first" : nil
        case .leave: return row.state == .running ? nil : "leave: \(row.name) is \(state), not running"
        case .down:
            switch row.standing {
            case .unreachable: return nil
            case .up, .joining, .leaving, .exiting:
                return "down: \(row.name) is \(words(.standing(row.standing))); only what is unreachable is marked down"
            case .down, .removed, .unknown: return "down: \(row.name) is \(words(.standing(row.standing))) already"
            }
        }
    }

    /// A question at the bottom; ten seconds without an answer count as No.
    private mutating func ask(_ text: String, _ command: ImmediateCommand) -> [Intent] {
        guard confirms else { return submit(command) }
        dialogs.question = Question(text: text, commands: [command], until: time.now + 10)
        return []
    }

    private mutating func kill(_ rows: [NodeRow], _ reading: ClusterReading, _ feed: ConsoleFeed) -> [Intent] {
        let command = ImmediateCommand.kill(rows.compactMap { Self.nodeName($0.name) })
        guard confirms else { return submit(command) }
        dialogs.modal = .confirm(question(killing: rows, command, reading, feed))
        return []
    }

    private func question(
        killing rows: [NodeRow], _ command: ImmediateCommand, _ reading: ClusterReading, _ feed: ConsoleFeed
    ) -> ConfirmState {
        let blast = BlastRadius(killing: rows, reading, feed, words)
        let many = rows.count > 1
        return ConfirmState(
            title: many ? "Kill \(rows.count) nodes?" : "Kill \(rows[0].name)?", facts: blast.facts,
            outcome: .submit([command]), demand: blast.isGrave || many ? "\(rows.count)" : nil,
            meaning: "the number of nodes", accept: "Kill",
            awaitsForecastFor: blast.isForecast ? [] : rows.map(\.name))
    }

    /// Completes a question that was asked before the forecast of its effect had arrived, unless the answer has begun.
    ///
    /// - Returns: Whether the question has changed.
    package mutating func completeQuestion(_ feed: ConsoleFeed) -> Bool {
        guard case .confirm(let asked) = dialogs.modal, !asked.awaitsForecastFor.isEmpty, asked.typed.text.isEmpty,
            case .submit(let commands) = asked.outcome, let command = commands.first
        else { return false }
        let reading = ClusterReading(feed, observer: view.observer)
        let rows = reading.rows.filter { asked.awaitsForecastFor.contains($0.name) }
        guard rows.count == asked.awaitsForecastFor.count else { return false }
        let question = question(killing: rows, command, reading, feed)
        guard question.awaitsForecastFor.isEmpty else { return false }
        dialogs.modal = .confirm(question)
        return true
    }
}
