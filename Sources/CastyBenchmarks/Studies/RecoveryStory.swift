import CastyCore
package import CastyInvariants
package import CastyScenario
import CastyTestbed

/// A cluster of five under load that loses nodes in one certain situation, and must recover: the members agree, every
/// shard answers with all its data, and no invariant is violated. The seed determines the time and the nodes.
package enum RecoveryStory: String, CaseIterable, Sendable {
    /// The leader, which is not the coordinator.
    case leader
    /// The first seed, which is leader and coordinator, and which rejoins the others.
    case firstSeed = "first seed"
    /// The coordinator's node, which is not the leader.
    case coordinator
    case twoAtOnce = "two at once"
    /// A joining node, at any point of the join.
    case joining
    /// The leader, while it admits a node.
    case leaderOfJoin = "leader of a join"
    /// A leaving node, at any point of its departure.
    case leaving
    /// A node hangs and thaws: it agrees again, or stops itself.
    case freeze

    /// The scenario of a seed. Some of its lines do not fit every course, so it runs leniently.
    package func scenario(seed: UInt64) throws -> Scenario {
        var generator = SeededGenerator(seed: seed).fork("recovery/" + rawValue)
        var lines = ["seed \(seed)", "nodes 5", "expect members n1,n2,n3,n4,n5 up within 20s"]
        let accounts = 1...40
        lines += accounts.map { "tell account-\($0) deposit \($0)" }
        lines += ["expect shards balanced within 30s"]
        if self == .leader || self == .coordinator {
            // The oldest coordinates, and the lowest address leads: n1 rejoins as the youngest.
            lines += ["kill n1", "expect n1 removed on n2,n3,n4,n5 within 20s", "restart n1"]
            lines += ["expect members n1,n2,n3,n4,n5 up within 20s", "expect leader n1 within 5s"]
            lines += ["expect coordinator n2 within 20s", "expect shards balanced within 40s"]
        }
        lines += ["load 20/s over 40 entities for 6s", "wait \(generator.below(2000))ms"]
        let (faults, survivors) = course(&generator)
        lines += faults
        let names = survivors.map { "n\($0)" }.joined(separator: ",")
        lines += ["expect members \(names) up within 30s", "expect converged within 10s"]
        lines += ["expect shards balanced within 40s", "wait 5s"]
        lines += accounts.map { "ask account-\($0) balance within 10s" }
        lines += ["expect single-activation"]
        return try Scenario.parse(lines.joined(separator: "\n"), file: "\(rawValue), seed \(seed)")
    }

    private func course(_ generator: inout SeededGenerator) -> (lines: [String], survivors: [Int]) {
        let one = 1 + generator.below(5)
        let all = [1, 2, 3, 4, 5]
        // Most of a join or departure takes milliseconds; its end may take seconds.
        let moment = generator.below(2) == 0 ? generator.below(40) : generator.below(3000)
        func without(_ dead: Int...) -> [Int] { all.filter { !dead.contains($0) } }
        switch self {
        case .leader: return (["kill n1"], without(1))
        case .firstSeed:
            return (["kill n1", "wait \(generator.below(12_000))ms", "restart n1"], all)
        case .coordinator: return (["kill n2"], without(2))
        case .twoAtOnce:
            let other = 1 + (one + generator.below(4)) % 5
            return (["kill n\(one),n\(other)"], without(one, other))
        case .joining: return (["start n6", "wait \(moment)ms", "kill n6", "wait 1ms"], all)
        case .leaderOfJoin: return (["start n6", "wait \(moment)ms", "kill n1", "wait 1ms"], without(1) + [6])
        case .leaving: return (["leave n\(one)", "wait \(moment)ms", "kill n\(one)", "wait 1ms"], without(one))
        case .freeze:
            let pause = 300 + generator.below(15_000)
            return (["freeze n\(one)", "wait \(pause)ms", "thaw n\(one)", "wait 12s", "restart n\(one)"], all)
        }
    }

    /// Runs the story of a seed.
    package func run(seed: UInt64) throws -> Finding { Finding.run(try scenario(seed: seed), seed: seed) }
}
