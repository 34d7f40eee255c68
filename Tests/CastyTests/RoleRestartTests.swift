import Casty
import CastyLive
import Testing

/// Types that only some nodes host, over real TCP, while those nodes are replaced one after the other.
@Suite(.timeLimit(.minutes(10))) struct RoleRestartTests {
    enum Cart: Codable, Sendable {
        case get(replyTo: ActorRef<Int>)
    }

    private struct Shop {
        let node: CastyNode
        let carts: ShardRegion<Cart>

        init(_ place: NodeAddress, seeds: [NodeAddress], roles: [String] = []) async throws {
            node = try await CastyNode.start(
                name: "shop", listen: place, cluster: .responsive(seeds: seeds, roles: roles)
            ) { types in
                try types.register(Cart.self, name: "cart")
                try types.register(Int.self, name: "int")
            }
            carts = try node.sharding.start(type: "cart", shards: 24, role: "backend", of: Cart.self) { _ in
                .receive { _, message in
                    switch message {
                    case .get(let replyTo): replyTo.tell(7)
                    }
                    return .same
                }
            }
        }

        func sees(_ count: Int) async throws {
            while node.cluster.state.members.count != count || node.cluster.state.up.count != count {
                try await Task.sleep(for: .milliseconds(5))
            }
        }

        /// Asks this many carts, of all shards; returns how each ask failed that did.
        func failures(of count: Int = 48) async -> [String] {
            await withTaskGroup(of: String?.self) { group in
                for number in 1...count {
                    group.addTask {
                        do {
                            let reply: Int = try await carts.ask("cart-\(number)", within: .seconds(30)) {
                                .get(replyTo: $0)
                            }
                            return reply == 7 ? nil : "cart-\(number) answers \(reply)"
                        } catch {
                            return "cart-\(number): \(error)"
                        }
                    }
                }
                return await group.reduce(into: []) { if let failure = $1 { $0.append(failure) } }
            }
        }

        func expectAnswers(_ location: SourceLocation = #_sourceLocation) async {
            let failures = await failures()
            #expect(failures == [], sourceLocation: location)
        }
    }

    @Test("the only node with a role is started again, and every ask of the others is answered")
    func same() async throws {
        let places = try FreePort.addresses(3)
        let seeds = Array(places.prefix(2))
        let first = try await Shop(places[0], seeds: seeds)
        let second = try await Shop(places[1], seeds: seeds)
        try await first.sees(2)
        let backend = try await Shop(places[2], seeds: seeds, roles: ["backend"])
        try await first.sees(3)
        await first.expectAnswers()
        // The coordinator's count goes up, as it does with every handoff.
        for _ in 1...15 {
            try await first.carts.pauseRebalancing()
            try await first.carts.resumeRebalancing()
        }
        await backend.node.leave()
        try await first.sees(2)
        let next = try await Shop(places[2], seeds: seeds, roles: ["backend"])
        try await first.sees(3)
        await first.expectAnswers()
        for shop in [next, second, first] { await shop.node.leave() }
    }

    @Test("nodes with a role follow one another, and every ask of one that stays is answered")
    func others() async throws {
        let places = try FreePort.addresses(4)
        let seeds = Array(places.prefix(1))
        let front = try await Shop(places[0], seeds: seeds)
        var backends = [try await Shop(places[1], seeds: seeds, roles: ["backend"])]
        try await front.sees(2)
        backends.append(try await Shop(places[2], seeds: seeds, roles: ["backend"]))
        try await front.sees(3)
        await front.expectAnswers()
        await backends.removeFirst().node.leave()
        try await front.sees(2)
        await front.expectAnswers()
        await backends.removeFirst().node.leave()
        try await front.sees(1)
        let last = try await Shop(places[3], seeds: seeds, roles: ["backend"])
        try await front.sees(2)
        await front.expectAnswers()
        await last.node.leave()
        await front.node.leave()
    }
}
