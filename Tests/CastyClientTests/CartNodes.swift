import Casty
import CastyClient

/// What the carts of these tests take.
enum Cart: Codable, Sendable {
    case add(String)
    case list(replyTo: ActorRef<[String]>)
    /// Replies with the node that the cart runs on.
    case home(replyTo: ActorRef<String>)
    /// Is never answered.
    case wait(replyTo: ActorRef<Int>)
    /// Replies with how many have not been answered.
    case waits(replyTo: ActorRef<Int>)
    /// Replies with so many bytes.
    case fill(Int, replyTo: ActorRef<[UInt8]>)
    /// Sends a text to any actor.
    case forward(String, to: ActorRef<String>)
}

/// Messages that no cart takes.
enum Parcel: Codable, Sendable {
    case weigh(replyTo: ActorRef<Int>)
}

let carts = EntityType("cart", of: Cart.self, shards: 12)

/// Nodes that host carts, in this process.
struct CartNodes {
    let nodes: [CastyNode]

    var addresses: [String] { nodes.map { "\($0.system.address)" } }

    static func start(
        _ count: Int, serving: Bool = true, _ configure: (inout NodeSettings) throws -> Void = { _ in }
    ) async throws -> CartNodes {
        var nodes: [CastyNode] = []
        for _ in 0..<count {
            let seeds = nodes.prefix(1).map { "\($0.system.address)" }
            let node = try CastyNode("shop") {
                $0.bind = "127.0.0.1:0"
                $0.timings = .responsive
                $0.seeds = .list(seeds)
                try configure(&$0)
            }
            try node.host(carts) { _ in cart(on: node.system) }
            if serving { try node.serveClients() }
            try await node.start()
            try await node.joined(within: .seconds(60))
            nodes.append(node)
        }
        while !nodes.allSatisfy({ $0.cluster.state.up.count == count }) {
            try await Task.sleep(for: .milliseconds(5))
        }
        return CartNodes(nodes: nodes)
    }

    private static func cart(on system: ActorSystem) -> Behavior<Cart> {
        let home = "\(system.address)"
        return .stateful((items: [String](), waits: 0)) { state, _, message in
            switch message {
            case .add(let item): state.items.append(item)
            case .list(let replyTo): replyTo.tell(state.items)
            case .home(let replyTo): replyTo.tell(home)
            case .wait: state.waits += 1
            case .waits(let replyTo): replyTo.tell(state.waits)
            case .fill(let count, let replyTo): replyTo.tell(Array(repeating: 7, count: count))
            case .forward(let text, let target): target.tell(text)
            }
            return .same
        }
    }

    func stop() async { for node in nodes { await node.stop() } }
}

/// The error that a function throws; `nil` where it throws none.
func failure(_ body: () async throws(ClientError) -> Void) async -> ClientError? {
    do {
        try await body()
        return nil
    } catch {
        return error
    }
}
