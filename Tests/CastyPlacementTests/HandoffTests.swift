import CastyPrimitives
import Testing

@testable import CastyPlacement

@Suite("Handoff")
struct HandoffTests {
    static func settings(shards: Int = 6) -> PlacementSettings {
        var settings = PlacementSettings()
        settings.shardCount = shards
        return settings
    }

    /// Three nodes, traffic from all of them to eight entities, and a move of a shard in the middle of it.
    static func scenario(seed: UInt64, target: Int = 3, until end: Duration = .seconds(20)) -> World {
        var world = World(seed: seed, settings: settings())
        for number in 1...3 { world.start(node(number)) }
        for round in 0..<150 {
            for sender in 1...3 {
                let at = Instant.start + .milliseconds(200 + round * 10 + sender)
                world.schedule(
                    .tell(sender: sender, entity: "account-\((round + sender) % 8)", via: node(sender)), at: at)
            }
        }
        return world
    }

    @Test("Three nodes give every used shard one home and every message is handled in order", arguments: 0..<40)
    func slice(seed: Int) {
        var world = Self.scenario(seed: UInt64(seed))
        world.run(until: .start + .seconds(15))
        #expect(world.check(lossless: true) == [])
        #expect(world.handled.count == 450)
    }

    @Test("A graceful move loses nothing, doubles nothing and keeps each sender's order", arguments: 0..<60)
    func move(seed: Int) {
        var world = Self.scenario(seed: UInt64(seed))
        world.slowest = .milliseconds(1 + seed * 3)
        for (index, shard) in [0, 3, 5, 1].enumerated() {
            let at = Instant.start + .milliseconds(700 + index * 250)
            world.schedule(
                .command(.move(shard: shard, to: node(1 + (seed + index) % 3).address), via: node(1 + index % 3)),
                at: at)
        }
        world.run(until: .start + .seconds(20))
        #expect(world.check(lossless: true) == [], "seed \(seed)")
        #expect(world.answers.count == 4)
    }
}
