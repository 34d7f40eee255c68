import CastyCore
import Testing

@testable import CastyMembership

@Suite("Vector clocks") struct VectorClockTests {
    static let nodes = [1, 2, 3].map {
        UniqueAddress(address: NodeAddress(host: "127.0.0.\($0)", port: 25520), incarnation: UInt64($0))
    }
    /// Every clock over three nodes with counts 0…2: 27 of them.
    static let all: [VectorClock] = (0..<27).map { number in
        let counts: [Int] = [number % 3, number / 3 % 3, number / 9]
        return VectorClock(zip(nodes, counts).map { VectorClock.Entry(node: $0, count: UInt64($1)) })
    }

    @Test("merge is commutative, associative, idempotent and never goes back")
    func mergeIsAJoin() {
        func join(_ a: VectorClock, _ b: VectorClock) -> VectorClock {
            var merged = a
            merged.merge(b)
            return merged
        }
        for a in Self.all {
            #expect(join(a, a) == a)
            for b in Self.all {
                let ab = join(a, b)
                #expect(ab == join(b, a))
                #expect([.same, .before].contains(a.compare(ab)))
                for c in Self.all { #expect(join(ab, c) == join(a, join(b, c))) }
            }
        }
    }

    @Test("compare is the order by entries, and turns round when its sides are exchanged")
    func compare() {
        for a in Self.all {
            for b in Self.all {
                let below = Self.nodes.allSatisfy { a[$0] <= b[$0] }
                let above = Self.nodes.allSatisfy { a[$0] >= b[$0] }
                let expected: VectorClock.Order =
                    switch (below, above) {
                    case (true, true): .same
                    case (true, false): .before
                    case (false, true): .after
                    case (false, false): .concurrent
                    }
                #expect(a.compare(b) == expected)
                #expect((a == b) == (expected == .same))
            }
        }
    }

    @Test("a tick raises one entry and saturates")
    func tick() {
        var clock = VectorClock([.init(node: Self.nodes[0], count: .max)])
        clock.tick(Self.nodes[0])
        clock.tick(Self.nodes[1])
        #expect(clock[Self.nodes[0]] == .max)
        #expect(clock[Self.nodes[1]] == 1)
        #expect(clock[Self.nodes[2]] == 0)
    }

    @Test("zeros and repeated entries are normalised away")
    func normalised() {
        let clock = VectorClock([
            .init(node: Self.nodes[2], count: 1), .init(node: Self.nodes[0], count: 0),
            .init(node: Self.nodes[2], count: 4),
        ])
        #expect(clock.entries == [.init(node: Self.nodes[2], count: 4)])
        #expect(VectorClock([.init(node: Self.nodes[0], count: 0)]) == VectorClock())
    }
}
