import Casty
import CastySQLite
import CastyTLS
import Logging
import ServiceLifecycle
import UnixSignals

// The code of README.md and of the pages that go on from it, line by line: `ReadmeTests` compares the two. It is compiled, and not run.

enum Cart: Codable, Sendable {
    case add(String)
    case list(replyTo: ActorRef<[String]>)
}

// One cart an id, somewhere in the cluster, wherever its shard lives.
let carts = EntityType("cart", of: Cart.self, shards: 24)

/// As a program's main type: not isolated, and not `Sendable`.
struct Readme {
    static func main() async throws {
        let node = try CastyNode("shop") {
            $0.bind = "127.0.0.1:25520"
        }
        try node.host(carts) { entity in
            .stateful([String]()) { items, context, message in
                switch message {
                case .add(let item): items.append(item)
                case .list(let replyTo): replyTo.tell(items)
                }
                return .same
            }
        }
        try await node.start()
        try await node.joined(within: .seconds(30))

        let cart = node.entity(carts, "cart-17")
        cart.tell(.add("apples"))
        let items = try await cart.ask { .list(replyTo: $0) }
        await node.leave()
        _ = items
    }

    static func service(_ node: CastyNode, _ logger: Logger) async throws {
        let group = ServiceGroup(services: [node], gracefulShutdownSignals: [.sigterm], logger: logger)
        try await group.run()
    }

    static func cluster() async throws {
        let node = try CastyNode("shop") {
            $0.bind = "0.0.0.0:25520"  // where it listens
            $0.advertise = "10.0.0.7:25520"  // how others know it
            $0.tls = .sharedSecret(file: "/run/secrets/casty")  // of CastyTLS, or .mutual(…); beyond loopback needed
            $0.seeds = ["10.0.0.7:25520", "10.0.0.8:25520", "10.0.0.9:25520"]
            $0.roles = ["backend"]
            $0.timings = .lan.with(heartbeat: .milliseconds(500))  // .responsive, .lan, .wan; all nodes need the same
            $0.downing = .keepMajority()
            $0.codec = .json
            $0.frameLimit = .mebibytes(1)
            $0.workers = 8
            $0.memory = try FileClusterMemory(directory: "/var/lib/shop", node: "10.0.0.7:25520")
        }
        for await event in node.cluster.events {  // also node.events, node.losses
            if case .memberUp(let up) = event { print("\(up.member.node) is up") }
        }
        let phi = node.snapshot().membership.peers.map(\.phi)  // what this node sees, typed
        _ = phi
    }

    static func entities(_ node: CastyNode, _ cart: EntityRef<Cart>) async throws {
        let fresh = try await cart.ask(within: .seconds(2), patience: .failFast) { .list(replyTo: $0) }

        // The whole cluster's entities: what is missing because a node did not answer is in `failed`.
        let region = try node.region(carts)
        let page = await region.entities(containing: "17", limit: 50)
        let busiest = await region.hottest(10)
        let figures = await region.statistics(within: .seconds(1))
        let home = region.shardHome(of: "cart-17")

        // Operators' verbs, from any node; what cannot be done throws a ShardCommandError that says why.
        let me = node.system.address
        try await region.move(shard: region.shard(of: "cart-17"), to: me)
        try await region.pin(shard: 3, to: me)
        try await region.unpin(shard: 3)
        try await region.pauseRebalancing()
        try await region.resumeRebalancing()
        let moving = try await region.rebalance()

        // One actor in the whole cluster: on the oldest member, handed over when that leaves. A lease guards it.
        let till = try node.singleton("till", of: Cart.self) {
            .receive { context, message in .same }
        }
        till.tell(.add("one more"))
        _ = (fresh, page, busiest, figures, home, moving)
    }

    static func lasting(_ node: CastyNode) throws {
        let stores = try SQLiteStores(directory: "/var/lib/shop")  // and `$0.store = stores` in the node's settings
        try node.host(carts, state: .manual(stores.entities), remember: stores.remembered) { entity in
            // Loaded before the first message, saved after each that changes it, before any reply leaves.
            .durable(entity, [String]()) { items, context, message in
                switch message {
                case .add(let item): items.append(item)
                case .list(let replyTo): replyTo.tell(items)
                }
                return .same
            }
        }
    }

    static func actors() async throws {
        let system = ActorSystem.local("tools")
        let counter = try system.spawn(
            Behavior<Int>.receive { context, number in
                context.log.info("\(number)")
                return .same
            }, name: "counter")
        counter.tell(1)
        let same = system.lookup("counter", as: Int.self)
        await system.terminate()
        _ = same
    }
}
