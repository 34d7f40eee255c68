import Casty
import Testing

/// Entity types, regions and references as their users use them: real nodes, no registration of types.
@Suite("Entity types", .timeLimit(.minutes(10)))
struct EntityTypeTests {
    enum Cart: Codable, Sendable {
        case add(String)
        case list(replyTo: ActorRef<[String]>)
        case give(EntityRef<Cart>)
        case total(replyTo: ActorRef<Int>)
    }

    /// Takes references, and asks behind them.
    enum Checkout: Codable, Sendable {
        case pay(cart: EntityRef<Cart>, replyTo: ActorRef<Int>)
        case counted(Int, replyTo: ActorRef<Int>)
    }

    static let carts = EntityType("cart", of: Cart.self, shards: 12, role: "shop")

    static func cart(_ entity: EntityContext) -> Behavior<Cart> {
        .stateful([String]()) { items, _, message in
            switch message {
            case .add(let item): items.append(item)
            case .list(let replyTo): replyTo.tell(items)
            case .give(let other): for item in items { other.tell(.add(item)) }
            case .total(let replyTo): replyTo.tell(items.count)
            }
            return .same
        }
    }

    static func node(_ seeds: Seeds = [], _ roles: [String] = ["shop"]) async throws -> CastyNode {
        try await CastyNode.start("shop") {
            $0.bind = "localhost:0"
            $0.seeds = seeds
            $0.roles = roles
            $0.timings = .responsive
        }
    }

    static func address(of node: CastyNode) -> String { node.system.address.description }

    @Test(
        "an entity is reached from a node that hosts its type and from one that does not, by references in messages too"
    )
    func reached() async throws {
        let first = try await Self.node()
        let seeds: Seeds = [Self.address(of: first)]
        let second = try await Self.node(seeds, [])
        try await second.joined()
        try first.host(Self.carts) { Self.cart($0) }

        let cart = second.entity(Self.carts, "cart-17")
        cart.tell(.add("apples"))
        cart.tell(.add("pears"))
        let items = try await cart.ask { .list(replyTo: $0) }
        #expect(items == ["apples", "pears"])
        #expect(cart.shardHome == first.system.unique)
        #expect(first.entity(Self.carts, "cart-17").shardHome == first.system.unique)

        // A reference travels in a message to an entity, which sends to another one through it.
        cart.tell(.give(second.entity(Self.carts, "cart-18")))
        var count = 0
        while count < 2 { count = try await second.entity(Self.carts, "cart-18").ask { .total(replyTo: $0) } }

        // It travels to an actor of a node that does not host the type, and is asked from inside the actor.
        let checkout = try second.spawn(
            Behavior<Checkout>.receive { context, message in
                switch message {
                case .pay(let cart, let replyTo):
                    context.ask(cart, { .total(replyTo: $0) }) { result in
                        .counted((try? result.get()) ?? -1, replyTo: replyTo)
                    }
                case .counted(let count, let replyTo): replyTo.tell(count)
                }
                return .same
            }, name: "checkout")
        let remote = try #require(first.system.resolve(checkout.address, as: Checkout.self))
        let paid = try await first.system.ask(remote) { .pay(cart: first.entity(Self.carts, "cart-17"), replyTo: $0) }
        #expect(paid == 2)

        await second.leave()
        await first.leave()
    }

    @Test("a reference goes on where its entity has moved, and where its node has left")
    func moves() async throws {
        let type = EntityType("cart", of: Cart.self, shards: 4)
        let saved = InMemoryEntityStore()
        let first = try await Self.node()
        let second = try await Self.node([Self.address(of: first)])
        for node in [first, second] {
            try await node.joined()
            try node.host(type, state: .manual(saved)) { entity in
                .durable(entity, [String]()) { items, _, message in
                    switch message {
                    case .add(let item): items.append(item)
                    case .list(let replyTo): replyTo.tell(items)
                    case .total(let replyTo): replyTo.tell(items.count)
                    case .give: break
                    }
                    return .same
                }
            }
        }
        let cart = first.entity(type, "cart-1")
        let region = try first.region(type)
        var expected: [String] = []
        for node in [second, first, second] {
            // At once, though the coordinator may not have heard of the node's region yet.
            try await region.pin(shard: cart.shard, to: node.system.address)
            expected.append("at \(node.system.address)")
            cart.tell(.add("at \(node.system.address)"))
            #expect(try await cart.ask { .list(replyTo: $0) } == expected)
            while cart.shardHome != node.system.unique { try await Task.sleep(for: .milliseconds(5)) }
        }
        await second.leave()
        #expect(try await cart.ask { .list(replyTo: $0) } == expected)
        #expect(cart.shardHome == first.system.unique)
        await first.leave()
    }

    @Test("references are equal by type and id, and come back equal from JSON inside a message")
    func references() async throws {
        let node = try await Self.node()
        let one = node.entity(Self.carts, "cart-1")
        #expect(one == node.entity(Self.carts, "cart-1"))
        #expect(one != node.entity(Self.carts, "cart-2"))
        #expect(Set([one, node.entity(Self.carts, "cart-1")]).count == 1)
        #expect("\(one)" == "cart cart-1")
        // Outside a message there is no node to bind it to.
        let bytes = try JSONSerializer().encode(one)
        #expect(throws: DecodingError.self) { try JSONSerializer().decode(EntityRef<Cart>.self, from: bytes) }
        await node.leave()
    }

    @Test("a node that reached a type before begins to host it, and keeps its references")
    func proxyBecomesHost() async throws {
        let node = try await Self.node()
        try await node.joined()
        let cart = node.entity(Self.carts, "cart-1")
        // Waits for a home: no node hosts the type yet.
        async let items = cart.ask(within: .seconds(60), patience: .waitForNewNode) { .list(replyTo: $0) }
        cart.tell(.add("apples"))
        try node.host(Self.carts) { Self.cart($0) }
        _ = try await items
        #expect(try await cart.ask { .total(replyTo: $0) } == 1)
        let again = #expect(throws: ShardingError.self) { try node.host(Self.carts) { Self.cart($0) } }
        #expect(again?.code == .alreadyStarted)
        let other = #expect(throws: ShardingError.self) {
            try node.host(EntityType("cart", of: Checkout.self, shards: 12, role: "shop")) { _ in .ignore }
        }
        #expect(other?.code == .otherMessage)
        await node.leave()
    }

    @Test("what is out of range is refused with the value")
    func refused() async throws {
        let node = try await Self.node()
        for shards in [0, -1, 16_385] {
            let error = #expect(throws: ShardingError.self) {
                try node.host(EntityType("x\(shards)", of: Cart.self, shards: shards)) { Self.cart($0) }
            }
            #expect(error?.code == .badShardCount && error?.description.contains("\(shards)") == true)
        }
        var limits = ShardLimits()
        limits.movingShare = 0
        let error = #expect(throws: ShardingError.self) {
            try node.host(EntityType("y", of: Cart.self, limits: limits)) { Self.cart($0) }
        }
        #expect(error?.code == .badLimit && error?.description.contains("movingShare") == true)
        await node.leave()
        // A stopped node fails an ask at once.
        let late = await #expect(throws: AskError.self) {
            try await node.entity(Self.carts, "cart-1").ask { .total(replyTo: $0) }
        }
        #expect(late?.code == .shutdown)
    }

    @Test("a region is an actor that takes envelopes, also from another node")
    func envelopes() async throws {
        let first = try await Self.node()
        let second = try await Self.node([Self.address(of: first)])
        let region = try first.host(Self.carts) { Self.cart($0) }
        try second.host(Self.carts) { Self.cart($0) }
        region.ref.tell(ShardEnvelope(entity: "cart-5", message: .add("apples")))
        let count = try await first.system.ask(region.ref) {
            ShardEnvelope(entity: "cart-5", message: .total(replyTo: $0))
        }
        #expect(count == 1)

        // Another node gets the reference in a message.
        struct Use: Codable, Sendable {
            let region: ActorRef<ShardEnvelope<Cart>>
        }
        let user = try second.spawn(
            Behavior<Use>.receive { _, use in
                use.region.tell(ShardEnvelope(entity: "cart-5", message: .add("pears")))
                return .same
            }, name: "user")
        try #require(first.system.resolve(user.address, as: Use.self)).tell(Use(region: region.ref))
        while try await region.ask("cart-5", { .total(replyTo: $0) }) != 2 {}

        let envelope = ShardEnvelope(entity: "a", message: 7)
        let bytes = try BinarySerializer().encode(envelope)
        #expect(try BinarySerializer().decode(ShardEnvelope<Int>.self, from: bytes) == envelope)
        await second.leave()
        await first.leave()
    }

    @Test("a strategy of the user's own places the shards")
    func ownStrategy() async throws {
        struct Highest: ShardAllocationStrategy {
            func home(of shard: Int, among regions: [RegionLoad]) -> UniqueAddress { regions[regions.count - 1].node }
            func round(over regions: [RegionLoad], fixed: [Int]) -> [ShardMove] { [] }
        }
        let first = try await Self.node()
        let second = try await Self.node([Self.address(of: first)])
        for node in [first, second] { try await node.joined() }
        let type = EntityType(
            "placed", of: Cart.self, shards: 8, allocation: Highest(),
            limits: {
                var limits = ShardLimits()
                limits.minimumNodes = 2
                return limits
            }())
        for node in [first, second] { try node.host(type) { Self.cart($0) } }
        let highest = max(first.system.unique, second.system.unique)
        for number in 1...8 {
            let entity = first.entity(type, "placed-\(number)")
            #expect(try await entity.ask { .total(replyTo: $0) } == 0)
            #expect(entity.shardHome == highest)
        }
        await second.leave()
        await first.leave()
    }
}
