import Casty
import CastySQLite

// The code of README.md, line by line: `ReadmeTests` compares the two. It is compiled, and not run.

enum Cart: Codable, Sendable {
    case add(String)
    case list(replyTo: ActorRef<[String]>)
}

enum Readme {
    static func shop() async throws {
        let me = NodeAddress(host: "127.0.0.1", port: 25520)
        let node = try await CastyNode.start(name: "shop", listen: me, cluster: .lan(seeds: [me])) { types in
            try types.register(Cart.self, name: "shop.cart")
            try types.register([String].self, name: "shop.items")
        }

        // One cart an id, somewhere in the cluster, wherever its shard lives.
        let carts = try node.sharding.start(type: "cart", shards: 24, of: Cart.self) { entity in
            .stateful([String]()) { items, context, message in
                switch message {
                case .add(let item): items.append(item)
                case .list(let replyTo): replyTo.tell(items)
                }
                return .same
            }
        }

        carts.tell("cart-17", .add("apples"))
        let items = try await carts.ask("cart-17") { .list(replyTo: $0) }

        // An ask fails as soon as its node knows that no reply can come, with the entity, the node and the cause: its home was removed, no node has the
        // type's role. Where another node takes over it waits for that one, within its own time, unless its patience is `failFast`.
        let fresh = try await carts.ask("cart-17", within: .seconds(2), patience: .failFast) { .list(replyTo: $0) }

        // The whole cluster's entities: what is missing because a node did not answer is in `failed`.
        let page = await carts.entities(containing: "17", limit: 50)
        let busiest = await carts.hottest(10)
        let figures = await carts.statistics(within: .seconds(1))

        // Operators' verbs, from any node; what cannot be done throws a ShardCommandError that says why.
        try await carts.move(shard: carts.shard(of: "cart-17"), to: me)
        try await carts.pin(shard: 3, to: me)
        try await carts.unpin(shard: 3)
        try await carts.pauseRebalancing()
        try await carts.resumeRebalancing()
        let moving = try await carts.rebalance()
        // try await carts.drain(node), and carts.undrain(node) to take it back

        // One actor in the whole cluster: on the oldest member, handed over when that leaves, never two at a time.
        let till = try node.cluster.singleton.start(name: "till", of: Cart.self) {
            .receive { context, message in .same }
        }
        till.tell(.add("one more"))
        await node.leave()
        _ = (items, fresh, page, busiest, figures, moving)
    }

    static func lasting(_ node: CastyNode) throws {
        let stores = try SQLiteStores(directory: "/var/lib/shop")
        let carts = try node.sharding.start(
            type: "cart", shards: 24, store: stores.entities, remember: stores.remembered, of: Cart.self
        ) { entity in
            .setup { _ in
                // Read when it starts; `entity.save` before a reply makes what the caller has read survive.
                let saved = try entity.load()
                return cart(entity, saved)
            }
        }
        carts.tell("cart-17", .add("apples"))
    }

    private static func cart(_ entity: EntityContext, _ saved: [UInt8]?) -> Behavior<Cart> { .empty }
}
