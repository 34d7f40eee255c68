import CastyCore
import Testing

@testable import CastyPlacement

@Suite("Random walks")
struct RandomWalkTests {
    static func world(seed: UInt64, remembers: Bool = false) -> World {
        var settings = PlacementSettings()
        settings.shardCount = 8
        settings.rebalanceInterval = .milliseconds(700)
        settings.remembersEntities = remembers
        var world = World(seed: seed, settings: settings)
        if seed % 3 == 0 { world.settings.passivation = PassivationSettings(idle: .milliseconds(60)) }
        if seed % 3 == 1 { world.settings.passivation.limit = 4 }
        world.slowest = .milliseconds([2, 20, 120][Int(seed) % 3])
        for number in 1...4 { world.start(node(number)) }
        return world
    }

    /// Four nodes talk to twelve entities for five seconds.
    static func addTraffic(_ world: inout World) {
        for round in 0..<500 {
            let at = Instant.start + .milliseconds(200 + round * 10)
            for sender in 1...4 where world.generator.below(3) > 0 {
                let entity = "account-\(world.generator.below(12))"
                world.schedule(.tell(sender: sender, entity: entity, via: node(sender)), at: at)
            }
        }
    }

    /// Things that happen to a healthy cluster.
    static func addOperations(_ world: inout World, count: Int) {
        for _ in 0..<count {
            let at = Instant.start + .milliseconds(500 + world.generator.below(4500))
            let place = node(1 + world.generator.below(4))
            let shard = world.generator.below(8)
            let entity = "account-\(world.generator.below(12))"
            switch world.generator.below(10) {
            case 0, 1, 2: world.schedule(.command(.move(shard: shard, to: place.address), via: node(2)), at: at)
            case 3: world.schedule(.command(.pin(shard: shard, to: place.address), via: node(3)), at: at)
            case 4: world.schedule(.command(.drain(place.address), via: node(3)), at: at)
            case 5: world.schedule(.command(.undrain(place.address), via: node(3)), at: at)
            case 6: world.schedule(.command(.rebalance, via: node(4)), at: at)
            case 7, 8: for number in 1...4 { world.schedule(.passivate(entity, at: node(number)), at: at) }
            default: world.schedule(.fail(entity), at: at)
            }
        }
        // Where every node is drained, nothing has a home.
        for number in 1...4 {
            let command = OperatorCommand.undrain(node(number).address)
            world.schedule(.command(command, via: node(number)), at: .start + .milliseconds(6000 + number))
            world.schedule(.command(command, via: node(1 + number % 4)), at: .start + .milliseconds(12000 + number))
        }
    }

    @Test("Operators, passivation and failures lose, double and reorder nothing", arguments: 0..<60)
    func healthy(seed: Int) {
        var world = Self.world(seed: UInt64(seed))
        Self.addTraffic(&world)
        Self.addOperations(&world, count: 40)
        world.run(until: .start + .seconds(40))
        #expect(world.check(lossless: true).prefix(4) == [], "seed \(seed)")
        #expect(world.passed > 40, "routes were hardly ever open")
    }

    @Test("Nodes that leave and join lose, double and reorder nothing", arguments: 0..<45)
    func rolling(seed: Int) {
        var world = Self.world(seed: UInt64(seed))
        Self.addTraffic(&world)
        Self.addOperations(&world, count: 10)
        let order = world.generator.permuted([1, 2, 3])
        for (index, number) in order.enumerated() {
            world.schedule(.leave(node(number)), at: .start + .milliseconds(900 + index * 900))
            world.schedule(.join(node(number + 10)), at: .start + .milliseconds(1200 + index * 900))
        }
        world.run(until: .start + .seconds(40))
        #expect(world.check(lossless: true).prefix(4) == [], "seed \(seed)")
        #expect(world.left.count == 3)
    }

    @Test("Crashes and cuts double and reorder nothing, and every loss has its place", arguments: 0..<60)
    func faulty(seed: Int) {
        var world = Self.world(seed: UInt64(seed))
        Self.addTraffic(&world)
        Self.addOperations(&world, count: 25)
        let victims = world.generator.permuted([1, 2, 3, 4]).prefix(1 + world.generator.below(3))
        for victim in victims {
            let at = Instant.start + .milliseconds(300 + world.generator.below(5000))
            world.schedule(world.generator.below(2) == 0 ? .crash(node(victim)) : .cut(node(victim)), at: at)
        }
        world.schedule(.join(node(9)), at: .start + .milliseconds(1000 + world.generator.below(4000)))
        world.run(until: .start + .seconds(60))
        #expect(world.check(lossless: false).prefix(4) == [], "seed \(seed)")
    }

    @Test("A node whose lease lapses for a moment stops its entities and keeps the order", arguments: 0..<60)
    func stalls(seed: Int) {
        var world = Self.world(seed: UInt64(seed))
        Self.addTraffic(&world)
        Self.addOperations(&world, count: 5)
        for _ in 0..<5 {
            let at = Instant.start + .milliseconds(500 + world.generator.below(4500))
            world.schedule(.stall(node(1 + world.generator.below(4))), at: at)
        }
        world.run(until: .start + .seconds(40))
        #expect(world.check(lossless: false).prefix(4) == [], "seed \(seed)")
        // Only what came back twice is lost, and counted.
        #expect(world.lost.values.allSatisfy { $0 == .wrongHome })
        #expect(world.gone.isEmpty)
    }

    @Test("Remembered entities survive moves, crashes and stalls, and each runs once", arguments: 0..<45)
    func remembered(seed: Int) {
        var world = Self.world(seed: UInt64(seed), remembers: true)
        Self.addTraffic(&world)
        Self.addOperations(&world, count: 10)
        world.schedule(.crash(node(1 + seed % 4)), at: .start + .milliseconds(1000 + seed * 50))
        world.schedule(.stall(node(1 + (seed + 1) % 4)), at: .start + .milliseconds(2000 + seed * 50))
        if seed % 2 == 1 {
            let from = Duration.milliseconds(300 + seed * 70)
            world.schedule(.breakStore(until: .start + from + .milliseconds(2500)), at: .start + from)
        }
        world.run(until: .start + .seconds(60))
        #expect(world.check(lossless: false).prefix(4) == [], "seed \(seed)")
        let running = world.live.filter { !$0.value.isEmpty }.map(\.key).sorted()
        #expect(running == world.store, "seed \(seed)")
        #expect(world.live.values.allSatisfy { $0.count <= 1 })
        #expect(
            world.nodes.values.allSatisfy { !$0.isAlive || $0.region.status.hosted.allSatisfy { $0.dormant == 0 } })
    }
}
