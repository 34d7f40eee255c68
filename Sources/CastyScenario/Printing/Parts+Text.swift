import CastyObservability

extension EntityPattern: CustomStringConvertible {
    package var description: String {
        switch self {
        case .single(let name): Quoting.word(name.id)
        case .range(let range):
            "\(range.prefix)\(range.numbers.lowerBound)..\(range.prefix)\(range.numbers.upperBound)"
        }
    }
}

extension Moment: CustomStringConvertible {
    package var description: String {
        switch self {
        case .sinceStart(let time): time.scenarioText
        case .fromNow(let delay): "+" + delay.scenarioText
        }
    }
}

extension Tell: CustomStringConvertible {
    package var description: String { "\(entities) \(Quoting.message(message))" + clause("via", via) }
}

extension Ask: CustomStringConvertible {
    package var description: String {
        "\(Quoting.word(entity.id)) \(Quoting.message(message))" + clause("via", via)
            + clause("->", reply.map(Quoting.message)) + clause("within", within?.scenarioText)
    }
}

extension Load: CustomStringConvertible {
    package var description: String { "\(rate) over \(entities) entities for \(duration.scenarioText)" }
}

extension Cut: CustomStringConvertible {
    package var description: String {
        switch self {
        case .split(let groups): groups.map(\.list).joined(separator: " | ")
        case .oneWay(let from, let to): "\(from.list) -> \(to.list)"
        }
    }
}

extension LinkChange: CustomStringConvertible {
    package var description: String {
        let ends =
            switch ends {
            case .all: "all"
            case .pair(let first, let second): "\(first.list) \(second.list)"
            case .oneWay(let from, let to): "\(from.list) -> \(to.list)"
            }
        return ends + clause("latency", latency?.scenarioText) + clause("jitter", jitter?.scenarioText)
            + clause("loss", loss)
    }
}

extension Setting: CustomStringConvertible {
    package var description: String {
        switch self {
        case .preset(let preset): "preset \(preset.rawValue)"
        case .time(let setting, let duration): "\(setting.rawValue) \(duration.scenarioText)"
        case .threshold(let phi): "threshold \(phi)"
        case .downing(let strategy): "downing \(strategy.rawValue)"
        case .passivation(.idle(let duration)): "passivation idle \(duration.scenarioText)"
        case .passivation(.lru(let count)): "passivation lru \(count)"
        case .passivation(.lfu(let count)): "passivation lfu \(count)"
        case .passivation(.off): "passivation off"
        case .remember(let isOn): "remember \(isOn ? "on" : "off")"
        case .accountRole(let role): "account-role \(role)"
        case .accountState(let state): "account-state \(state.rawValue)"
        case .memory(let isOn): "memory \(isOn ? "on" : "off")"
        case .singleton(let isOn): "singleton \(isOn ? "on" : "off")"
        case .singletonRole(let role): "singleton-role \(role)"
        case .whenUnstable(let downsAll): "when-unstable \(downsAll ? "down-all" : "decide")"
        }
    }
}

extension Fault: CustomStringConvertible {
    package var description: String {
        kind.rawValue + (nodes.isEmpty ? "" : " " + nodes.list) + (ends ? " off" : "")
            + arguments.map { " \($0.key.rawValue) \($0.value)" }.joined()
    }
}

extension FaultValue: CustomStringConvertible {
    package var description: String {
        switch self {
        case .duration(let duration): duration.scenarioText
        case .percentage(let share): share.description
        case .number(let number): number.description
        case .disk(let error): error.rawValue
        case .entity(let name): Quoting.word(name.id)
        }
    }
}

extension Expect: CustomStringConvertible {
    package var description: String {
        let scope =
            switch scope {
            case .all: ""
            case .nodes(let nodes): " on \(nodes.list)"
            }
        return expectation.description + scope + clause("within", within?.scenarioText)
    }
}

extension Expectation: CustomStringConvertible {
    package var description: String {
        switch self {
        case .members(let nodes): "members \(nodes.list) up"
        case .nodes(let nodes, let condition): "\(nodes.list) \(condition.rawValue)"
        case .leader(let node): "leader \(node)"
        case .coordinator(let node): "coordinator \(node)"
        case .converged: "converged"
        case .stopped(let nodes): "stopped \(nodes.list)"
        case .balanced(let difference):
            "shards balanced" + (difference == Self.defaultBalance ? "" : " by \(difference)")
        case .shard(let shard, let node): "shard \(shard) on \(node)"
        case .entity(let entity, let node): "entity \(Quoting.word(entity.id)) on \(node)"
        case .lost(let count): "lost \(count)"
        case .no(let event, .lastMet): "no \(event.rawValue)"
        case .no(let event, .start): "no \(event.rawValue) since start"
        case .singleActivation: "single-activation"
        }
    }
}
