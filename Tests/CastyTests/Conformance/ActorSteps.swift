import Casty
import Synchronization
import Testing

/// The plan of the library, step by step, as a user who imports `Casty` and nothing else finds it: 1 to 8, what actors
/// are made of.
@Suite("Steps 1 to 8: actors, references, bytes", .timeLimit(.minutes(10)))
struct ActorSteps {
    struct Ping: Codable, Sendable, Equatable {
        let number: Int
        let replyTo: ActorRef<Int>
    }

    static func doubler() -> Behavior<Ping> {
        .receive { _, ping in
            ping.replyTo.tell(ping.number * 2)
            return .same
        }
    }

    @Test("1: an address names system, node, path and incarnation, as text and back; a local one names no node")
    func address() throws {
        let node = NodeAddress(host: "10.0.0.7", port: 25520)
        let address = ActorAddress(system: "shop", node: node, path: ["user", "till 1"], uid: 42)
        #expect(address.description == "casty://shop@10.0.0.7:25520/user/till%201#2a")
        #expect(ActorAddress(address.description) == address)
        #expect(!address.isLocal)

        let local = try #require(ActorAddress("casty://my-system/greeter"))
        #expect(local.isLocal && local.system == "my-system" && local.path == ["greeter"] && local.uid == 0)
        #expect(local == ActorAddress(system: "my-system", path: ["greeter"]))
        #expect(local.description == "casty://my-system/greeter")
        #expect(local.on(node).description == "casty://my-system@10.0.0.7:25520/greeter")
        #expect(local != local.on(node) && Set([local, local.on(node)]).count == 2)
        for text in [
            "casty://", "casty:///greeter", "casty://s", "http://s/greeter", "casty://s@/greeter", "casty://s//a",
        ] {
            #expect(ActorAddress(text) == nil, "\(text)")
        }
        let bytes = try JSONSerializer().encode([local, address])
        #expect(try JSONSerializer().decode([ActorAddress].self, from: bytes) == [local, address])
    }

    @Test("2: a user's own transport carries a cluster; a local one carries nothing")
    func transport() async throws {
        let network = PipeNetwork()
        func start(_ host: String, _ seeds: Seeds) async throws -> CastyNode {
            try await CastyNode.start("pipes") {
                $0.bind = "\(host):1"
                $0.seeds = seeds
                $0.timings = .responsive
                $0.transport = PipeTransport(network)
            }
        }
        let first = try await start("127.0.0.1", [])
        let second = try await start("127.0.0.2", ["127.0.0.1:1"])
        for node in [first, second] { try await node.joined() }
        let actor = try second.spawn(Self.doubler(), name: "doubler")
        let remote = try #require(first.system.resolve(actor.address, as: Ping.self))
        #expect(try await first.system.ask(remote) { Ping(number: 21, replyTo: $0) } == 42)
        #expect(network.bytes.load(ordering: .relaxed) > 0)
        await second.leave()
        await first.leave()

        // Another process has the address already.
        let taken = try await start("127.0.0.1", [])
        let error = await #expect(throws: NodeError.self) { try await start("127.0.0.1", []) }
        #expect(error?.code == .cannotListen)
        await taken.leave()

        let alone = try await CastyNode.start("alone") { $0.transport = LocalTransport() }
        try await alone.joined()
        #expect(alone.cluster.state.up.count == 1)
        await alone.leave()
    }

    @Test("3: a reference is a value: sent to, compared, stored; it names one incarnation")
    func reference() async throws {
        let system = ActorSystem.local("tools")
        let actor = try system.spawn(Self.doubler(), name: "doubler")
        #expect(try await system.ask(actor) { Ping(number: 4, replyTo: $0) } == 8)
        #expect(actor.address.isLocal && actor.address.path == ["user", "doubler"])
        system.stop(actor)
        while system.lookup("doubler") != nil { try await Task.sleep(for: .milliseconds(1)) }
        // A name that finds no actor is free.
        let again = try system.spawn(Self.doubler(), name: "doubler")
        #expect(again != actor && again.address.path == actor.address.path)
        let error = await #expect(throws: AskError.self) {
            try await system.ask(actor) { Ping(number: 1, replyTo: $0) }
        }
        #expect(error?.code == .noSuchActor)
        await system.terminate()
        #expect(system.isTerminating)
    }

    @Test("4: an address is resolved to what runs here, and to nothing where nothing does")
    func resolve() async throws {
        let system = ActorSystem.local("tools")
        let parent = try system.spawn(
            Behavior<Ping>.setup { context in
                _ = try context.spawn(Self.doubler(), name: "child")
                return Self.doubler()
            }, name: "parent")
        #expect(try await system.ask(parent) { Ping(number: 1, replyTo: $0) } == 2)
        for text in ["casty://tools/parent", "casty://tools/user/parent", parent.address.description] {
            #expect(ActorAddress(text).flatMap { system.resolve($0, as: Ping.self) } == parent, "\(text)")
        }
        let child = try #require(
            system.resolve(ActorAddress(system: "tools", path: ["parent", "child"]), as: Ping.self))
        #expect(try await system.ask(child) { Ping(number: 3, replyTo: $0) } == 6)
        for text in [
            "casty://tools/missing", "casty://other/parent", "casty://tools/parent#1",
            "casty://tools@10.0.0.1:1/user/parent",
        ] {
            #expect(ActorAddress(text) != nil)
            #expect(ActorAddress(text).flatMap { system.resolve($0, as: Ping.self) } == nil, "\(text)")
        }
        #expect(system.resolve(parent.address, as: String.self) == nil)

        #expect(system.lookup("/user/parent/child") == child.untyped)
        #expect(system.lookup("parent", as: Ping.self) == parent)
        #expect(system.lookup("parent", as: Int.self) == nil)
        #expect(system.lookup("") == nil && system.lookup("/") == nil && system.lookup("/user") == nil)
        await system.terminate()
        #expect(system.lookup("parent") == nil)
    }

    @Test("6: a detector suspects a peer that falls silent, with the numbers of the plan by default")
    func detector() {
        var detector = PhiAccrualFailureDetector()
        let parameters = detector.parameters
        #expect(parameters.threshold == 8 && parameters.samples == 200 && parameters.sigmaFloor == .milliseconds(100))
        #expect(parameters.pause == .zero && parameters.expected == .seconds(1))
        var now = Instant.start
        for _ in 1...100 {
            now = now + .seconds(1)
            detector.heartbeat(at: now)
        }
        #expect(detector.isAvailable(at: now + .seconds(1)))
        #expect(detector.phi(at: now + .milliseconds(1100)) < detector.phi(at: now + .milliseconds(1400)))
        #expect(!detector.isAvailable(at: now + .seconds(2)) && detector.phi(at: now + .seconds(2)) > 8)
        // The same five are settings of a cluster.
        var timings = ClusterTimings.lan
        (timings.threshold, timings.samples, timings.minimumDeviation) = (10, 100, .milliseconds(50))
        (timings.acceptablePause, timings.heartbeat) = (.seconds(2), .milliseconds(500))
        #expect(timings.problem == nil)
    }

    @Test("7: messages are bytes in JSON, in the binary form, and in an envelope")
    func serialization() throws {
        struct Order: Codable, Sendable, Equatable {
            let items: [String]
            let count: Int?
        }
        let order = Order(items: ["apples", "pears"], count: nil)
        let serializers: [any Serializer] = [JSONSerializer(), BinarySerializer()]
        for serializer in serializers {
            let bytes = try serializer.encode(order)
            #expect(try serializer.decode(Order.self, from: bytes) == order)
            #expect(throws: (any Error).self) { try serializer.decode(Order.self, from: Array(bytes.dropLast())) }
        }
        let types = TypeRegistry()
        try types.register(Order.self, name: "order")
        let error = #expect(throws: RegistrationError.self) { try types.register(Int.self, name: "order") }
        #expect(error?.code == .nameTaken && types.names == ["order"])
        #expect(TypeRegistry.defaultName(of: [String].self) == "Swift.Array<Swift.String>")
        #expect(TypeRegistry.defaultName(of: Ping.self) == "CastyTests.ActorSteps.Ping")
        // A local type's name says nothing of the process.
        #expect(TypeRegistry.defaultName(of: Order.self) == "CastyTests.ActorSteps.Order")

        let envelope = MessageEnvelope(
            target: ActorAddress(system: "shop", path: ["user", "till"]), typeName: "order", codec: .json,
            payload: try JSONSerializer().encode(order))
        #expect(try JSONSerializer().decode(Order.self, from: envelope.payload) == order)
    }

    @Test("8: TCP carries messages both ways, and an actor of another node is found by its path")
    func tcp() async throws {
        func start(_ seeds: Seeds) async throws -> CastyNode {
            try await CastyNode.start("shop") {
                $0.bind = "127.0.0.1:0"
                $0.seeds = seeds
                $0.timings = .responsive
                $0.transport = TCPTransport()
            }
        }
        let first = try await start([])
        let second = try await start(["\(first.system.address)"])
        try await second.joined()
        _ = try second.spawn(Self.doubler(), name: "doubler")
        // Known from a configuration, without its number.
        let address = ActorAddress(system: "shop", path: ["user", "doubler"]).on(second.system.address)
        let remote = try #require(first.system.resolve(address, as: Ping.self))
        for number in 1...50 {
            #expect(try await first.system.ask(remote) { Ping(number: number, replyTo: $0) } == number * 2)
        }
        let other = try #require(first.system.resolve(address.on(second.system.address), as: String.self))
        other.tell("not a ping")
        while second.system.losses.first(where: { $0.reason == .undecodable }) == nil {
            try await Task.sleep(for: .milliseconds(2))
        }
        // One that stops and is started again under its name is found too.
        second.system.lookup("doubler").map { second.system.stop($0) }
        while second.system.lookup("doubler") != nil { try await Task.sleep(for: .milliseconds(1)) }
        let gone = await #expect(throws: AskError.self) {
            try await first.system.ask(remote) { Ping(number: 1, replyTo: $0) }
        }
        #expect(gone?.code == .noSuchActor)
        _ = try second.system.spawn(Self.doubler(), name: "doubler")
        #expect(try await first.system.ask(remote) { Ping(number: 5, replyTo: $0) } == 10)
        await second.leave()
        await first.leave()
    }
}
