import CastyCore
import CastyPlacement
import Testing

@Suite struct ValueTests {
    @Test(
        "the stable hash is FNV-1a, pinned by the published vectors",
        arguments: [
            ("", 0xCBF2_9CE4_8422_2325), ("a", 0xAF63_DC4C_8601_EC8C), ("foobar", 0x8594_4171_F739_67E8),
        ] as [(String, UInt64)])
    func fnv(text: String, expected: UInt64) {
        #expect(StableHash.fnv1a(text) == expected)
    }

    @Test("an entity's shard never changes")
    func shardGolden() {
        let shards = ["account-1", "account-7", "counter-1", "ü"].map { StableHash.shard(of: $0, count: 24) }
        #expect(shards == GoldenShards.expected)
    }

    @Test("two spellings of the same text are one id in one shard; ASCII and other bytes stay as they are")
    func spellings() {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        #expect(Array(composed.utf8) != Array(decomposed.utf8))
        for id in [composed, decomposed] { #expect(Array(EntityID.canonical(id).utf8) == Array(composed.utf8)) }
        for count in [7, 24, 16_384] {
            #expect(
                StableHash.shard(of: composed, count: count) == StableHash.shard(of: decomposed, count: count))
        }
        for id in ["", "account-7", "a\0b", "日本", "👩‍👩‍👧"] {
            #expect(Array(EntityID.canonical(id).utf8) == Array(id.utf8))
            #expect(StableHash.shard(of: id, count: 24) == Int(StableHash.fnv1a(id) % 24))
        }
    }

    @Test("two texts never run together in a digest")
    func separation() {
        var left = StableHash()
        left.combine("ab")
        left.combine("c")
        var right = StableHash()
        right.combine("a")
        right.combine("bc")
        #expect(left != right)
    }

    @Test("one seed gives one sequence, and a fork depends only on seed and name")
    func generator() {
        var one = SeededGenerator(seed: 42)
        var two = SeededGenerator(seed: 42)
        let early = one.fork("gossip")
        #expect((0..<100).map { _ in one.next() } == (0..<100).map { _ in two.next() })
        #expect(one.fork("gossip") == early)
        #expect(one.fork("gossip") != one.fork("phi"))
        #expect((0..<1000).allSatisfy { _ in (0..<1).contains(one.unit()) })
        #expect(Set((0..<200).map { _ in one.below(3) }) == [0, 1, 2])
        #expect(one.permuted(Array(0..<50)).sorted() == Array(0..<50))
    }

    @Test("instants add, subtract, print and saturate")
    func instants() {
        let instant = Instant.start + .milliseconds(41_300)
        #expect(instant.description == "41.300")
        #expect(instant - .start == .milliseconds(41_300))
        #expect(Instant.distantFuture + .seconds(1) == .distantFuture)
        #expect((Instant.start + .microseconds(5)).description == "0.000")
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        // On both sides of where their attoseconds fit into 64 bits, with a sign and without.
        for seconds in [1, 9, 10, 18, 19, 3600] as [Int64] {
            let duration = Duration.seconds(seconds) + .nanoseconds(999_999_999)
            #expect(duration.nanoseconds == seconds * 1_000_000_000 + 999_999_999)
            #expect((.zero - duration).nanoseconds == -duration.nanoseconds)
        }
        #expect((instant - .seconds(1)).seconds == 40.3)
    }
}
