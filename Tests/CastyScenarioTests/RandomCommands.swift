import CastyCore
import CastyObservability
import CastyScenario

/// Draws commands of every form from a seed.
struct RandomCommands {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func command(_ verb: Verb) -> Command {
        switch verb {
        case .seed: .header(.seed(generator.next()))
        case .set: .immediate(.set(setting()))
        case .seeds: .header(.seeds(nodes()))
        case .roles: .header(.roles(nodes(), flip() ? ["backend"] : ["web-2", "db"]))
        case .nodes: .header(.nodes(int(1, Scenario.mostNodes)))
        case .shards: .header(.shards(int(1, 16384)))
        case .start: .immediate(.start(nodes(), roles: flip() ? [] : ["backend", "web-2"]))
        case .spawn: .immediate(.spawn(entities()))
        case .tell: .immediate(.tell(Tell(entities(), text(), via: flip() ? node() : nil)))
        case .ask:
            .ask(
                Ask(
                    entity(), text(), via: flip() ? node() : nil, reply: flip() ? text() : nil,
                    within: flip() ? duration() : nil))
        case .load:
            .immediate(
                .load(
                    Load(
                        rate: Rate(perSecond: Thousandths(count: Int64(int(1, 5000)))), entities: int(1, 100_000),
                        duration: duration() + .milliseconds(1))))
        case .kill: .immediate(.kill(nodes()))
        case .freeze: .immediate(.freeze(nodes()))
        case .thaw: .immediate(.thaw(nodes()))
        case .restart: .immediate(.restart(nodes()))
        case .leave: .immediate(.leave(nodes()))
        case .down: .immediate(.down(nodes(), by: flip() ? node() : nil))
        case .cut: .immediate(.cut(cut()))
        case .heal: .immediate(.heal(heal()))
        case .link: .immediate(.link(link()))
        case .fault: .immediate(.fault(fault()))
        case .move: .immediate(.move(shard: int(0, 16383), to: node()))
        case .pin: .immediate(.pin(shard: int(0, 16383), to: node()))
        case .drain: .immediate(.drain(nodes()))
        case .undrain: .immediate(.undrain(nodes()))
        case .rebalance: .immediate(.rebalance(pick(Rebalance.allCases)))
        case .passivate: .immediate(.passivate(entities()))
        case .wait: .wait(duration())
        case .note: .immediate(.note(text()))
        case .at: .at(flip() ? .sinceStart(duration()) : .fromNow(duration()), command(pick(Self.schedulable)))
        case .expect: .expect(expect())
        }
    }

    private static let schedulable = Verb.allCases.filter {
        ![.seed, .seeds, .roles, .set, .nodes, .shards, .at, .wait].contains($0)
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[generator.below(elements.count)] }

    /// A line of words that often are right, seldom in the right order.
    mutating func noise() -> String {
        let words =
            Verb.allCases.map(\.rawValue) + ConsoleVerb.allCases.map(\.rawValue) + [
                "n1", "n2,n3", "n1,", ",", "->", "|", "+5s", "10s", "-1s", "via", "within", "on", "all", "account-1",
                "account-1..account-9", "{", "\"", "\\", "#", "5%", "200/s", "over", "for", "shard", "12", "to",
                "\u{7}",
                "99999999999999999999", "ü", "leader", "members", "up", "no", "slow", "factor", "by", "since", "..",
                "n",
            ]
        return (0..<int(0, 9)).map { _ in pick(words) + (int(0, 5) == 0 ? "" : " ") }.joined()
    }

    private mutating func int(_ low: Int, _ high: Int) -> Int { low + generator.below(high - low + 1) }

    private mutating func flip() -> Bool { generator.below(2) == 0 }

    private mutating func node() -> NodeName { NodeName(int(1, 254)) }

    private mutating func nodes() -> [NodeName] {
        Array(generator.permuted(Array(1...254)).prefix(int(1, 4))).map { NodeName($0) }
    }

    private mutating func duration() -> Duration {
        switch int(0, 4) {
        case 0: .zero
        case 1: .nanoseconds(int(1, 999_999))
        case 2: .milliseconds(int(1, 59_999))
        case 3: .seconds(int(1, 600))
        default: .seconds(3600 * int(1, 48))
        }
    }

    private mutating func text() -> String {
        let parts = [
            "deposit", "100", " ", "  ", "via", "->", "within", "#", "\"", "\\", "\n", "\t", "\u{1B}", "ü",
            "{\"a\": 1}", "[",
            "}", "n2", ",", "|", "\u{202E}", "\u{301}", "👩‍🚀", " via ", " -> 3",
        ]
        var text = ""
        for _ in 0..<int(1, 6) { text += pick(parts) }
        return text
    }

    private mutating func entity() -> EntityName {
        let id = pick(["account-7", "account-1..account-2", "cart-a b", "cart-\"x\"", "x-ü#1", "counter-", "a-b,c"])
        return EntityName(id) ?? EntityName("account-\(int(0, 999))")!
    }

    private mutating func entities() -> EntityPattern {
        let first = int(0, 50)
        guard flip(), let range = EntityRange(from: "cart-x\(first)", to: "cart-x\(first + int(0, 99))") else {
            return .single(entity())
        }
        return .range(range)
    }

    private mutating func cut() -> Cut {
        let nodes = generator.permuted(Array(1...20)).map { NodeName($0) }
        if flip() { return .oneWay(from: Array(nodes[0..<2]), to: Array(nodes[2..<3])) }
        return .split(flip() ? [Array(nodes[0..<2]), [nodes[4]]] : [[nodes[0]], [nodes[1]], Array(nodes[5..<9])])
    }

    private mutating func heal() -> Heal {
        let (first, second) = (NodeName(int(1, 9)), NodeName(int(10, 20)))
        return pick([.all, .pair(first, second), .oneWay(from: second, to: first)])
    }

    private mutating func link() -> LinkChange {
        let (one, other) = (NodeName(1), NodeName(int(2, 9)))
        let first = flip() ? [one] : [one, NodeName(10)]
        let second = flip() ? [other] : [NodeName(11), other]
        return LinkChange(
            pick([.all, .pair(first, second), .oneWay(from: second, to: first)]),
            latency: flip() ? .milliseconds(int(0, 900)) : nil,
            jitter: flip() ? .milliseconds(int(0, 900)) : nil,
            loss: flip() ? Percentage(percent: Thousandths(count: Int64(int(0, 100_000)))) : nil)
    }

    private mutating func setting() -> Setting {
        switch int(0, 13) {
        case 13: .memory(flip())
        case 12: .accountRole("backend")
        case 11: .singleton(flip())
        case 10: .singletonRole("backend")
        case 9: .whenUnstable(downsAll: flip())
        case 8: .passivation(.lfu(int(1, 9000)))
        case 7: .passivation(.lru(int(1, 9000)))
        case 6: .remember(flip())
        case 0: .preset(pick(Preset.allCases))
        case 1: .threshold(Thousandths(count: Int64(int(100, 300_000))))
        case 2: .downing(pick(Downing.allCases))
        case 3: .passivation(.off)
        case 4: .passivation(.idle(.milliseconds(int(1, 9000))))
        default: .time(pick(TimeSetting.allCases), .milliseconds(int(1, 9000)))
        }
    }

    private mutating func fault() -> Fault {
        let kind = pick(FaultKind.allCases)
        let count = kind.nodes.lowerBound + int(0, min(2, kind.nodes.upperBound - kind.nodes.lowerBound))
        let nodes = generator.permuted(Array(1...20)).prefix(count).map { NodeName($0) }
        let keys = generator.permuted(kind.keys).prefix(int(0, kind.keys.count))
        if kind.lasts, flip() { return Fault(kind, nodes: nodes, ends: true) }
        var arguments: [FaultArgument] = []
        for key in keys { arguments.append(FaultArgument(key, value(of: key))) }
        return Fault(kind, nodes: nodes, arguments: arguments)
    }

    private mutating func value(of key: FaultKey) -> FaultValue {
        switch key {
        case .duration, .period, .jump: .duration(.milliseconds(int(1, 9000)))
        case .factor, .limit, .times: .number(Thousandths(count: Int64(int(1000, 900_000))))
        case .rate: .percentage(Percentage(percent: Thousandths(count: Int64(int(-2000, 2000)))))
        case .chance: .percentage(Percentage(percent: Thousandths(count: Int64(int(0, 2000)))))
        case .error: .disk(pick(DiskFault.allCases))
        case .entity: .entity(entity())
        }
    }

    private mutating func expect() -> Expect {
        let expectation = expectation()
        return Expect(
            expectation, on: expectation.hasScope && flip() ? .nodes(nodes()) : .all,
            within: expectation.canBeAwaited && flip() ? duration() : nil)
    }

    private mutating func expectation() -> Expectation {
        switch int(0, 11) {
        case 0: .members(nodes())
        case 1: .nodes(nodes(), pick(NodeCondition.allCases))
        case 2: .leader(node())
        case 3: .coordinator(node())
        case 4: .converged
        case 5: .stopped(nodes())
        case 6: .balanced(by: int(0, 9))
        case 7: .shard(int(0, 16383), on: node())
        case 8: .entity(entity(), on: node())
        case 9: .lost(int(0, 9999))
        case 10: .no(pick(EventKind.allCases), since: flip() ? .start : .lastMet)
        default: .singleActivation
        }
    }
}
