import CastyCore
import CastyScenario
import CastyTestbed

extension Exploration {
    private struct PlannedFault {
        let at: Moment
        let command: ImmediateCommand
    }

    /// The faults to inject for a seed, as commands with their times.
    func faults(in world: ExploredWorld, seed: UInt64) -> [Command] {
        var generator = SeededGenerator(seed: seed).fork("explore")
        let possible = families.filter { family in
            (world.everyone.count > 1 || !family.needsLink) && (!world.isGentle || family.isGentle)
        }
        guard !possible.isEmpty else { return [] }
        // Each seed has its own mixture of faults: leaving some out makes the others more frequent.
        var mixture = possible.filter { _ in generator.unit() < 0.6 }
        if mixture.isEmpty { mixture = possible }
        var actions: [PlannedFault] = []
        var time = Duration.seconds(2)
        while time < self.time {
            time += .milliseconds(Int64(500 + generator.below(7000)))
            let family = mixture[generator.below(mixture.count)]
            let nodes = world.started(at: time)
            // A single node has no link to break.
            if nodes.count == 1, family.needsLink { continue }
            actions += action(family, at: time, on: nodes, &generator)
        }
        // A fault after the recovery would never be undone.
        return actions.compactMap { action in
            if case .sinceStart(let at) = action.at, at >= self.time { return nil }
            return .at(action.at, .immediate(action.command))
        }
    }

    /// How long a node hangs. Half of the time: 0.1 to 120 s, with equal probability for each doubling. Otherwise:
    /// about as long as one of the limits of membership or sharding.
    private static func hang(_ generator: inout SeededGenerator) -> Duration {
        // The accepted pause, the detection, the lease, the margin and stability, and the sums of detection with those.
        let limits = [1000, 1700, 2900, 3000, 4700, 7700]
        if generator.unit() < 0.5 {
            let limit = limits[generator.below(limits.count)]
            return .milliseconds(Int64(limit * 85 / 100 + generator.below(limit * 30 / 100)))
        }
        let least = 100 << generator.below(11)
        return .milliseconds(Int64(min(least + generator.below(least), 120_000)))
    }

    /// The disk faults, except for slowness.
    private static let diskFaults = DiskFault.allCases.filter { $0 != .slow }

    private func action(
        _ family: FaultFamily, at time: Duration, on nodes: [NodeName], _ generator: inout SeededGenerator
    ) -> [PlannedFault] {
        let order = generator.permuted(nodes)
        let (first, second) = (order[0], order.count > 1 ? order[1] : order[0])
        let now = Moment.sinceStart(time)
        func later(_ most: Int) -> Moment { .sinceStart(time + .milliseconds(Int64(100 + generator.below(most)))) }
        func fault(_ kind: FaultKind, _ nodes: [NodeName], _ arguments: [FaultArgument] = []) -> ImmediateCommand {
            .fault(Fault(kind, nodes: nodes, arguments: arguments))
        }
        let long = FaultArgument(.duration, .duration(.milliseconds(Int64(500 + generator.below(10_000)))))
        switch family {
        case .kill:
            let victims = second != first && generator.unit() < 0.2 ? [first, second] : [first]
            return [PlannedFault(at: now, command: .kill(victims))]
                + victims.map { PlannedFault(at: later(20_000), command: .restart([$0])) }
        case .freeze:
            return [
                PlannedFault(at: now, command: .freeze([first])),
                PlannedFault(at: .sinceStart(time + Self.hang(&generator)), command: .thaw([first])),
            ]
        case .cut:
            let size = 1 + generator.below(order.count - 1)
            let groups = [order.prefix(size).sorted(), order.dropFirst(size).sorted()]
            return [
                PlannedFault(at: now, command: .cut(.split(groups))),
                PlannedFault(at: later(15_000), command: .heal(.all)),
            ]
        case .oneway:
            return [
                PlannedFault(at: now, command: .cut(.oneWay(from: [first], to: [second]))),
                PlannedFault(at: later(10_000), command: .heal(.pair(first, second))),
            ]
        case .link:
            let change = LinkChange(
                .pair(first, second), latency: .milliseconds(Int64(1 + generator.below(150))),
                jitter: .milliseconds(Int64(generator.below(50))),
                loss: Percentage(percent: Thousandths(count: Int64(generator.below(15_000)))))
            return [
                PlannedFault(at: now, command: .link(change)),
                PlannedFault(at: later(15_000), command: .link(LinkChange(.pair(first, second)))),
            ]
        case .burst:
            let ends: LinkChange.Ends = generator.unit() < 0.25 ? .all : .pair(first, second)
            let loss = Percentage(percent: Thousandths(count: Int64(40_000 + generator.below(56_000))))
            return [
                PlannedFault(at: now, command: .link(LinkChange(ends, loss: loss))),
                PlannedFault(at: later(4000), command: .link(LinkChange(ends))),
            ]
        case .flap:
            let period = FaultArgument(.period, .duration(.milliseconds(Int64(200 + generator.below(4000)))))
            let times = FaultArgument(.times, .number(Thousandths(count: Int64(1000 * (1 + generator.below(5))))))
            return [PlannedFault(at: now, command: fault(.flap, [first, second], [period, times]))]
        case .narrow:
            let limit = FaultArgument(.limit, .number(Thousandths(count: Int64(4000 << generator.below(4)) * 1000)))
            return [PlannedFault(at: now, command: fault(.bandwidth, [first, second], [limit, long]))]
        case .reset: return [PlannedFault(at: now, command: fault(.reset, [first, second]))]
        case .leave:
            return [
                PlannedFault(at: now, command: .leave([first])),
                PlannedFault(at: .sinceStart(time + .seconds(8)), command: .restart([first])),
            ]
        case .slow:
            let factor = FaultArgument(.factor, .number(Thousandths(count: Int64(2000 + generator.below(40_000)))))
            return [PlannedFault(at: now, command: fault(.slow, [first], [factor, long]))]
        case .clock:
            let rate = Thousandths(count: Int64(generator.below(2001)) - 1000)
            let share = FaultArgument(.rate, .percentage(Percentage(percent: rate)))
            let drift = FaultArgument(.duration, .duration(.milliseconds(Int64(5000 + generator.below(115_000)))))
            return [PlannedFault(at: now, command: fault(.clock, [first], [share, drift]))]
        case .disk:
            let error = FaultArgument(.error, .disk(Self.diskFaults[generator.below(Self.diskFaults.count)]))
            let nodes = second != first && generator.unit() < 0.3 ? [first, second] : [first]
            return [PlannedFault(at: now, command: fault(.disk, nodes, [error, long]))]
        case .poison:
            let times = FaultArgument(.times, .number(Thousandths(count: Int64(1000 * (1 + generator.below(5))))))
            if generator.unit() < 0.5, let entity = EntityName("account-\(1 + generator.below(40))") {
                return [
                    PlannedFault(
                        at: now, command: fault(.poison, [], [FaultArgument(.entity, .entity(entity)), times, long]))
                ]
            }
            let share = FaultArgument(.chance, .percentage(Percentage(percent: 20)))
            return [PlannedFault(at: now, command: fault(.throw, [first], [share, times, long]))]
        case .stall:
            let nodes = second != first && generator.unit() < 0.3 ? [first, second] : [first]
            if generator.unit() < 0.3 {
                return [
                    PlannedFault(at: now, command: fault(.disk, nodes, [FaultArgument(.error, .disk(.slow)), long]))
                ]
            }
            let share = FaultArgument(
                .chance, .percentage(Percentage(percent: Thousandths(count: 1000 * Int64(5 + generator.below(40))))))
            let each = FaultArgument(.period, .duration(.milliseconds(Int64(20 << generator.below(7)))))
            return [PlannedFault(at: now, command: fault(.stall, nodes, [each, share, long]))]
        case .operate:
            if generator.unit() < 0.25 {
                return [
                    PlannedFault(at: now, command: .drain([first])),
                    PlannedFault(at: later(12_000), command: .undrain([first])),
                ]
            }
            let shard = generator.below(Scenario.defaultShards)
            let entity = EntityName("account-\(1 + generator.below(40))")
            let choices: [ImmediateCommand] =
                [.move(shard: shard, to: first), .rebalance(.now)] + (entity.map { [.passivate(.single($0))] } ?? [])
            return [PlannedFault(at: now, command: choices[generator.below(choices.count)])]
        }
    }
}
