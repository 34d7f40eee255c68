import CastyCore
package import CastyScenario
import CastyTestbed

/// Generates a scenario from a seed: a cluster under load, a phase of random faults, then a phase in which the cluster
/// must recover.
///
/// Each seed generates its own cluster: the number of nodes, which of them join later, the seeds, the roles, the
/// downing strategy. A value that is set here is the same for all seeds.
package struct Exploration: Sendable {
    /// The range of sizes if the caller gives none.
    package static let usualSizes = 1...16

    /// The range of the number of nodes; each seed picks one.
    package var sizes: ClosedRange<Int>
    /// The duration of the fault phase.
    package var time: Duration
    package var families: [FaultFamily]
    /// The downing strategy; `nil` lets each seed pick one.
    package var downing: Downing?
    /// The preset of the run, on which the bounds depend.
    package var preset: Preset?

    package init(
        sizes: ClosedRange<Int> = Exploration.usualSizes, time: Duration = .seconds(120),
        families: [FaultFamily] = FaultFamily.allCases, downing: Downing? = nil, preset: Preset? = nil
    ) {
        self.sizes = sizes
        self.time = time
        self.families = families
        self.downing = downing
        self.preset = preset
    }

    package init(
        nodes: Int, time: Duration = .seconds(120), families: [FaultFamily] = FaultFamily.allCases,
        downing: Downing? = nil
    ) {
        self.init(sizes: nodes...nodes, time: time, families: families, downing: downing)
    }

    /// The scenario of a seed. Each line of faults is independent, so that any of them can be left out.
    package func scenario(seed: UInt64) -> Scenario {
        let world = world(seed: seed)
        var commands: [Command] = [.header(.seed(seed))] + world.header
        let settings = settings(of: commands, nodes: world.everyone.count)
        let first = Array(world.everyone.prefix(world.first))
        commands.append(
            .expect(Expect(.members(first), within: bound(settings.bounds(nodes: first.count).join, least: 30))))
        commands.append(.immediate(.spawn(Self.accounts)))
        commands.append(
            .expect(
                Expect(
                    .balanced(by: Expectation.defaultBalance),
                    within: bound(settings.rebalancing(nodes: first.count), least: 30))))
        commands.append(
            .immediate(.load(Load(rate: Rate(perSecond: 20), entities: 40, duration: time + .seconds(20)))))
        commands += world.joins.map { .at(.sinceStart($0.at), .immediate(.start([$0.node], roles: $0.roles))) }
        commands += reminders(seed: seed)
        commands += faults(in: world, seed: seed)
        commands.append(.wait(time))
        commands += recovery(world.everyone, settings)
        if accountState(seed: seed) != .balance {
            // What is due has come: it is looked for every ten seconds.
            commands.append(.wait(bound(settings.aftermath(nodes: world.everyone.count) + .seconds(27), least: 30)))
        }
        var last = SeededGenerator(seed: seed).fork("finale")
        commands += finale(world.everyone, settings, &last)
        return Scenario(
            file: "seed \(seed)", title: "Random faults of seed \(seed)",
            statements: commands.enumerated().map { Statement(line: $0 + 1, command: $1) })
    }

    /// The accounts that receive messages.
    static var accounts: EntityPattern {
        guard let range = EntityRange(from: "account-1", to: "account-40") else {
            preconditionFailure("account-1..account-40 is a run of entities")
        }
        return .range(range)
    }

    private func settings(of header: [Command], nodes: Int) -> TestClusterSettings {
        let statements = header.map { Statement(line: 1, command: $0) }
        return TestClusterSettings(Scenario(file: "", statements: statements).header, nodes: nodes, preset: preset)
    }

    /// A bound in scenario syntax: in tenths of a second, and at least `least` seconds.
    private func bound(_ duration: Duration, least: Int) -> Duration {
        let tenths = (duration.nanoseconds + 99_999_999) / 100_000_000
        return max(.seconds(least), .milliseconds(tenths * 100))
    }

    /// The liveness phase: every fault is over. Within bounds that follow from the settings and the size, all nodes
    /// agree and every shard serves.
    ///
    /// Any number of nodes may have stopped, since a strategy may shut down a whole cluster. They are restarted twice,
    /// because a node that was cut off learns of its removal only when it is back.
    private func recovery(_ everyone: [NodeName], _ settings: TestClusterSettings) -> [Command] {
        let bounds = settings.bounds(nodes: everyone.count)
        // One line per node: a line that names a node which is not frozen is rejected as a whole.
        var commands: [Command] = [.immediate(.heal(.all)), .immediate(.link(LinkChange(.all)))]
        commands += everyone.map { .immediate(.thaw([$0])) }
        commands += [.immediate(.rebalance(.resume)), .wait(bound(bounds.recovery + bounds.decision, least: 15))]
        commands += everyone.map { .immediate(.restart([$0])) }
        commands.append(.wait(bound(bounds.join + bounds.recovery, least: 10)))
        commands += everyone.map { .immediate(.restart([$0])) }
        commands += everyone.map { .immediate(.undrain([$0])) }
        commands += [
            .expect(Expect(.members(everyone), within: bound(bounds.join + bounds.loss, least: 40))),
            .expect(Expect(.converged, within: bound(bounds.convergence, least: 10))),
            // A cluster that was started anew has no shards yet.
            .immediate(.spawn(Self.accounts)),
            .expect(
                Expect(
                    .balanced(by: Expectation.defaultBalance),
                    within: bound(settings.rebalancing(nodes: everyone.count), least: 40))),
        ]
        for number in [1, 7, 23] {
            guard let entity = EntityName("account-\(number)") else { continue }
            commands.append(.ask(Ask(entity, "balance", within: .seconds(10))))
        }
        commands.append(.expect(Expect(.singleActivation)))
        return commands
    }

    /// One more fault, or none, in a healthy cluster: some invariants can be evaluated only if there is no other fault.
    private func finale(
        _ everyone: [NodeName], _ settings: TestClusterSettings, _ generator: inout SeededGenerator
    ) -> [Command] {
        guard everyone.count > 1 else { return [] }
        let order = generator.permuted(everyone)
        let calm = Command.wait(bound(settings.bounds(nodes: everyone.count).join, least: 12))
        if everyone.count <= 5, generator.unit() < 0.08 {
            // Long enough that all nodes must have forgotten it.
            return [calm, .immediate(.kill([everyone[everyone.count - 1]])), .wait(.seconds(680))]
        }
        switch generator.below(4) {
        case 0: return [calm]
        case 1:
            return [
                calm, .immediate(.kill([order[0]])), .wait(.milliseconds(Int64(100 + generator.below(3000)))),
                .immediate(.restart([order[0]])), .wait(.seconds(10)),
            ]
        case 2:
            let served = bound(settings.failover(nodes: everyone.count) + .seconds(2), least: 10)
            return [
                calm, .immediate(.kill([order[0]])), .immediate(.tell(Tell(Self.accounts, "deposit 1"))), .wait(served),
            ]
        default:
            let size = 1 + generator.below(everyone.count - 1)
            let groups = [order.prefix(size).sorted(), order.dropFirst(size).sorted()]
            let decided = bound(settings.bounds(nodes: everyone.count).split, least: 14)
            return [calm, .immediate(.cut(.split(groups))), .wait(decided)]
        }
    }

    /// Whether a command is one of the random faults and may be left out. Joins are part of the cluster.
    package static func isFault(_ statement: Statement) -> Bool {
        guard case .at(_, .immediate(let command)) = statement.command else { return false }
        switch command {
        case .start, .tell: return false
        default: return true
        }
    }
}
