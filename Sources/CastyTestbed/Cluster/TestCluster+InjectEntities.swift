import CastyActors
import CastyCore
import CastyObservability
import CastyScenario
import CastySimulator

// The faults of entities and their disks.

extension TestCluster {
    /// Makes an entity fail on its next messages.
    func poison(_ fault: Fault, _ lasting: Duration?, in simulation: SimulatedWorld) throws {
        guard case .entity(let entity)? = fault[key: .entity] else {
            throw TestClusterError("fault poison says which entity: fault poison entity account-7 times 3")
        }
        _ = try sample(of: entity.id)
        faults.poison(entity.id, times: fault[key: .times]?.number.map { Int($0) })
        if let lasting { simulation.schedule(at: now + lasting) { [faults] in faults.cure(entity.id) } }
    }

    /// Makes handlers on nodes fail.
    func letThrow(_ fault: Fault, _ lasting: Duration?, in simulation: SimulatedWorld) throws {
        for name in fault.nodes {
            let node = try node(name.number)
            if fault.ends {
                faults.letHandlersWork(on: node.name)
                continue
            }
            faults.letHandlersThrow(
                on: node.name, probability: fault[key: .chance]?.share ?? 0.05,
                times: fault[key: .times]?.number.map { Int($0) },
                generator: simulation.stream("throw \(node.name)"))
            guard let lasting else { continue }
            simulation.schedule(at: now + lasting) { [faults] in faults.letHandlersWork(on: node.name) }
        }
    }

    /// Makes the stores of nodes take time.
    ///
    /// - Parameters:
    ///   - hangs: The share of operations that take longer than a node waits for them, 0…1.
    ///   - locks: Whether they keep those of all nodes waiting meanwhile.
    func slowDisks(
        _ fault: Fault, hangs: Double = 0, locks: Bool = false, _ lasting: Duration?, in simulation: SimulatedWorld
    ) throws {
        try letTakeTime(fault, lasting, in: simulation) { [faults] name, generator in
            faults.slowStores(
                of: name, longest: .milliseconds(400), hangs: hangs, locks: locks, generator: generator)
        } undo: { [faults] name in
            faults.endSlowStores(of: name)
        }
    }

    /// Makes handlers on nodes take time.
    func stall(_ fault: Fault, _ lasting: Duration?, in simulation: SimulatedWorld) throws {
        let (longest, probability) = (fault[key: .period]?.time ?? .seconds(1), fault[key: .chance]?.share ?? 1)
        try letTakeTime(fault, lasting, in: simulation) { [faults] name, generator in
            faults.stall(name, longest: longest, probability: probability, generator: generator)
        } undo: { [faults] name in
            faults.endStall(name)
        }
    }

    /// Makes the work of entities on nodes take time, and undoes that after a while.
    private func letTakeTime(
        _ fault: Fault, _ lasting: Duration?, in simulation: SimulatedWorld,
        _ change: (_ node: String, SeededGenerator) -> Void, undo: @escaping @Sendable (_ node: String) -> Void
    ) throws {
        for number in fault.nodes.map(\.number) {
            let node = try node(number)
            let end: () -> Void = { [weak self, faults] in
                undo(node.name)
                guard !faults.takesTime(node.name) else { return }
                (self?.nodes[number]?.host as? SimulatedHost)?.node.budget = SimulatedNode.usualBudget
            }
            if fault.ends {
                end()
                continue
            }
            change(node.name, simulation.stream("stall \(node.name)"))
            // A budget of one message per turn: each message then has a turn that may take time.
            (node.host as? SimulatedHost)?.node.budget = 1
            guard let lasting else { continue }
            simulation.schedule(at: now + lasting, end)
        }
    }

    /// Makes the disks of some nodes work again, and at once.
    func mendDisks(_ fault: Fault) throws {
        for node in try fault.nodes.map({ try node($0.number) }) {
            disk.set(nil, of: node.name)
            faults.endSlowStores(of: node.name)
            if !faults.takesTime(node.name) {
                (node.host as? SimulatedHost)?.node.budget = SimulatedNode.usualBudget
            }
            inspector.emit(.note, subject: node.name, detail: .text("its disk works again"))
        }
    }

    /// Makes the disk fail for some nodes, and undoes that after a while.
    func breakDisks(_ fault: Fault, _ lasting: Duration?, in simulation: SimulatedWorld) throws {
        var trouble = DiskTrouble.failing
        if case .disk(let kind)? = fault[key: .error] { trouble = DiskTrouble(kind) ?? trouble }
        let names = try fault.nodes.map { try node($0.number).name }
        for name in names {
            disk.set(trouble, of: name)
            inspector.emit(.note, subject: name, reason: .text(trouble.word), detail: .text("its disk is in trouble"))
        }
        guard let lasting else { return }
        simulation.schedule(at: now + lasting) { [disk, inspector] in
            for name in names {
                disk.set(nil, of: name)
                inspector.emit(.note, subject: name, detail: .text("its disk works again"))
            }
        }
    }
}

extension DiskTrouble {
    /// The trouble for a scenario's keyword; `nil` if nothing fails.
    init?(_ fault: DiskFault) {
        switch fault {
        case .full: self = .full
        case .failing: self = .failing
        case .torn: self = .torn
        case .lostTail: self = .lostTail
        case .corrupt: self = .corrupt
        // These take time but do not fail.
        case .slow, .hanging, .locking: return nil
        }
    }

    /// The trouble in words.
    var word: String {
        switch self {
        case .full: "full"
        case .failing: "nothing can be read or written"
        case .torn: "writes are torn"
        case .lostTail: "what is not synced is lost"
        case .corrupt: "reads have flipped bits"
        }
    }
}
