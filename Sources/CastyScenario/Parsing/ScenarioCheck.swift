/// Checks a scenario line by line for errors that need context: order, repetition, unknown nodes.
struct ScenarioCheck {
    private var firstLines: [Verb: Int] = [:]
    private var firstAct: Int?
    private var settingLines: [String: Int] = [:]
    private var nodes: Int?
    private var shards: Int?
    private var started: [NodeName] = []
    private var roleLines: [NodeName: Int] = [:]

    /// The errors of the next statement.
    mutating func problems(with statement: Statement) -> [ScenarioProblem] {
        let (line, command) = (statement.line, statement.command)
        guard !command.belongsToHeader else { return headerProblems(command, line) }
        firstAct = firstAct ?? line
        return nodeProblems(command, line) + shardProblems(command, line)
    }

    /// Records a line that could not be parsed, so that one mistake in the header is not reported repeatedly.
    mutating func skip(_ line: String) {
        let word = line.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
        guard let verb = Verb(rawValue: String(word)) else { return }
        if verb == .nodes { nodes = NodeName.numbers.upperBound }
        if verb == .shards { shards = Scenario.shardCounts.upperBound }
        if verb == .start { nodes = nodes.map { _ in NodeName.numbers.upperBound } }
    }

    private mutating func headerProblems(_ command: Command, _ line: Int) -> [ScenarioProblem] {
        var problems: [ScenarioProblem] = []
        if let act = firstAct {
            let what = "\(command.verb.rawValue) comes after line \(act), which already acts in the cluster"
            problems.append(
                ScenarioProblem(.misplaced, line: line, what: what, expected: "\(command.verb.rawValue) before it"))
        }
        if case .header(.nodes(let count)) = command {
            nodes = count
        } else if case .header(.shards(let count)) = command {
            shards = count
        } else if firstAct == nil, let first = firstLines[.nodes] {
            let what = "\(command.verb.rawValue) comes after nodes (line \(first))"
            problems.append(
                ScenarioProblem(.misplaced, line: line, what: what, expected: "\(command.verb.rawValue) before it"))
        }
        if case .header(.roles(let names, _)) = command {
            for name in names {
                guard let first = roleLines.updateValue(line, forKey: name) else { continue }
                let what = "the roles of \(name) stand already in line \(first)"
                problems.append(
                    ScenarioProblem(.misplaced, line: line, what: what, expected: "all of them in one line"))
            }
        } else if let first = repetition(of: command, line) {
            let what = "\(name(of: command)) stands already in line \(first)"
            problems.append(ScenarioProblem(.misplaced, line: line, what: what, expected: "it once"))
        }
        return problems
    }

    /// The earlier line with the same command.
    private mutating func repetition(of command: Command, _ line: Int) -> Int? {
        guard case .immediate(.set) = command else {
            let first = firstLines[command.verb]
            firstLines[command.verb] = first ?? line
            return first
        }
        let name = name(of: command)
        let first = settingLines[name]
        settingLines[name] = first ?? line
        return first
    }

    private func name(of command: Command) -> String {
        guard case .immediate(.set(let setting)) = command else { return command.verb.rawValue }
        return switch setting {
        case .preset: "preset"
        case .time(let setting, _): setting.rawValue
        case .threshold: "threshold"
        case .downing: "downing"
        case .passivation: "passivation"
        case .remember: "remember"
        case .whenUnstable: "when-unstable"
        case .accountRole: "account-role"
        case .accountState: "account-state"
        case .memory: "memory"
        case .singleton: "singleton"
        case .singletonRole: "singleton-role"
        }
    }

    private mutating func nodeProblems(_ command: Command, _ line: Int) -> [ScenarioProblem] {
        guard let nodes else { return [] }
        if case .immediate(.start(let names, _)) = command.acting {
            let known = names.filter { $0.number <= nodes || started.contains($0) }
            started += names
            return known.map { node in
                let what = "\(node) has been started already"
                return ScenarioProblem(
                    .misplaced, line: line, what: what, expected: "a node beyond n\(nodes), or restart \(node)")
            }
        }
        return command.nodesNamed.filter { $0.number > nodes && !started.contains($0) }.map { node in
            let what = "there is no \(node): nodes are n1 to n\(nodes)"
            return ScenarioProblem(
                .unknownNode, line: line, what: what, expected: "one of them, or start \(node) before")
        }
    }

    private func shardProblems(_ command: Command, _ line: Int) -> [ScenarioProblem] {
        let count = shards ?? Scenario.defaultShards
        guard let shard = command.shardNamed, shard >= count else { return [] }
        let what = "there is no shard \(shard): there are \(count), from 0"
        return [ScenarioProblem(.badValue, line: line, what: what, expected: "0 to \(count - 1)")]
    }
}
