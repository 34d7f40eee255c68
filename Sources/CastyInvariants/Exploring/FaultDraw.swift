import CastyCore
import CastyScenario

/// A fault to inject, or its end.
struct PlannedFault {
    let at: Moment
    let command: ImmediateCommand
}

/// Draws the faults of one moment of an exploration: what is struck, how hard and for how long.
struct FaultDraw {
    private(set) var generator: SeededGenerator
    private let time: Duration
    /// The nodes, in a random order.
    private let order: [NodeName]
    private let first: NodeName
    /// Another node than the first, if there is one.
    private let second: NodeName
    /// How long a fault lasts that ends by itself.
    private let long: FaultArgument

    init(at time: Duration, on nodes: [NodeName], _ generator: SeededGenerator) {
        var generator = generator
        self.time = time
        order = generator.permuted(nodes)
        first = order[0]
        second = order.count > 1 ? order[1] : order[0]
        long = FaultArgument(.duration, .duration(.milliseconds(Int64(500 + generator.below(10_000)))))
        self.generator = generator
    }

    mutating func faults(of family: FaultFamily) -> [PlannedFault] {
        switch family {
        case .kill: kill()
        case .freeze:
            [now(.freeze([first])), PlannedFault(at: .sinceStart(time + hang()), command: .thaw([first]))]
        case .leave:
            [
                now(.leave([first])),
                PlannedFault(at: .sinceStart(time + .seconds(8)), command: .restart([first])),
            ]
        case .slow: [now(.slow, [first], [number(.factor, thousandths: 2000 + generator.below(40_000)), long])]
        case .clock: clock()
        case .cut: cut()
        case .oneway:
            [now(.cut(.oneWay(from: [first], to: [second]))), later(10_000, .heal(.pair(first, second)))]
        case .link: link()
        case .burst: burst()
        case .flap: flap()
        case .narrow:
            [
                now(
                    .bandwidth, [first, second],
                    [number(.limit, thousandths: (4000 << generator.below(4)) * 1000), long])
            ]
        case .reset: [now(.reset, [first, second])]
        case .disk: disk()
        case .poison: poison()
        case .stall: stall()
        case .operate: operate()
        }
    }
}

// MARK: Nodes

extension FaultDraw {
    private mutating func kill() -> [PlannedFault] {
        let victims = second != first && generator.unit() < 0.2 ? [first, second] : [first]
        var faults = [now(.kill(victims))]
        for victim in victims { faults.append(later(20_000, .restart([victim]))) }
        return faults
    }

    /// How long a node hangs. Half of the time: 0.1 to 120 s, with equal probability for each doubling. Otherwise:
    /// about as long as one of the limits of membership or sharding.
    private mutating func hang() -> Duration {
        // The accepted pause, the detection, the lease, the margin and stability, and the sums of detection with those.
        let limits = [1000, 1700, 2900, 3000, 4700, 7700]
        if generator.unit() < 0.5 {
            let limit = limits[generator.below(limits.count)]
            return .milliseconds(Int64(limit * 85 / 100 + generator.below(limit * 30 / 100)))
        }
        let least = 100 << generator.below(11)
        return .milliseconds(Int64(min(least + generator.below(least), 120_000)))
    }

    private mutating func clock() -> [PlannedFault] {
        let rate = Thousandths(count: Int64(generator.below(2001)) - 1000)
        let drift = FaultArgument(.duration, .duration(.milliseconds(Int64(5000 + generator.below(115_000)))))
        return [now(.clock, [first], [FaultArgument(.rate, .percentage(Percentage(percent: rate))), drift])]
    }

    private mutating func operate() -> [PlannedFault] {
        if generator.unit() < 0.25 { return [now(.drain([first])), later(12_000, .undrain([first]))] }
        let shard = generator.below(Scenario.defaultShards)
        let entity = EntityName("account-\(1 + generator.below(40))")
        let choices: [ImmediateCommand] =
            [.move(shard: shard, to: first), .rebalance(.now)] + (entity.map { [.passivate(.single($0))] } ?? [])
        return [now(choices[generator.below(choices.count)])]
    }
}

// MARK: Links

extension FaultDraw {
    private mutating func cut() -> [PlannedFault] {
        let size = 1 + generator.below(order.count - 1)
        let groups = [order.prefix(size).sorted(), order.dropFirst(size).sorted()]
        return [now(.cut(.split(groups))), later(15_000, .heal(.all))]
    }

    private mutating func link() -> [PlannedFault] {
        let change = LinkChange(
            .pair([first], [second]), latency: .milliseconds(Int64(1 + generator.below(150))),
            jitter: .milliseconds(Int64(generator.below(50))),
            loss: Percentage(percent: Thousandths(count: Int64(generator.below(15_000)))))
        return [now(.link(change)), later(15_000, .link(LinkChange(.pair([first], [second]))))]
    }

    private mutating func burst() -> [PlannedFault] {
        let ends: LinkChange.Ends = generator.unit() < 0.25 ? .all : .pair([first], [second])
        let loss = Percentage(percent: Thousandths(count: Int64(40_000 + generator.below(56_000))))
        return [now(.link(LinkChange(ends, loss: loss))), later(4000, .link(LinkChange(ends)))]
    }

    private mutating func flap() -> [PlannedFault] {
        let period = FaultArgument(.period, .duration(.milliseconds(Int64(200 + generator.below(4000)))))
        let times = number(.times, thousandths: 1000 * (1 + generator.below(5)))
        return [now(.flap, [first, second], [period, times])]
    }
}

// MARK: Entities and disks

extension FaultDraw {
    /// The disk faults that fail operations.
    private static let diskFaults = DiskFault.allCases.filter { ![.slow, .hanging, .locking].contains($0) }

    private mutating func disk() -> [PlannedFault] {
        let error = FaultArgument(.error, .disk(Self.diskFaults[generator.below(Self.diskFaults.count)]))
        return [now(.disk, oneOrTwo(), [error, long])]
    }

    private mutating func poison() -> [PlannedFault] {
        let times = number(.times, thousandths: 1000 * (1 + generator.below(5)))
        if generator.unit() < 0.5, let entity = EntityName("account-\(1 + generator.below(40))") {
            return [now(.poison, [], [FaultArgument(.entity, .entity(entity)), times, long])]
        }
        let share = FaultArgument(.chance, .percentage(Percentage(percent: 20)))
        return [now(.throw, [first], [share, times, long])]
    }

    private mutating func stall() -> [PlannedFault] {
        let nodes = oneOrTwo()
        let draw = generator.unit()
        if draw < 0.3 {
            let error: DiskFault = draw < 0.15 ? .hanging : draw < 0.2 ? .locking : .slow
            return [now(.disk, nodes, [FaultArgument(.error, .disk(error)), long])]
        }
        let share = FaultArgument(
            .chance, .percentage(Percentage(percent: Thousandths(count: 1000 * Int64(5 + generator.below(40))))))
        let each = FaultArgument(.period, .duration(.milliseconds(Int64(20 << generator.below(7)))))
        return [now(.stall, nodes, [each, share, long])]
    }

    private mutating func oneOrTwo() -> [NodeName] {
        second != first && generator.unit() < 0.3 ? [first, second] : [first]
    }
}

extension FaultDraw {
    private func now(_ command: ImmediateCommand) -> PlannedFault {
        PlannedFault(at: .sinceStart(time), command: command)
    }

    private func now(_ kind: FaultKind, _ nodes: [NodeName], _ arguments: [FaultArgument] = []) -> PlannedFault {
        now(.fault(Fault(kind, nodes: nodes, arguments: arguments)))
    }

    /// A command within `most` milliseconds.
    private mutating func later(_ most: Int, _ command: ImmediateCommand) -> PlannedFault {
        PlannedFault(at: .sinceStart(time + .milliseconds(Int64(100 + generator.below(most)))), command: command)
    }

    private func number(_ key: FaultKey, thousandths count: Int) -> FaultArgument {
        FaultArgument(key, .number(Thousandths(count: Int64(count))))
    }
}
