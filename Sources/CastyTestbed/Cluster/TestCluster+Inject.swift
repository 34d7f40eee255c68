import CastyActors
import CastyCore
import CastyObservability
package import CastyScenario
import CastySimulator

extension TestCluster {
    /// The duration of one turn on a slowed node, per unit of the factor.
    private static let usualTurn = Duration.microseconds(50)

    /// Injects a fault that has no command of its own. Works in the simulated runtime only.
    package func inject(_ fault: Fault) throws {
        guard let simulation = (world as? SimulatedClusterWorld)?.simulation else {
            throw TestClusterError("fault \(fault.kind.rawValue) exists in the simulated world only")
        }
        let lasting = fault[key: .duration]?.time
        disturbances.fault(until: fault.ends ? now : end(of: fault, lasting: lasting))
        // What the oracle expects of a fault without an end stays as lenient as it is.
        if !fault.ends { try note(fault, lasting) }
        switch fault.kind {
        case .slow:
            let turn = Self.usualTurn * (fault[key: .factor]?.number ?? 10)
            try each(fault, lasting, in: simulation, { $0.turnTime = turn }, undo: { $0.turnTime = .zero })
        case .clock: try shiftClocks(fault, lasting, in: simulation)
        case .bandwidth:
            let limit = Int(fault[key: .limit]?.number ?? 100_000)
            try links(
                fault, lasting, in: simulation, { $0.profile.bandwidth = limit }, undo: { $0.profile.bandwidth = nil })
        case .corrupt:
            let probability = fault[key: .chance]?.share ?? 0.01
            try links(
                fault, lasting, in: simulation, { $0.profile.corruption = probability },
                undo: { $0.profile.corruption = 0 })
        case .trickle:
            try links(
                fault, lasting, in: simulation, { $0.profile.pieceLimit = 1 }, undo: { $0.profile.pieceLimit = nil })
        case .refuse:
            try links(
                fault, lasting, in: simulation, { $0.refusesConnections = true },
                undo: { $0.refusesConnections = false })
        case .reset:
            for (first, second) in try pairs(fault) {
                simulation.network.resetConnections(between: first.host, and: second.host)
            }
        case .halfOpen:
            for (first, second) in try pairs(fault) {
                simulation.network.forgetConnections(at: first.host, with: second.host)
            }
        case .flap: try flap(fault, in: simulation)
        case .swizzle: try swizzle(fault, in: simulation)
        case .poison: try poison(fault, lasting, in: simulation)
        case .throw: try letThrow(fault, lasting, in: simulation)
        case .disk where fault.ends: try mendDisks(fault)
        case .disk where fault[key: .error] == .disk(.slow): try slowDisks(fault, lasting, in: simulation)
        case .disk where fault[key: .error] == .disk(.hanging):
            try slowDisks(fault, hangs: 0.1, lasting, in: simulation)
        case .disk where fault[key: .error] == .disk(.locking):
            try slowDisks(fault, locks: true, lasting, in: simulation)
        case .disk: try breakDisks(fault, lasting, in: simulation)
        case .stall: try stall(fault, lasting, in: simulation)
        }
    }

    private func shiftClocks(_ fault: Fault, _ lasting: Duration?, in simulation: SimulatedWorld) throws {
        if let jump = fault[key: .jump]?.time {
            try each(fault, nil, in: simulation, { $0.advanceClock(by: jump) }, undo: { _ in })
        }
        guard let rate = fault.ends ? 0 : fault[key: .rate]?.share else { return }
        let millionths = Int(rate * 1e6)
        try each(
            fault, lasting, in: simulation, { $0.setClockRate(partsPerMillion: millionths) },
            undo: { $0.setClockRate(partsPerMillion: 0) })
    }

    /// The latest end of a fault; `.distantFuture` for a permanent one.
    private func end(of fault: Fault, lasting: Duration?) -> Instant {
        switch fault.kind {
        case .reset, .flap, .swizzle:
            let rounds = Int(fault[key: .times]?.number ?? 5) + fault.nodes.count
            return now + (fault[key: .period]?.time ?? .seconds(1)) * (2 * max(1, rounds) * max(1, fault.nodes.count))
        case .clock where fault[key: .jump]?.time != nil && fault[key: .rate] == nil: return now
        case .slow, .clock, .bandwidth, .corrupt, .trickle, .refuse, .halfOpen, .disk, .throw, .stall, .poison:
            return lasting.map { now + $0 } ?? .distantFuture
        }
    }

    /// Records in the oracle what a fault will do. When a node is no longer slow, it still has a backlog to process.
    private func note(_ fault: Fault, _ lasting: Duration?) throws {
        let end = lasting.map { now + $0 } ?? .distantFuture
        switch fault.kind {
        case .slow, .clock:
            let hasJumped = fault.kind == .clock && fault[key: .jump] != nil
            let isSlow = fault.kind == .slow
            let recovered = hasJumped ? now : isSlow ? end + (lasting ?? .zero) : end
            for name in fault.nodes {
                oracle.sickened(
                    try node(name.number).number, until: recovered, hasClockFault: fault.kind == .clock,
                    hasJumped: hasJumped, at: now)
            }
        case .bandwidth where Int(fault[key: .limit]?.number ?? 100_000) >= Oracle.leastBandwidth:
            for (first, second) in try numberedPairs(fault) {
                for direction in [Direction(from: first, to: second), Direction(from: second, to: first)] {
                    oracle.narrowed(direction, until: end, at: now)
                }
            }
        case .bandwidth, .corrupt, .trickle, .refuse, .reset, .halfOpen:
            let isMoment = fault.kind == .reset || fault.kind == .halfOpen
            for (first, second) in try numberedPairs(fault) {
                for direction in [Direction(from: first, to: second), Direction(from: second, to: first)] {
                    oracle.harmed(direction, until: isMoment ? now : end, at: now)
                }
            }
        case .flap, .swizzle, .disk, .throw, .stall, .poison: break
        }
    }

    /// Changes each of the nodes, and reverts the change after a while.
    private func each(
        _ fault: Fault, _ lasting: Duration?, in simulation: SimulatedWorld,
        _ change: @escaping (SimulatedNode) -> Void, undo: @escaping (SimulatedNode) -> Void
    ) throws {
        let nodes = try fault.nodes.compactMap { (try node($0.number).host as? SimulatedHost)?.node }
        if fault.ends {
            for node in nodes where !node.isGone { undo(node) }
            return
        }
        for node in nodes { change(node) }
        if let lasting {
            simulation.schedule(at: now + lasting) { for node in nodes where !node.isGone { undo(node) } }
        }
    }

    /// Changes the fault's links in both directions, and reverts the change after a while.
    private func links(
        _ fault: Fault, _ lasting: Duration?, in simulation: SimulatedWorld, _ change: @escaping (Link) -> Void,
        undo: @escaping (Link) -> Void
    ) throws {
        let links = try pairs(fault).flatMap { first, second in
            [
                simulation.network.link(from: first.host, to: second.host),
                simulation.network.link(from: second.host, to: first.host),
            ]
        }
        if fault.ends {
            for link in links { undo(link) }
            return
        }
        for link in links { change(link) }
        if let lasting { simulation.schedule(at: now + lasting) { for link in links { undo(link) } } }
    }

    /// The two ends of the link that the fault names, or all links of the nodes that it names.
    private func pairs(_ fault: Fault) throws -> [(NodeAddress, NodeAddress)] {
        try numberedPairs(fault).map { (address(of: $0), address(of: $1)) }
    }

    private func numberedPairs(_ fault: Fault) throws -> [(Int, Int)] {
        for name in fault.nodes { _ = try node(name.number) }
        if fault.nodes.count == 2, fault.kind.nodes.upperBound == 2 {
            return [(fault.nodes[0].number, fault.nodes[1].number)]
        }
        return fault.nodes.flatMap { name in numbers.filter { $0 != name.number }.map { (name.number, $0) } }
    }

    /// Cuts and heals one link repeatedly.
    private func flap(_ fault: Fault, in simulation: SimulatedWorld) throws {
        let ends = fault.nodes.map(\.number)
        guard ends.count == 2 else { throw TestClusterError("fault flap takes the two ends of a link") }
        for number in ends { _ = try node(number) }
        let period = fault[key: .period]?.time ?? .seconds(1)
        let times = Int(fault[key: .times]?.number ?? 5)
        for index in 0..<max(0, times) {
            let start = now + period * index
            simulation.schedule(at: start) { [weak self] in try? self?.cut([[ends[0]], [ends[1]]]) }
            simulation.schedule(at: start + period / 2) { [weak self] in try? self?.heal((ends[0], ends[1])) }
        }
    }

    /// Isolates nodes one by one, then reconnects them in another order.
    private func swizzle(_ fault: Fault, in simulation: SimulatedWorld) throws {
        let named = fault.nodes.map(\.number)
        for number in named { _ = try node(number) }
        let period = fault[key: .period]?.time ?? .seconds(1)
        var generator = simulation.stream("swizzle")
        let others = { (number: Int) in self.numbers.filter { $0 != number } }
        for round in 0..<max(1, Int(fault[key: .times]?.number ?? 1)) {
            let start = now + period * (2 * named.count * round)
            for (index, number) in named.enumerated() {
                simulation.schedule(at: start + period * index) { [weak self] in
                    try? self?.cut([[number], others(number)])
                }
            }
            for (index, number) in generator.permuted(named).enumerated() {
                simulation.schedule(at: start + period * (named.count + index)) { [weak self] in
                    for other in others(number) { try? self?.heal((number, other)) }
                }
            }
        }
    }
}

extension FaultValue {
    var time: Duration? {
        switch self {
        case .duration(let duration): duration
        case .percentage, .number, .disk, .entity: nil
        }
    }

    var number: Double? {
        switch self {
        case .number(let number): number.value
        case .duration, .percentage, .disk, .entity: nil
        }
    }

    var share: Double? {
        switch self {
        case .percentage(let share): share.fraction
        case .duration, .number, .disk, .entity: nil
        }
    }
}
