import CastyCore
import Testing

@testable import CastySharding

@Suite struct ShardAnswerTests {
    private static let node = UniqueAddress(address: NodeAddress(host: "127.0.0.1", port: 25_520), incarnation: 1)

    private static func answer(
        shard: Int = 3, entities: Int = 4, handled: UInt64 = 5, buffered: Int = 0, next: Int? = nil
    ) -> ShardAnswer {
        .statistics(
            RegionStatistics(
                node: node, isRegistered: true,
                shards: [
                    HostedShardStatistics(
                        shard: shard, state: "running", entities: entities, handled: handled, buffered: buffered)
                ], buffers: [ShardBuffer(shard: shard, count: buffered, age: .zero)], buffered: buffered), next: next)
    }

    @Test("An answer is taken only with numbers that can be added up")
    func plausible() {
        #expect(Self.answer().isPlausible && Self.answer(next: 16_384).isPlausible && ShardAnswer.notHosted.isPlausible)
        for number in [Int.min, -1, 1 << 41, .max] {
            #expect(!Self.answer(shard: number).isPlausible)
            #expect(!Self.answer(entities: number).isPlausible)
            #expect(!Self.answer(buffered: number).isPlausible)
            #expect(!Self.answer(next: number).isPlausible)
        }
        #expect(!Self.answer(handled: .max).isPlausible)
        let entity = EntityStatistics(
            id: "a", shard: 16_384, node: Self.node, state: "active", handled: 1, idle: .zero)
        #expect(!ShardAnswer.entities([entity], hasMore: false).isPlausible)
    }
}
