import CastyCore
import Testing

@testable import CastyCluster

@Suite struct RoutingLogicTests {
    private static let routees = (0..<10).map { StableHash.fnv1a("routee-\($0)") }

    private static func logic(_ strategy: RoutingStrategy<String>, seed: UInt64 = 1) -> RoutingLogic<String> {
        RoutingLogic(strategy, generator: SeededGenerator(seed: seed))
    }

    @Test("round robin takes one after the other, also where their number changes")
    func roundRobin() {
        var logic = Self.logic(.roundRobin)
        let first = (0..<12).map { _ in logic.choose(for: "", from: Self.routees).lowerBound }
        #expect(first == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
        let fewer = (0..<4).map { _ in logic.choose(for: "", from: Array(Self.routees.prefix(2))).lowerBound }
        #expect(fewer == [0, 1, 0, 1])
    }

    @Test("random takes each about as often")
    func random() {
        var logic = Self.logic(.random)
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<10_000 { counts[logic.choose(for: "", from: Self.routees).lowerBound] += 1 }
        #expect(counts.allSatisfy { (850...1150).contains($0) }, "\(counts)")
    }

    @Test("broadcast takes all")
    func broadcast() {
        var logic = Self.logic(.broadcast)
        #expect(logic.choose(for: "", from: Self.routees) == 0..<10)
    }

    @Test("a consistent hash spreads keys evenly, and moves only the keys of a routee that goes")
    func consistentHash() {
        var logic = Self.logic(.consistentHash { $0 })
        let keys = (0..<10_000).map { "cart-\($0)" }
        let before = keys.map { logic.choose(for: $0, from: Self.routees).lowerBound }
        var counts = [Int](repeating: 0, count: 10)
        for index in before { counts[index] += 1 }
        #expect(counts.allSatisfy { (850...1150).contains($0) }, "\(counts)")
        var fewer = Self.routees
        fewer.remove(at: 3)
        for (key, index) in zip(keys, before) where index != 3 {
            let after = logic.choose(for: key, from: fewer).lowerBound
            #expect(fewer[after] == Self.routees[index])
        }
    }
}
