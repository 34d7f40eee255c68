import Casty
import CastyClient
import CastySharding
import Testing

@Suite("Commands in text to a user's own entities", .timeLimit(.minutes(4)))
struct TextCommandTests {
    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    private static func serve(_ node: CastyNode) throws {
        try node.serveText(carts, reply: { (items: [String]) in items.joined(separator: ",") }) { text in
            let words = text.split(separator: " ").map(String.init)
            switch words.first {
            case "add" where words.count == 2: return { _ in .add(words[1]) }
            case "list" where words.count == 1: return { .list(replyTo: $0) }
            default: throw Unreadable(description: "say: add ITEM, or list")
            }
        }
    }

    private static func send(
        _ request: EntityClient.Request, _ client: CastyClient
    ) async -> Result<String, ClientError> {
        await withCheckedContinuation { continuation in
            client.entities.deliver(request, within: .seconds(30)) { continuation.resume(returning: $0.map(\.text)) }
        }
    }

    @Test("a command reaches the entity on whichever node it runs, and its reply comes back as text")
    func commands() async throws {
        let cluster = try await CartNodes.start(2)
        for node in cluster.nodes { try Self.serve(node) }
        let client = try CastyClient("shop", nodes: [cluster.addresses[0]])
        try await client.connected()
        for number in 1...8 {
            let cart = "cart-\(number)"
            _ = try await Self.send(.tell(cart, "add apple"), client).get()
            // Another node may forward the question, and then it may come before what was told.
            var listed = ""
            while listed.isEmpty { listed = try await Self.send(.ask(cart, "list"), client).get() }
            #expect(listed == "apple")
        }
        await client.close()
        await cluster.stop()
    }

    @Test("who says what the type does not understand reads what can be said, at once")
    func unreadable() async throws {
        let cluster = try await CartNodes.start(1)
        try Self.serve(cluster.nodes[0])
        let client = try CastyClient("shop", nodes: cluster.addresses)
        try await client.connected()
        for request in [EntityClient.Request.ask("cart-1", "weigh"), .tell("cart-1", "add")] {
            guard case .failure(let error) = await Self.send(request, client) else {
                Issue.record("a command that makes no sense was taken")
                continue
            }
            #expect(error.code == .badRequest)
            #expect(error.message.contains("say: add ITEM, or list"))
        }
        await client.close()
        await cluster.stop()
    }
}
