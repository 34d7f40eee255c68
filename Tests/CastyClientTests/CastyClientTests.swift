import Casty
import CastyClient
import Logging
import ServiceLifecycle
import Testing

/// Programs that are no nodes, over TCP in this process.
@Suite("Clients", .timeLimit(.minutes(10)))
struct CastyClientTests {
    @Test(
        "entities answer through any node, wherever they run, in both forms of messages", arguments: ["binary", "json"])
    func asks(form: String) async throws {
        let cluster = try await CartNodes.start(3)
        for address in cluster.addresses {
            let client = try CastyClient("shop", nodes: [address]) { $0.codec = form == "json" ? .json : .binary }
            var homes: Set<String> = []
            for number in 1...24 {
                let cart = client.entity(carts, "\(address) \(number)")
                try await cart.tell(.add("apples"))
                try await cart.tell(.add("pears"))
                let items = try await cart.ask { .list(replyTo: $0) }
                #expect(items == ["apples", "pears"])
                homes.insert(try await cart.ask { .home(replyTo: $0) })
            }
            #expect(homes == Set(cluster.addresses), "carts on other nodes answer too")
            await client.close()
        }
        #expect(cluster.nodes.allSatisfy { $0.cluster.state.members.count == 3 }, "no client is a member")
        await cluster.stop()
    }

    @Test("a client goes on through the other nodes when one dies, and comes back to one that returns")
    func failover() async throws {
        let cluster = try await CartNodes.start(3)
        let client = try CastyClient("shop", nodes: cluster.addresses)
        try await client.connected()
        while client.connectedNodes < 3 { try await Task.sleep(for: .milliseconds(5)) }
        // Whatever runs on the last node stops with it: ask for what runs elsewhere.
        var elsewhere: [ClientEntityRef<Cart>] = []
        for number in 1...60 {
            let cart = client.entity(carts, "cart-\(number)")
            if try await cart.ask({ .home(replyTo: $0) }) != cluster.addresses[2] { elsewhere.append(cart) }
        }
        #expect(elsewhere.count >= 10)
        await cluster.nodes[2].stop()
        for cart in elsewhere {
            let home: String = try await cart.ask(within: .seconds(60), repeatsLost: true) { .home(replyTo: $0) }
            #expect(cluster.addresses.dropLast().contains(home))
        }
        #expect(client.connectedNodes == 2)
        let again = try CastyNode("shop") {
            $0.bind = cluster.addresses[2]
            $0.timings = .responsive
            $0.seeds = .list(cluster.addresses[0])
        }
        try again.serveClients()
        try await again.start()
        while client.connectedNodes < 3 { try await Task.sleep(for: .milliseconds(5)) }
        await client.close()
        await again.stop()
        await cluster.stop()
    }

    @Test("what cannot be handled is refused at once, with the reason, and surely was not handled")
    func refusals() async throws {
        let cluster = try await CartNodes.start(1)
        let client = try CastyClient("shop", nodes: cluster.addresses)
        let cart = client.entity(carts, "cart-1")

        let unknown = client.entity(EntityType("parcel", of: Parcel.self), "parcel-1")
        let noType = await failure { () throws(ClientError) in
            let _: Int = try await unknown.ask(within: .seconds(600)) { .weigh(replyTo: $0) }
        }
        #expect(noType?.code == .unknownType && noType?.isSurelyUnhandled == true)
        #expect(noType?.message.contains("neither hosts nor uses the type parcel; it knows cart") == true)

        let misnamed = client.entity(EntityType("cart", of: Parcel.self), "cart-1")
        let otherMessage = await failure { () throws(ClientError) in
            let _: Int = try await misnamed.ask(within: .seconds(600)) { .weigh(replyTo: $0) }
        }
        #expect(otherMessage?.code == .badRequest)
        #expect(otherMessage?.message.hasPrefix("cart takes ") == true, "\(otherMessage?.message ?? "")")
        #expect(otherMessage?.message.contains("Parcel") == true)

        let long = client.entity(carts, String(repeating: "x", count: 3000))
        #expect(await failure { () throws(ClientError) in try await long.tell(.add("x")) }?.code == .badRequest)

        let big = await failure { () throws(ClientError) in
            try await cart.tell(.add(String(repeating: "x", count: 300_000)))
        }
        #expect(big?.code == .badRequest && big?.message.contains("at most 253952 travel") == true)

        // A client may have its own questions answered, and not make nodes send messages to others.
        let victim = try cluster.nodes[0].spawn(Behavior<String>.ignore, name: "victim")
        let foreign = await failure { () throws(ClientError) in try await cart.tell(.forward("hello", to: victim)) }
        #expect(foreign?.code == .badRequest && foreign?.message.contains("reference") == true)
        let silent = await failure { () throws(ClientError) in
            let _: [String] = try await cart.ask(within: .seconds(600)) { _ in .add("no reply goes anywhere") }
        }
        #expect(silent?.code == .badRequest)
        #expect(silent?.message.contains("names no receiver of its reply") == true)
        let items = try await cart.ask { .list(replyTo: $0) }
        #expect(items.isEmpty, "nothing of it was handled")

        let reply = await failure { () throws(ClientError) in
            let _: [UInt8] = try await cart.ask(within: .seconds(600)) { .fill(300_000, replyTo: $0) }
        }
        #expect(reply?.code == .failed && reply?.message.contains("300") == true, "\(String(describing: reply))")
        await client.close()
        await cluster.stop()
    }

    @Test("closing a client ends what waits for an answer, and everything after; cancelling a task ends its question")
    func closes() async throws {
        let cluster = try await CartNodes.start(1)
        let client = try CastyClient("shop", nodes: cluster.addresses)
        let cart = client.entity(carts, "cart-1")
        try await client.connected()

        let cancelled = Task {
            await failure { () throws(ClientError) in
                let _: Int = try await cart.ask(within: .seconds(600)) { .wait(replyTo: $0) }
            }
        }
        cancelled.cancel()
        #expect(await cancelled.value?.code == .cancelled)

        let other = client.entity(carts, "cart-2")
        let waiting = Task {
            await failure { () throws(ClientError) in
                let _: Int = try await other.ask(within: .seconds(600)) { .wait(replyTo: $0) }
            }
        }
        // Until the question is there.
        while try await other.ask({ .waits(replyTo: $0) }) == 0 { try await Task.sleep(for: .milliseconds(5)) }
        await client.close()
        #expect(await waiting.value?.code == .closed)
        #expect(await failure { () throws(ClientError) in try await cart.tell(.add("x")) }?.code == .closed)
        await client.close()
        await cluster.stop()
    }

    @Test("while no node serves clients a request waits for one, and then says why")
    func waits() async throws {
        let cluster = try await CartNodes.start(1, serving: false)
        let client = try CastyClient("shop", nodes: cluster.addresses)
        let cart = client.entity(carts, "cart-1")
        let early = await failure { () throws(ClientError) in
            try await cart.tell(.add("pears"), within: .milliseconds(500))
        }
        #expect(early?.code == .noNode && early?.message.contains("serves no clients") == true, "\(early as Any)")
        async let later: Void = cart.tell(.add("apples"), within: .seconds(60))
        try cluster.nodes[0].serveClients()
        try await later
        let items = try await cart.ask { .list(replyTo: $0) }
        #expect(items == ["apples"])
        #expect(throws: ShardingError.self) { try cluster.nodes[0].serveClients() }
        await client.close()
        await cluster.stop()
    }

    @Test("a service group runs a client, and its graceful shutdown closes it")
    func service() async throws {
        let cluster = try await CartNodes.start(1)
        let client = try CastyClient("shop", nodes: cluster.addresses)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [.init(service: client)], logger: Logger(label: "test")))
        async let run: Void = group.run()
        while client.connectedNodes == 0 { try await Task.sleep(for: .milliseconds(5)) }
        await group.triggerGracefulShutdown()
        try await run
        #expect(await failure { () throws(ClientError) in try await client.connected() }?.code == .closed)
        await cluster.stop()
    }

    @Test(
        "settings that cannot work are refused with what is possible",
        arguments: [
            ([], "name at least one node"), (["127.0.0.1"], "must be host:port"),
            (["127.0.0.1:0"], "must be host:port"),
            (["10.0.0.7:25520"], "nothing protects the connections"),
        ])
    func settings(nodes: [String], words: String) {
        let error = #expect(throws: ClientError.self) { _ = try CastyClient("shop", nodes: nodes) }
        #expect(error?.code == .badSetting && error?.message.contains(words) == true)
    }

    @Test("limits out of range are refused")
    func limits() {
        for change: @Sendable (inout ClientSettings) -> Void in [
            { $0.workers = 0 }, { $0.frameLimit = .kibibytes(63) }, { $0.frameLimit = .mebibytes(65) },
        ] {
            let error = #expect(throws: ClientError.self) {
                _ = try CastyClient("shop", nodes: ["127.0.0.1:1"], change)
            }
            #expect(error?.code == .badSetting)
        }
    }
}
