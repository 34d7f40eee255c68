import Casty
import Glibc
import Testing

/// The library as its users use it: real nodes, real TCP.
@Suite struct NodeTests {
    enum Greeting: Codable, Sendable {
        case hello(name: String, replyTo: ActorRef<String>)
    }

    /// A place on loopback that was free a moment ago.
    private static func freePlace() throws -> NodeAddress {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                inet_pton(AF_INET, "127.0.0.1", &pointer.pointee.sin_addr) == 1 && bind(descriptor, $0, length) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(bound)
        return NodeAddress(host: "127.0.0.1", port: Int(UInt16(bigEndian: place.sin_port)))
    }

    private static func register(_ registry: TypeRegistry) throws {
        try registry.register(Greeting.self, name: "test.greeting")
        try registry.register(String.self, name: "test.text")
    }

    @Test("two nodes form a cluster, an entity answers across them, and both leave in order", .timeLimit(.minutes(10)))
    func twoNodes() async throws {
        let (first, second) = (try Self.freePlace(), try Self.freePlace())
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

    @Test("a place that is taken is said to be", .timeLimit(.minutes(10)))
    func taken() async throws {
        let place = try Self.freePlace()
        let node = try await CastyNode.start(name: "test", listen: place, cluster: .responsive(seeds: [place]))
        await #expect(throws: NodeError.self) {
            _ = try await CastyNode.start(name: "test", listen: place, cluster: .responsive(seeds: [place]))
        }
        await node.leave()
    }

    @Test("a first seed that crashed and comes back joins the cluster that is there", .timeLimit(.minutes(10)))
    func firstSeedReturns() async throws {
        let places = [try Self.freePlace(), try Self.freePlace(), try Self.freePlace()]
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
