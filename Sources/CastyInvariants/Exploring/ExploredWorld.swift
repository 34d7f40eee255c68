import CastyCore
import CastyScenario
import CastyTestbed

/// The cluster of one seed.
struct ExploredWorld {
    /// A node that joins during the fault phase.
    struct Join {
        let node: NodeName
        let at: Duration
        let roles: [String]
    }

    /// All nodes, with the later joining ones at the end.
    var everyone: [NodeName]
    /// The number of nodes that start at once.
    var first: Int
    var joins: [Join] = []
    /// The commands that set the cluster up.
    var header: [Command]
    /// Whether only faults are used that a cluster survives without any loss.
    var isGentle = false

    /// The nodes that have been started by a given time.
    func started(at time: Duration) -> [NodeName] {
        everyone.filter { node in joins.first { $0.node == node }.map { $0.at < time } ?? true }
    }
}

extension Exploration {
    /// The strategies to pick from.
    private static let strategies: [Downing] = [.keepMajority, .keepOldest, .staticQuorum, .leaseMajority, .downAll]
    private static let role = "backend"

    /// Generates the cluster of a seed.
    func world(seed: UInt64) -> ExploredWorld {
        var generator = SeededGenerator(seed: seed).fork("explore/world")
        let size = size(&generator)
        let later = size > 1 && generator.unit() < 0.5 ? 1 + generator.below(min(3, size - 1)) : 0
        let everyone = (1...size).map(NodeName.init)
        let atOnce = Array(everyone.prefix(size - later))
        var header: [Command] = []
        if let strategy = strategy(&generator) { header.append(.immediate(.set(.downing(strategy)))) }
        if generator.unit() < 0.4 { header.append(.immediate(.set(.remember(true)))) }
        // A majority of the seeds may be restarted while other members live: only their memory stops them from founding
        // a second cluster.
        header.append(.immediate(.set(.memory(true))))
        if let seeds = seeds(of: atOnce, &generator) { header.append(.header(.seeds(seeds))) }
        let withRole = nodesWithRole(everyone, atOnce, &generator)
        var world = ExploredWorld(everyone: everyone, first: atOnce.count, header: [])
        for node in everyone.dropFirst(atOnce.count) {
            // In the first two thirds, so that faults affect it too.
            let at = Duration.milliseconds(Int64(1000 + generator.below(max(1, Int(time.nanoseconds / 1_500_000)))))
            world.joins.append(.init(node: node, at: at, roles: withRole.contains(node) ? [Self.role] : []))
        }
        let named = withRole.filter(atOnce.contains)
        if !named.isEmpty { header.append(.header(.roles(named, [Self.role]))) }
        if !withRole.isEmpty, generator.unit() < 0.7 { header.append(.immediate(.set(.accountRole(Self.role)))) }
        let isRestricted = !withRole.isEmpty && generator.unit() < 0.5
        header.append(.immediate(.set(isRestricted ? .singletonRole(Self.role) : .singleton(true))))
        let state = accountState(seed: seed)
        if state != .balance { header.append(.immediate(.set(.accountState(state)))) }
        header += [.header(.nodes(atOnce.count)), .header(.shards(Scenario.defaultShards))]
        world.header = header
        world.isGentle = generator.unit() < 0.08
        return world
    }

    /// Small clusters are generated more often than large ones, and a single node rarely.
    private func size(_ generator: inout SeededGenerator) -> Int {
        let (isSingle, share) = (generator.unit() < 0.04, generator.unit())
        if sizes.lowerBound == sizes.upperBound || sizes.lowerBound == 1 && isSingle { return sizes.lowerBound }
        let least = max(2, sizes.lowerBound)
        let count = sizes.upperBound - least + 1
        return min(sizes.upperBound, least + Int(share * share * share * Double(count)))
    }

    private func strategy(_ generator: inout SeededGenerator) -> Downing? {
        let (isUsual, drawn) = (generator.unit() < 0.3, Self.strategies[generator.below(Self.strategies.count)])
        return downing ?? (isUsual ? nil : drawn)
    }

    /// A seed list that is shorter than the list of nodes, or `nil` for all of them.
    private func seeds(of nodes: [NodeName], _ generator: inout SeededGenerator) -> [NodeName]? {
        let (isShort, count, order) = (generator.unit() < 0.6, 1 + generator.below(3), generator.permuted(nodes))
        guard isShort, nodes.count > count else { return nil }
        return order.prefix(count).sorted()
    }

    /// The nodes with the role, at least one of them from the start; often none.
    private func nodesWithRole(
        _ everyone: [NodeName], _ atOnce: [NodeName], _ generator: inout SeededGenerator
    ) -> [NodeName] {
        let (hasRoles, share) = (generator.unit() < 0.4, 0.3 + generator.unit() / 2)
        let certain = atOnce[generator.below(atOnce.count)]
        let drawn = everyone.filter { _ in generator.unit() < share }
        guard hasRoles, everyone.count > 2 else { return [] }
        return drawn.contains(certain) ? drawn : (drawn + [certain]).sorted()
    }
}
