import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastyObservability
import CastySimulator
import CastyTestbed

/// The time until a cluster that was cut in two is whole again.
package struct HealStudy: Sendable {
    /// The length of the cut.
    package enum Cut: String, CaseIterable, Sendable {
        /// Until every node has marked the other side, but no node has decided about it: the connections are still
        /// open.
        case brief
        /// Until the connections have been lost; decisions are left to a person, who makes none.
        case long
        /// Until one side has been declared dead; its nodes restart when the cut is healed.
        case resolved
    }

    package var nodes: Int
    package var cut: Cut

    package init(nodes: Int, cut: Cut) {
        self.nodes = nodes
        self.cut = cut
    }

    /// The time from healing until all nodes see each other up and reachable, in one version that every node has seen.
    package func run(seed: UInt64) throws -> Duration {
        var settings = MembershipSettings.responsive
        if cut == .long { settings.strategy = .manual }
        let trial = MembershipTrial(seed: seed, settings: settings)
        defer { trial.end() }
        var generator = SeededGenerator(seed: seed).fork("heal")
        _ = try trial.form(nodes)
        trial.pass(.seconds(5))
        // The sides and their sizes differ from seed to seed.
        let order = generator.permuted(Array(1...nodes))
        let size = 1 + generator.below(nodes / 2)
        try trial.testbed.cut([order.prefix(size).sorted(), order.dropFirst(size).sorted()])
        switch cut {
        case .brief: trial.pass(.milliseconds(2500 + Int64(generator.below(1500))))
        case .long: trial.pass(.seconds(15 + generator.below(10)))
        case .resolved:
            let gone = trial.wait(.seconds(60)) {
                trial.testbed.nodes.values.contains { $0.state == .stopped } && trial.isWhole
            }
            guard gone != nil else { throw TestClusterError("seed \(seed): no side has gone after 60 s") }
        }
        if cut != .resolved, trial.testbed.running.contains(where: { $0.cluster.state.unreachable.isEmpty }) {
            throw TestClusterError("seed \(seed): a node has not noticed the cut")
        }
        let start = trial.now
        try trial.testbed.heal()
        if cut == .resolved {
            try trial.testbed.start(
                trial.testbed.numbers.filter { trial.testbed.nodes[$0]?.state == .stopped })
        }
        let whole = trial.wait(.seconds(120)) { trial.testbed.running.count == nodes && trial.agrees }
        guard let whole else {
            throw TestClusterError("seed \(seed): the nodes do not agree 120 s after the cut was healed")
        }
        return whole - start
    }
}
