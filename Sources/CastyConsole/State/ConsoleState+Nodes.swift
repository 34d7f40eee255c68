import CastyObservability
import CastyScenario

/// Keys that act on nodes: each becomes commands, after a confirmation for severe ones.
extension ConsoleState {
    mutating func act(_ action: Action.NodeAction, on reading: ClusterReading, _ feed: ConsoleFeed) -> [Intent] {
        if action == .add {
            let highest = reading.rows.compactMap { commandName($0.name) }.max()
            guard let node = intentions.start(after: highest, now: time.now) else {
                say(.refused, "add: n\(NodeName.numbers.upperBound) is the last node that there can be")
                return []
            }
            return submit(.start([node], roles: []))
        }
        let rows = targets(reading)
        guard !rows.isEmpty else {
            say(.refused, "no nodes yet: press \(keys.name(of: .node(.add)))")
            return []
        }
        let fitting = rows.filter { problem(action, $0) == nil }
        guard let first = fitting.first else {
            say(.refused, rows.compactMap { problem(action, $0) }.first ?? "nothing to do")
            return []
        }
        let names = fitting.compactMap { commandName($0.name) }
        switch action {
        case .add: return []
        case .kill: return ask(.kill(names), feed)
        case .freeze: return ask(.freeze(names), feed)
        case .thaw: return ask(.thaw(names), feed)
        case .restart: return ask(.restart(names), feed)
        case .leave: return ask(.leave(names), feed)
        case .down:
            let by = reading.observer.flatMap { $0.name == first.name ? nil : commandName($0.name) }
            return ask(.down(names, by: by), feed)
        }
    }

    /// Why a key cannot act on a node; `nil` if it can.
    private func problem(_ action: Action.NodeAction, _ row: NodeRow) -> String? {
        let state = words(.node(row.state))
        guard commandName(row.name) != nil else { return "\(row.name) is not a node of this console" }
        switch action {
        case .add: return nil
        case .kill: return row.alive ? nil : "kill: \(row.name) is \(state) already"
        case .freeze: return row.state == .running ? nil : "freeze: \(row.name) is \(state), not running"
        case .thaw: return row.state == .frozen ? nil : "thaw: \(row.name) is \(state), not frozen"
        case .restart:
            return row.alive ? "restart: \(row.name) is \(state); kill it (\(keys.name(of: .node(.kill)))) first" : nil
        case .leave:
            // A silent node may only not have been heard yet: the wish goes to it, and says so if no answer comes.
            return row.state == .running || row.state == .silent ? nil : "leave: \(row.name) is \(state), not running"
        case .down:
            switch row.displayStatus {
            case .unreachable: return nil
            case .up, .joining, .leaving, .exiting:
                return
                    "down: \(row.name) is \(words(.displayStatus(row.displayStatus))); only what is unreachable is marked down"
            case .down, .removed, .unknown:
                return "down: \(row.name) is \(words(.displayStatus(row.displayStatus))) already"
            }
        }
    }
}
