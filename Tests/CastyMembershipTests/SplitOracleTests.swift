import CastyCore
import Testing

@testable import CastyMembership

/// Who must survive a clean split, worked out from the numbers of the nodes alone: n1 is the lowest and the oldest.
enum SplitOracle {
    /// The side that must survive; `nil` where none may. Under lease-majority without a majority any one may.
    static func survivors(_ strategy: DowningStrategy, of count: Int, _ sides: [[Int]]) -> [[Int]] {
        let half = sides.first { $0.count * 2 == count && $0.contains(1) }
        let majority = sides.first { $0.count * 2 > count } ?? half
        switch strategy {
        case .keepMajority: return majority.map { [$0] } ?? [[]]
        case .staticQuorum(let size, _): return count >= 2 * size ? [[]] : [sides.first { $0.count >= size } ?? []]
        case .keepOldest(let downIfAlone, _):
            guard downIfAlone, sides.contains([1]), count > 2 else { return [sides.first { $0.contains(1) } ?? []] }
            return sides.count == 2 ? sides.filter { $0 != [1] } : [[]]
        case .leaseMajority: return majority.map { [$0] } ?? sides
        case .downAll: return [[]]
        case .manual: return [Array(1...count)]
        }
    }

    static func strategies(_ count: Int) -> [DowningStrategy] {
        [
            .keepMajority(), .staticQuorum(size: count / 2 + 1), .keepOldest(), .keepOldest(downIfAlone: false),
            .leaseMajority(), .downAll,
        ]
    }
}

@Suite("Splits against an oracle") struct SplitOracleTests {
    /// One split, with unrest before and after it.
    struct Split {
        let strategy: DowningStrategy
        let sides: [[Int]]
        let seed: UInt64
        var count: Int { sides.reduce(0) { $0 + $1.count } }

        /// - Returns: Who is left, in groups that know of each other.
        func run() -> [[Int]] {
            var dice = SeededGenerator(seed: seed).fork("unrest")
            let cluster = TestCluster(count, settings: Self.settings(strategy), seed: seed)
            let all = Array(1...count)
            cluster.run(within: .seconds(4)) { cluster.agree(on: all) }
            unrest(cluster, &dice, among: all)
            cluster.heal()
            cluster.run(.milliseconds(200))
            for (index, side) in sides.enumerated() { cluster.cut(side, sides[(index + 1)...].flatMap(\.self)) }
            cluster.run(.seconds(5))
            // Where the survivors lose touch for long there is another split; so only links with others flap now.
            let left = cluster.alive.map(\.number)
            for _ in 0..<dice.below(6) {
                if dice.below(2) == 0 { cluster.heal() } else { cluster.cut(left, all.filter { !left.contains($0) }) }
                cluster.run(.milliseconds(Int64(dice.below(400))))
            }
            cluster.heal()
            cluster.run(.seconds(1))
            return Self.groups(cluster)
        }

        /// Faster than any preset, with the same proportions.
        static func settings(_ strategy: DowningStrategy) -> MembershipSettings {
            var settings = MembershipSettings.responsive
            settings.strategy = strategy
            settings.pause = .milliseconds(600)
            settings.stableAfter = .fixed(.milliseconds(1200))
            settings.leaseDelay = .milliseconds(800)
            settings.unstableLimit = .seconds(6)
            return settings
        }

        /// Up to five steps, each too short for a decision.
        private func unrest(_ cluster: TestCluster, _ dice: inout SeededGenerator, among all: [Int]) {
            for _ in 0..<dice.below(6) {
                let order = dice.permuted(all)
                switch dice.below(3) {
                case 0: cluster.heal()
                case 1: cluster.cuts.insert([order[0], order[1]])
                default: cluster.cut([order[0]], Array(order.dropFirst()))
                }
                cluster.run(.milliseconds(Int64(dice.below(350))))
            }
        }

        /// A joiner that is cut off is not counted: it has no vote, runs nothing, and waits for the others to come back.
        static func groups(_ cluster: TestCluster) -> [[Int]] {
            var groups: [[Int]] = []
            for node in cluster.alive where node.core.gossip.member(node.core.myself)?.status.isVoting == true {
                let known = cluster.alive.filter { node.core.gossip.member($0.core.myself) != nil }.map(\.number)
                if !groups.contains(known) { groups.append(known) }
            }
            return groups
        }
    }

    @Test(
        "the side that the oracle names survives every split of three, four and five nodes, whichever links flickered before and after",
        arguments: [3, 4, 5], [0, 1, 2, 3, 4, 5])
    func clean(count: Int, strategy: Int) {
        for (index, sides) in DowningTests.partitions(count).enumerated() where sides.count > 1 {
            let strategy = SplitOracle.strategies(count)[strategy]
            let expected = SplitOracle.survivors(strategy, of: count, sides)
            let left = Split(strategy: strategy, sides: sides, seed: UInt64(index + 1)).run()
            let isRight = left.count <= 1 && expected.contains(left.first ?? [])
            #expect(isRight, "\(strategy) \(sides): \(left), not \(expected) (seed \(index + 1))")
        }
    }

    @Test(
        "with members on their way in or out at the moment of the split, no side but the oracle's survives, and never two",
        arguments: 1...24 as ClosedRange<UInt64>)
    func inFlight(seed: UInt64) {
        var dice = SeededGenerator(seed: seed).fork("in flight")
        let count = 3 + dice.below(3)
        let strategy = SplitOracle.strategies(count)[dice.below(6)]
        let cluster = TestCluster(count, settings: Split.settings(strategy), seed: seed)
        let all = Array(1...count)
        cluster.run(within: .seconds(4)) { cluster.agree(on: all) }
        var story = "seed \(seed) \(strategy)"
        if dice.below(2) == 0 {
            cluster.start(count + 1)
            story += ", n\(count + 1) joins"
        }
        if dice.below(2) == 0 {
            let leaver = 1 + dice.below(count)
            cluster.command(leaver) { $0.onLeave(at: $1) }
            story += ", n\(leaver) leaves"
        }
        cluster.run(.milliseconds(Int64(dice.below(12))))
        let order = dice.permuted(Array(1...(count + 1)))
        let border = 1 + dice.below(count)
        cluster.cut(Array(order[..<border]), Array(order[border...]))
        story += ", \(order[..<border]) | \(order[border...])"
        cluster.run(.seconds(7))
        let left = Split.groups(cluster)
        cluster.heal()
        cluster.run(.seconds(2))
        let healed = Split.groups(cluster)
        #expect(left.count <= 1, "\(story): \(left)")
        #expect(healed.count <= 1, "\(story): \(healed) after healing")
        let sides = [order[..<border].sorted(), order[border...].sorted()]
        #expect(left.isEmpty || sides.contains { side in left[0].allSatisfy(side.contains) }, "\(story): \(left)")
    }

    @Test(
        "whatever flickers and for how long, there are never two groups that survive",
        arguments: 1...24 as ClosedRange<UInt64>)
    func flicker(seed: UInt64) {
        var dice = SeededGenerator(seed: seed).fork("flicker")
        let count = 3 + dice.below(3)
        let strategy = SplitOracle.strategies(count)[dice.below(6)]
        let cluster = TestCluster(count, settings: Split.settings(strategy), seed: seed)
        let all = Array(1...count)
        cluster.run(within: .seconds(4)) { cluster.agree(on: all) }
        var story = "seed \(seed) \(strategy)"
        for _ in 0..<5 {
            let order = dice.permuted(all)
            switch dice.below(4) {
            case 0:
                cluster.heal()
                story += ", heal"
            case 1:
                cluster.cuts.insert([order[0], order[1]])
                story += ", \(order[0]) -> \(order[1])"
            default:
                let border = 1 + dice.below(count - 1)
                cluster.cut(Array(order[..<border]), Array(order[border...]))
                story += ", \(order[..<border]) | \(order[border...])"
            }
            let wait = 100 + dice.below(3000)
            cluster.run(.milliseconds(Int64(wait)))
            story += " \(wait) ms"
        }
        cluster.run(.seconds(7))
        cluster.heal()
        cluster.run(.seconds(3))
        let left = Split.groups(cluster)
        #expect(left.count <= 1, "\(story): \(left)")
    }
}
