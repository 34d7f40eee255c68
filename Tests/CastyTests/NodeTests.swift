import Casty
import CastyLive
import Glibc
import Testing

/// The library as its users use it: real nodes, real TCP.
@Suite struct NodeTests {
    enum Greeting: Codable, Sendable {
        case hello(name: String, replyTo: ActorRef<String>)
    }

    private static func register(_ registry: TypeRegistry) throws {
        try registry.register(Greeting.self, name: "test.greeting")
        try registry.register(String.self, name: "test.text")
    }

    @Test("two nodes form a cluster, an entity answers across them, and both leave in order", .timeLimit(.minutes(10)))
    func twoNodes() async throws {
        let (first, second) = (try FreePort.address(), try FreePort.address())
        let config = ClusterConfig.responsive(seeds: [first, second])
        let nodes = [
            try await CastyNode.start(name: "test", listen: first, cluster: config, register: Self.register),
            try await CastyNode.start(name: "test", listen: second, cluster: config, register: Self.register),
        ]
        let regions = try nodes.map { node in
            try node.sharding.start(type: "greeter", shards: 8, of: Greeting.self) { entity in
                .receive { _, greeting in
                    switch greeting {
                    case .hello(let name, let replyTo): replyTo.tell("\(entity.id) greets \(name)")
                    }
                    return .same
                }
            }
        }
        while !nodes.allSatisfy({ $0.cluster.state.up.count == 2 }) { try await Task.sleep(for: .milliseconds(5)) }
        for number in 1...16 {
            let reply: String = try await regions[number % 2].ask("greeter-\(number)") {
                .hello(name: "Swift", replyTo: $0)
            }
            #expect(reply == "greeter-\(number) greets Swift")
        }
        await nodes[1].leave()
        while nodes[0].cluster.state.members.count > 1 { try await Task.sleep(for: .milliseconds(5)) }
        let moved: String = try await regions[0].ask("greeter-3") { .hello(name: "again", replyTo: $0) }
        #expect(moved == "greeter-3 greets again")
        await nodes[0].leave()
    }

    @Test(
        "entities go to sleep as their type says, shards go where an operator wants, and what cannot be done has its reason",
        .timeLimit(.minutes(10)))
    func operating() async throws {
        let (first, second) = (try FreePort.address(), try FreePort.address())
        let config = ClusterConfig.responsive(seeds: [first, second])
        let nodes = [
            try await CastyNode.start(name: "test", listen: first, cluster: config, register: Self.register),
            try await CastyNode.start(name: "test", listen: second, cluster: config, register: Self.register),
        ]
        while !nodes.allSatisfy({ $0.cluster.state.up.count == 2 }) { try await Task.sleep(for: .milliseconds(5)) }
        let regions = try nodes.map { node in
            try node.sharding.start(
                type: "greeter", shards: 8, passivation: .leastRecentlyUsed(limit: 1), of: Greeting.self
            ) { entity in
                .receive { _, greeting in
                    switch greeting {
                    case .hello(let name, let replyTo): replyTo.tell("\(entity.node.address) greets \(name)")
                    }
                    return .same
                }
            }
        }
        func greet(_ entity: String) async throws -> String {
            try await regions[1].ask(entity) { .hello(name: "Swift", replyTo: $0) }
        }
        for number in 1...16 { #expect(try await greet("greeter-\(number)").hasSuffix("greets Swift")) }
        // One awake on each node; the others have gone, or are about to.
        while await regions[0].statistics().entities > 2 { try await Task.sleep(for: .milliseconds(5)) }

        let shard = regions[0].shard(of: "greeter-1")
        for place in [second, first] {
            try await regions[0].pin(shard: shard, to: place)
            while try await greet("greeter-1") != "\(place) greets Swift" {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        try await regions[0].unpin(shard: shard)
        try await regions[1].pauseRebalancing()
        #expect(try await regions[1].drain(first) > 0)
        while try await greet("greeter-1") != "\(second) greets Swift" { try await Task.sleep(for: .milliseconds(5)) }
        let refused = await #expect(throws: ShardCommandError.self) {
            try await regions[1].move(shard: shard, to: first)
        }
        #expect(refused?.code == .nodeTakesNoShards)
        try await regions[1].undrain(first)
        try await regions[1].resumeRebalancing()
        try await regions[0].rebalance()
        let unknown = await #expect(throws: ShardCommandError.self) { try await regions[0].move(shard: 8, to: second) }
        #expect(unknown?.code == .noSuchShard)
        let nowhere = await #expect(throws: ShardCommandError.self) {
            try await regions[0].pin(shard: 0, to: NodeAddress(host: "127.0.0.9", port: 9))
        }
        #expect(nowhere?.code == .noSuchNode)

        for node in nodes { await node.leave() }
        let stopped = #expect(throws: ShardingError.self) {
            _ = try nodes[0].sharding.start(type: "late", shards: 8, of: Greeting.self) { _ in .ignore }
        }
        #expect(stopped?.code == .stopping)
        for _ in 1...2 {
            let stopped = #expect(throws: ShardingError.self) {
                _ = try nodes[0].cluster.singleton.start(name: "late", of: Greeting.self) { .ignore }
            }
            #expect(stopped?.code == .stopping)
        }
    }

    @Test("a place that is taken is said to be", .timeLimit(.minutes(10)))
    func taken() async throws {
        let place = try FreePort.address()
        let node = try await CastyNode.start(name: "test", listen: place, cluster: .responsive(seeds: [place]))
        await #expect(throws: NodeError.self) {
            _ = try await CastyNode.start(name: "test", listen: place, cluster: .responsive(seeds: [place]))
        }
        await node.leave()
    }

    @Test("a first seed that crashed and comes back joins the cluster that is there", .timeLimit(.minutes(10)))
    func firstSeedReturns() async throws {
        let places = [try FreePort.address(), try FreePort.address(), try FreePort.address()]
        let config = ClusterConfig.responsive(seeds: Array(places.prefix(2)))
        var nodes: [CastyNode] = []
        for place in places { nodes.append(try await CastyNode.start(name: "test", listen: place, cluster: config)) }
        while !nodes.allSatisfy({ $0.cluster.state.up.count == 3 }) { try await Task.sleep(for: .milliseconds(5)) }
        let former = nodes[0].system.unique
        await nodes[0].stop()
        nodes[0] = try await CastyNode.start(name: "test", listen: places[0], cluster: config)
        let all = nodes.map(\.system.unique).sorted()
        while !nodes.allSatisfy({ $0.cluster.state.up.map(\.node).sorted() == all }) {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(nodes[0].system.unique != former)
        for node in nodes { await node.stop() }
    }
}
