import Casty
import CastyLive
import Synchronization
import Testing

/// Finding actors, topics and routers as users use them: real nodes, real TCP.
@Suite struct ReceptionistTests {
    struct Job: Codable, Sendable {
        let text: String
        let replyTo: ActorRef<String>
    }

    static let printers = ServiceKey<Job>("printers")
    static let news = Topic<String>("news")

    static func register(_ registry: TypeRegistry) throws {
        try registry.register(Job.self, name: "test.job")
        try registry.register(String.self, name: "test.text")
    }

    static func printer(_ name: String) -> Behavior<Job> {
        .receive { _, job in
            job.replyTo.tell("\(name) prints \(job.text)")
            return job.text == "the end" ? .stopped : .same
        }
    }

    @Test("actors of both nodes are found, followed, routed to, and subscribed to a topic", .timeLimit(.minutes(10)))
    func twoNodes() async throws {
        let (first, second) = (try FreePort.address(), try FreePort.address())
        let config = ClusterConfig.responsive(seeds: [first, second])
        let nodes = [
            try await CastyNode.start(name: "test", listen: first, cluster: config, register: Self.register),
            try await CastyNode.start(name: "test", listen: second, cluster: config, register: Self.register),
        ]
        // Before anything is registered.
        let listings = nodes[0].receptionist.subscribe(Self.printers)
        var iterator = listings.makeAsyncIterator()
        #expect(await iterator.next()?.all.isEmpty == true)

        for (number, node) in nodes.enumerated() {
            let printer = try node.system.spawn(Self.printer("printer \(number)"), name: "printer")
            try node.receptionist.register(printer, for: Self.printers)
        }
        var listing = await iterator.next()
        while listing?.all.count != 2 { listing = await iterator.next() }
        #expect(listing?.reachable.map(\.address.node).sorted() == [first, second].sorted())
        while nodes[1].receptionist.find(Self.printers).all.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(nodes[1].receptionist.find(ServiceKey<String>("printers")).all.isEmpty)

        let group = try nodes[0].system.spawn(Routers.group(Self.printers, .roundRobin))
        var replies: Set<String> = []
        for _ in 0..<2 {
            replies.insert(try await nodes[0].system.ask(group) { Job(text: "a page", replyTo: $0) })
        }
        #expect(replies == ["printer 0 prints a page", "printer 1 prints a page"])

        let heard = Mutex<[String]>([])
        let reader = try nodes[1].system.spawn(
            Behavior<String>.receive { _, text in
                heard.withLock { $0.append(text) }
                return .same
            })
        nodes[1].topic(Self.news).subscribe(reader)
        // A subscription takes effect elsewhere a moment later; what was published before is not repeated.
        while heard.withLock({ $0.isEmpty }) {
            nodes[0].topic(Self.news).publish("first")
            try await Task.sleep(for: .milliseconds(20))
        }
        for number in 1...100 { nodes[0].topic(Self.news).publish("\(number)") }
        while heard.withLock({ $0.last }) != "100" { try await Task.sleep(for: .milliseconds(5)) }
        #expect(heard.withLock { $0.filter { $0 != "first" } } == (1...100).map { "\($0)" })

        // A registration ends with its actor, and with its node.
        let own = try #require(
            nodes[1].receptionist.find(Self.printers).all.first { $0.address.node == second })
        _ = try await nodes[1].system.ask(own) { Job(text: "the end", replyTo: $0) }
        while listing?.all.count != 1 { listing = await iterator.next() }
        await nodes[0].leave()
        while !nodes[1].receptionist.find(Self.printers).all.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        while await iterator.next() != nil {}
        await nodes[1].leave()
    }

    @Test("what cannot be registered is refused with the reason", .timeLimit(.minutes(10)))
    func refusals() async throws {
        let address = try FreePort.address()
        let node = try await CastyNode.start(
            name: "test", listen: address, cluster: .responsive(seeds: [address]), register: Self.register)
        let printer = try node.system.spawn(Self.printer("printer"))
        let refused = { (key: ServiceKey<Job>) in
            #expect(throws: ReceptionistError.self) { try node.receptionist.register(printer, for: key) }?.code
        }
        #expect(refused(ServiceKey("")) == .emptyName)
        #expect(refused(ServiceKey(String(repeating: "x", count: 5000))) == .tooLarge)
        await node.leave()
        #expect(refused(Self.printers) == .stopping)
        var count = 0
        for await _ in node.receptionist.subscribe(Self.printers) { count += 1 }
        #expect(count == 0)
    }
}
