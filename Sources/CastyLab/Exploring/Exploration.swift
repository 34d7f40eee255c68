import CastyPrimitives
package import CastyScenario

/// Makes a scenario out of a seed: a cluster under load, a time of random faults, then a time in which all must become well.
package struct Exploration: Sendable {
    package var nodes: Int
    /// How long faults strike.
    package var time: Duration
    package var families: [FaultFamily]
    /// The downing strategy; `nil` leaves the usual one.
    package var downing: Downing?

    package init(
        nodes: Int = 5, time: Duration = .seconds(120), families: [FaultFamily] = FaultFamily.allCases,
        downing: Downing? = nil
    ) {
        self.nodes = nodes
        self.time = time
        self.families = families
        self.downing = downing
    }

    /// The scenario of a seed. Each line of faults stands for itself, so that any of them can be left out.
    package func scenario(seed: UInt64) -> Scenario {
        var chance = SeededGenerator(seed: seed).fork("explore")
        let everyone = (1...nodes).map(NodeName.init)
        var commands: [Command] = [.seed(seed)]
        if let downing { commands.append(.set(.downing(downing))) }
        // Apart from the faults, which stay the same.
        var coin = SeededGenerator(seed: seed).fork("explore/remember")
        if coin.unit() < 0.4 { commands.append(.set(.remember(true))) }
        commands += [.nodes(nodes), .shards(Scenario.defaultShards)]
        let up = Command.expect(Expect(.members(everyone), within: .seconds(30)))
        commands.append(up)
        if let first = EntityRange(from: "account-1", to: "account-40") { commands.append(.spawn(.range(first))) }
        commands.append(.expect(Expect(.balanced(by: Expectation.defaultBalance), within: .seconds(30))))
        commands.append(
            .load(Load(rate: Rate(perSecond: 20), entities: 40, duration: time + .seconds(20))))
        commands += faults(&chance).map { .at($0.at, $0.command) }
        commands.append(.wait(time))
        commands += recovery(everyone)
        var last = SeededGenerator(seed: seed).fork("finale")
        commands += finale(everyone, &last)
        return Scenario(
            file: "seed \(seed)", title: "Random faults of seed \(seed)",
            statements: commands.enumerated().map { Statement(line: $0 + 1, command: $1) })
    }

    /// The liveness phase: every fault is over, and within stated bounds all nodes agree and every shard serves.
    private func recovery(_ everyone: [NodeName]) -> [Command] {
        // One line a node: a line that names one which is not frozen is refused whole.
        var commands: [Command] = [.heal(.all), .link(LinkChange(.all))]
        commands += everyone.map { .thaw([$0]) }
        commands += [.rebalance(.resume), .wait(.seconds(15))]
        commands += everyone.map { .restart([$0]) }
        commands += [
            .expect(Expect(.members(everyone), within: .seconds(40))),
            .expect(Expect(.converged, within: .seconds(10))),
            .expect(Expect(.balanced(by: Expectation.defaultBalance), within: .seconds(40))),
        ]
        for number in [1, 7, 23] {
            guard let entity = EntityName("account-\(number)") else { continue }
            commands.append(.ask(Ask(entity, "balance", within: .seconds(10))))
        }
        commands.append(.expect(Expect(.singleActivation)))
        return commands
    }

    /// One fault more, or none, in a cluster that is well: some invariants can be judged only where nothing else is wrong.
    private func finale(_ everyone: [NodeName], _ chance: inout SeededGenerator) -> [Command] {
        guard everyone.count > 1 else { return [] }
        let order = chance.permuted(everyone)
        switch chance.below(3) {
        case 0: return [.wait(.seconds(12))]
        case 1:
            return [
                .wait(.seconds(9)), .kill([order[0]]), .wait(.milliseconds(Int64(100 + chance.below(3000)))),
                .restart([order[0]]), .wait(.seconds(10)),
            ]
        default:
            let size = 1 + chance.below(everyone.count - 1)
            let groups = [order.prefix(size).sorted(), order.dropFirst(size).sorted()]
            return [.wait(.seconds(9)), .cut(.split(groups)), .wait(.seconds(14))]
        }
    }

    /// Whether a command is one of the random faults, and may be left out.
    package static func isFault(_ statement: Statement) -> Bool {
        if case .at = statement.command { true } else { false }
    }
}

extension Exploration {
    private struct Stroke {
        let at: Moment
        let command: Command
    }

    private func faults(_ chance: inout SeededGenerator) -> [Stroke] {
        guard !families.isEmpty, nodes > 1 else { return [] }
        // Each seed has its own mixture: what never happens leaves room for what does.
        var mixture = families.filter { _ in chance.unit() < 0.6 }
        if mixture.isEmpty { mixture = families }
        var strokes: [Stroke] = []
        var time = Duration.seconds(2)
        while time < self.time {
            time += .milliseconds(Int64(500 + chance.below(7000)))
            let family = mixture[chance.below(mixture.count)]
            strokes += stroke(family, at: time, &chance)
        }
        // A fault that came after the recovery would never be made good.
        return strokes.filter { stroke in
            if case .sinceStart(let at) = stroke.at { at < self.time } else { true }
        }
    }

    /// How long a node hangs: 0.1 to 120 s, each doubling as likely as the other, and in every other case about as long as a limit that
    /// membership or sharding knows.
    private static func hang(_ chance: inout SeededGenerator) -> Duration {
        // The accepted pause, the detection, the lease, the margin and stability, and the sums of detection with those.
        let limits = [1000, 1700, 2900, 3000, 4700, 7700]
        if chance.unit() < 0.5 {
            let limit = limits[chance.below(limits.count)]
            return .milliseconds(Int64(limit * 85 / 100 + chance.below(limit * 30 / 100)))
        }
        let least = 100 << chance.below(11)
        return .milliseconds(Int64(min(least + chance.below(least), 120_000)))
    }

    private func stroke(_ family: FaultFamily, at time: Duration, _ chance: inout SeededGenerator) -> [Stroke] {
        let first = NodeName(1 + chance.below(nodes))
        var second = NodeName(1 + chance.below(nodes - 1))
        if second >= first { second = NodeName(second.number + 1) }
        let now = Moment.sinceStart(time)
        func later(_ most: Int) -> Moment { .sinceStart(time + .milliseconds(Int64(100 + chance.below(most)))) }
        func fault(_ kind: FaultKind, _ nodes: [NodeName], _ arguments: [FaultArgument] = []) -> Command {
            .fault(Fault(kind, nodes: nodes, arguments: arguments))
        }
        let long = FaultArgument(.duration, .duration(.milliseconds(Int64(500 + chance.below(10_000)))))
        switch family {
        case .kill:
            let victims = chance.unit() < 0.2 ? [first, second] : [first]
            return [Stroke(at: now, command: .kill(victims))]
                + victims.map { Stroke(at: later(20_000), command: .restart([$0])) }
        case .freeze:
            return [
                Stroke(at: now, command: .freeze([first])),
                Stroke(at: .sinceStart(time + Self.hang(&chance)), command: .thaw([first])),
            ]
        case .cut:
            let order = chance.permuted((1...nodes).map(NodeName.init))
            let size = 1 + chance.below(nodes - 1)
            let groups = [order.prefix(size).sorted(), order.dropFirst(size).sorted()]
            return [Stroke(at: now, command: .cut(.split(groups))), Stroke(at: later(15_000), command: .heal(.all))]
        case .oneway:
            return [
                Stroke(at: now, command: .cut(.oneWay(from: [first], to: [second]))),
                Stroke(at: later(10_000), command: .heal(.pair(first, second))),
            ]
        case .link:
            let change = LinkChange(
                .pair(first, second), latency: .milliseconds(Int64(1 + chance.below(150))),
                jitter: .milliseconds(Int64(chance.below(50))),
                loss: Percentage(percent: Thousandths(count: Int64(chance.below(15_000)))))
            return [
                Stroke(at: now, command: .link(change)),
                Stroke(at: later(15_000), command: .link(LinkChange(.pair(first, second)))),
            ]
        case .flap:
            let period = FaultArgument(.period, .duration(.milliseconds(Int64(200 + chance.below(4000)))))
            let times = FaultArgument(.times, .number(Thousandths(count: Int64(1000 * (1 + chance.below(5))))))
            return [Stroke(at: now, command: fault(.flap, [first, second], [period, times]))]
        case .reset: return [Stroke(at: now, command: fault(.reset, [first, second]))]
        case .leave:
            return [
                Stroke(at: now, command: .leave([first])),
                Stroke(at: .sinceStart(time + .seconds(8)), command: .restart([first])),
            ]
        case .slow:
            let factor = FaultArgument(.factor, .number(Thousandths(count: Int64(2000 + chance.below(40_000)))))
            return [Stroke(at: now, command: fault(.slow, [first], [factor, long]))]
        case .clock:
            let rate = Thousandths(count: Int64(chance.below(2001)) - 1000)
            let share = FaultArgument(.rate, .percentage(Percentage(percent: rate)))
            let drift = FaultArgument(.duration, .duration(.milliseconds(Int64(5000 + chance.below(115_000)))))
            return [Stroke(at: now, command: fault(.clock, [first], [share, drift]))]
        case .disk:
            let error = FaultArgument(.error, .disk(DiskFault.allCases[chance.below(DiskFault.allCases.count)]))
            let nodes = chance.unit() < 0.3 ? [first, second] : [first]
            return [Stroke(at: now, command: fault(.disk, nodes, [error, long]))]
        case .poison:
            let times = FaultArgument(.times, .number(Thousandths(count: Int64(1000 * (1 + chance.below(5))))))
            if chance.unit() < 0.5, let entity = EntityName("account-\(1 + chance.below(40))") {
                return [
                    Stroke(
                        at: now, command: fault(.poison, [], [FaultArgument(.entity, .entity(entity)), times, long]))
                ]
            }
            let share = FaultArgument(.chance, .percentage(Percentage(percent: 20)))
            return [Stroke(at: now, command: fault(.throw, [first], [share, times, long]))]
        case .operate:
            let shard = chance.below(Scenario.defaultShards)
            let entity = EntityName("account-\(1 + chance.below(40))")
            let choices: [Command] =
                [.move(shard: shard, to: first), .rebalance(.now)] + (entity.map { [.passivate(.single($0))] } ?? [])
            return [Stroke(at: now, command: choices[chance.below(choices.count)])]
        }
    }
}
