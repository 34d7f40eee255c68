import CastyCore
import CastyPlacement
import Testing

/// Regions with the given numbers of shards, numbered through.
private func regions(_ counts: [Int]) -> [RegionLoad] {
    var next = 0
    return counts.enumerated().map { index, count in
        defer { next += count }
        return RegionLoad(node: node(index + 1), shards: Array(next..<next + count))
    }
}

private func counts(of regions: [RegionLoad], after moves: [ShardMove]) -> [Int] {
    regions.map { region in
        region.shards.count - moves.filter { $0.from == region.node }.count
            + moves.filter { $0.to == region.node }.count
    }
}

@Suite("Allocation")
struct AllocationTests {
    @Test(
        "One round of least shards ends where both phases of the reference end",
        arguments: [
            ([1, 2, 0], [1, 1, 1]), ([4, 4, 0], [2, 3, 3]), ([4, 4, 2], [3, 3, 4]), ([5, 5, 0], [3, 3, 4]),
            ([50, 0, 50], [33, 33, 34]), ([3, 3, 3], [3, 3, 3]), ([0, 0, 7], [2, 2, 3]),
        ])
    func leastShardVectors(before: [Int], after: [Int]) {
        let loads = regions(before)
        #expect(counts(of: loads, after: LeastShardStrategy().round(over: loads, fixed: [])).sorted() == after)
    }

    @Test("A round names each shard, its home and its target")
    func moves() {
        let loads = regions([4, 4, 2])
        #expect(
            LeastShardStrategy().round(over: loads, fixed: []) == [ShardMove(shard: 0, from: node(1), to: node(3))])
        #expect(
            LeastShardStrategy().round(over: loads, fixed: [0, 1, 2, 3]) == [
                ShardMove(shard: 4, from: node(2), to: node(3))
            ])
    }

    @Test("A shard goes to the region with the fewest, of equals to the lowest node")
    func home() {
        #expect(LeastShardStrategy().home(of: 9, among: regions([2, 1, 1])) == node(2))
        #expect(LeastShardStrategy().home(of: 9, among: regions([1, 1, 1])) == node(1))
    }

    @Test("One round balances up to 100 regions and 1000 shards to a difference of at most one, with the fewest moves")
    func balance() {
        var generator = SeededGenerator(seed: 7)
        for size in [1, 2, 3, 7, 20, 99, 100] {
            let spread = (0..<size).map { _ in generator.below(2 * 1000 / size) }
            let loads = regions(spread)
            let moves = LeastShardStrategy().round(over: loads, fixed: [])
            let after = counts(of: loads, after: moves)
            let total = spread.reduce(0, +)
            #expect(after.max()! - after.min()! <= 1, "spread \(spread)")
            #expect(Set(moves.map(\.shard)).count == moves.count)
            let floor = total / size
            let larger = total % size
            let ideal = spread.sorted(by: >).enumerated().map { max(0, $1 - floor - ($0 < larger ? 1 : 0)) }
            #expect(moves.count == ideal.reduce(0, +))
        }
    }

    @Test("Rendezvous moves only what a new region wins, and its scores are pinned")
    func rendezvous() {
        let strategy = RendezvousStrategy()
        let three = regions([0, 0, 0])
        let four = regions([0, 0, 0, 0])
        var moved = 0
        for shard in 0..<1000 {
            let before = strategy.home(of: shard, among: three)
            let after = strategy.home(of: shard, among: four)
            if before != after {
                moved += 1
                #expect(after == node(4))
            }
        }
        #expect((200...300).contains(moved))
        #expect(
            (0..<12).map { strategy.home(of: $0, among: three).incarnation } == [1, 3, 1, 3, 2, 3, 1, 2, 2, 1, 1, 2])
    }

    @Test("A map decides about its shards, the fallback about all others")
    func mapped() {
        let strategy = MappedStrategy(addresses: [5: node(3).address, 6: node(9).address])
        #expect(strategy.home(of: 5, among: regions([0, 0, 4])) == node(3))
        #expect(strategy.home(of: 6, among: regions([0, 0, 4])) == node(1))
        let loads = regions([3, 3, 0])
        #expect(
            strategy.round(over: loads, fixed: []) == [
                ShardMove(shard: 5, from: node(2), to: node(3)), ShardMove(shard: 0, from: node(1), to: node(3)),
            ])
    }
}
