import CastyCore
import Testing

@testable import CastyMembership

@Suite("Membership of many") struct ScaleTests {
    /// A key that counts how often it is compared.
    private struct CountedKey: Comparable {
        final class Counter { var count = 0 }

        let value: Int
        let counter: Counter

        static func == (left: CountedKey, right: CountedKey) -> Bool {
            left.counter.count += 1
            return left.value == right.value
        }

        static func < (left: CountedKey, right: CountedKey) -> Bool {
            left.counter.count += 1
            return left.value < right.value
        }
    }

    @Test("a merge compares each pair of keys twice at most, however many there are", arguments: [50, 100, 200, 1000])
    func mergeIsLinear(size: Int) {
        let counter = CountedKey.Counter()
        let left = (0..<size).map { CountedKey(value: $0 * 2, counter: counter) }
        let right = (0..<size).map { CountedKey(value: $0 * 3, counter: counter) }
        var found = 0
        mergeSorted(left, right, key: { $0 }) { _, _ in found += 1 }
        #expect(found > size)
        #expect(counter.count <= 2 * (left.count + right.count))
    }

    @Test("who reaches everyone takes no room: rows are there for the unreachable only, and go with them")
    func sparseRows() throws {
        let cluster = TestCluster(16)
        try #require(cluster.run(within: .seconds(10)) { cluster.agree(on: Array(1...16)) } != nil)
        #expect(cluster.nodes.allSatisfy { $0.core.gossip.reachability.isEmpty })
        let dead = cluster[7].core.myself
        cluster.kill(7)
        let noticed = cluster.run(within: .seconds(5)) {
            cluster.alive.allSatisfy { $0.core.gossip.unreachable == [dead] }
        }
        try #require(noticed != nil)
        for node in cluster.alive {
            let rows = node.core.gossip.reachability.flatMap(\.rows)
            #expect(rows.count <= node.core.settings.monitors + 6)
            #expect(rows.allSatisfy { $0.subject == dead })
        }
        try #require(cluster.run(within: .seconds(10)) { cluster.agree(on: (1...16).filter { $0 != 7 }) } != nil)
        #expect(cluster.alive.allSatisfy { $0.core.gossip.reachability.allSatisfy(\.rows.isEmpty) })
    }
}
