import Casty
import Synchronization
import Testing

/// Local messages that are encoded as remote ones are, for tests.
@Suite("Encoded local messages", .timeLimit(.minutes(10)))
struct LocalMessagesTests {
    /// Forgets what is not encoded.
    final class Basket: Codable, Sendable {
        let items: [String]
        let note: String

        init(items: [String], note: String) { (self.items, self.note) = (items, note) }

        enum CodingKeys: CodingKey { case items }

        convenience init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self.init(items: try container.decode([String].self, forKey: .items), note: "decoded")
        }

        func encode(to encoder: any Encoder) throws {
            struct Refused: Error {}
            if items.contains("poison") { throw Refused() }
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(items, forKey: .items)
        }
    }

    struct Show: Codable, Sendable {
        let basket: Basket
        let replyTo: ActorRef<String>
    }

    static func shows() -> Behavior<Show> {
        .receive { _, show in
            show.replyTo.tell(show.basket.items.joined(separator: ",") + " " + show.basket.note)
            return .same
        }
    }

    static func ask(_ system: ActorSystem, _ ref: ActorRef<Show>, _ items: String...) async throws(AskError) -> String {
        try await system.ask(ref) { Show(basket: Basket(items: items, note: "as it was"), replyTo: $0) }
    }

    @Test("messages and their references go through bytes where that is asked for, and stay as they are otherwise")
    func copied() async throws {
        for isEncoded in [false, true] {
            let system = ActorSystem.local("tools", encodeLocalMessages: isEncoded)
            let actor = try system.spawn(Self.shows(), name: "shows")
            let note = isEncoded ? "decoded" : "as it was"
            for number in 1...20 { #expect(try await Self.ask(system, actor, "\(number)") == "\(number) \(note)") }
            // A type that is not Codable stays on its node.
            struct Call: Sendable { let run: @Sendable () -> Void }
            let ran = Mutex(false)
            let caller = try system.spawn(
                Behavior<Call>.receive { _, call in
                    call.run()
                    return .same
                })
            caller.tell(Call { ran.withLock { $0 = true } })
            while !ran.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(1)) }
            await system.terminate()
        }
    }

    @Test("what cannot travel is lost, and its asker gets an error at once")
    func refused() async throws {
        let system = ActorSystem.local("tools", encodeLocalMessages: true)
        let actor = try system.spawn(Self.shows(), name: "shows")
        let error = await #expect(throws: AskError.self) { try await Self.ask(system, actor, "poison") }
        #expect(error?.code == .notDecodable)
        #expect(system.losses.map(\.reason) == [.undecodable])
        #expect(try await Self.ask(system, actor, "apples") == "apples decoded")
        await system.terminate()
    }

    @Test("entities of a node get decoded messages, also those of their own node")
    func entities() async throws {
        let shows = EntityType("shows", of: Show.self, shards: 4)
        try await withNode(
            "shop",
            {
                $0.bind = "127.0.0.1:0"
                $0.codec = .json
                $0.encodeLocalMessages = true
            }
        ) { node in
            try node.host(shows) { _ in Self.shows() }
            let entity = node.entity(shows, "shows-1")
            let reply: String = try await entity.ask {
                Show(basket: Basket(items: ["pears"], note: "as it was"), replyTo: $0)
            }
            #expect(reply == "pears decoded")
        }
    }
}
