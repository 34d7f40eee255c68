import CastyCore
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

@Suite("Crashes")
struct CrashTests {
    /// A three-node cluster in which node 2 owns shard 3, just before the shard is moved to node 3.
    private static func beforeMove(seed: UInt64, owner: Int) -> World {
        var world = HandoffTests.scenario(seed: seed)
        world.settings.rebalanceInterval = .seconds(60)
        world.schedule(
            .command(.move(shard: 3, to: node(owner).address), via: node(2)), at: .start + .milliseconds(500))
        world.run(until: .start + .milliseconds(900))
        return world
    }

    @Test(
        "Whichever node crashes at whichever step of a handoff, every shard finds one home and no message is handled twice",
        arguments: [(2, 1), (2, 2), (2, 3), (1, 1), (1, 3)])
    func everyStep(owner: Int, victim: Int) {
        let start = Self.beforeMove(seed: 5, owner: owner)
        for step in 0..<160 {
            var world = start
            world.schedule(.command(.move(shard: 3, to: node(3).address), via: node(2)), at: world.now)
            world.run(until: .start + .seconds(2), steps: world.steps + step)
            world.schedule(.crash(node(victim)), at: world.now)
            world.run(until: .start + .seconds(20))
            #expect(world.check(lossless: false) == [], "owner \(owner), victim \(victim), step \(step)")
        }
    }

    @Test(
        "A node that is cut off at whichever step of a handoff stops before its shards start elsewhere",
        arguments: [1, 2, 3])
    func cut(victim: Int) {
        let start = Self.beforeMove(seed: 9, owner: 2)
        for step in stride(from: 0, to: 160, by: 3) {
            var world = start
            world.schedule(.command(.move(shard: 3, to: node(3).address), via: node(2)), at: world.now)
            world.run(until: .start + .seconds(2), steps: world.steps + step)
            world.schedule(.cut(node(victim)), at: world.now)
            world.run(until: .start + .seconds(20))
            #expect(world.check(lossless: false) == [], "victim \(victim), step \(step)")
        }
    }

    @Test("A coordinator that takes over after a removal still waits for the removed node's lease to end")
    func takeover() {
        for offset in stride(from: 0, to: 3000, by: 50) {
            var world = HandoffTests.scenario(seed: 3)
            world.schedule(.cut(node(2)), at: .start + .milliseconds(1000))
            world.schedule(.leave(node(1)), at: .start + .milliseconds(1000 + offset))
            for number in 0..<300 {
                let at = Instant.start + .milliseconds(1700 + number * 10)
                world.schedule(.tell(sender: 4, entity: "account-\(number % 8)", via: node(3)), at: at)
                world.schedule(.tell(sender: 5, entity: "account-\(number % 8)", via: node(2)), at: at)
            }
            world.run(until: .start + .seconds(30))
            #expect(world.check(lossless: false).prefix(4) == [], "offset \(offset)")
        }
    }
}
