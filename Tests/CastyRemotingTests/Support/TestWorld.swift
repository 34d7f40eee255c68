import CastyActors
import CastyCore
import CastyLive
import CastyObservability
import CastySerialization
import CastySimulator
import NIOCore
import Synchronization

@testable import CastyRemoting

/// A world to start nodes in: simulated, or live over loopback TCP. The same stories run in both.
protocol TestWorld {
    /// Starts node number `number` at 127.0.0.`number`; a second start of a number is another incarnation at the
    /// same place.
    func start(_ number: Int, _ settings: RemotingSettings) async throws -> TestNode
    /// Lets time pass until the condition holds; returns whether it came to hold.
    func wait(_ limit: Duration, until condition: @escaping @Sendable () -> Bool) async -> Bool
    func end() async
}

extension TestWorld {
    func start(_ number: Int) async throws -> TestNode { try await start(number, RemotingSettings()) }

    func wait(until condition: @escaping @Sendable () -> Bool) async -> Bool {
        await wait(.seconds(20), until: condition)
    }
}

/// A node with its system and its remoting.
struct TestNode: Sendable {
    let system: ActorSystem
    let remoting: Remoting
    /// Ends it as a crash would.
    let kill: @Sendable () -> Void

    var address: NodeAddress { system.address }

    /// A reference to an actor of another node, by the address a reference to it has.
    func reference<Message: Sendable>(to ref: ActorRef<Message>) -> ActorRef<Message> {
        ref.target.willTravel()
        return system.reference(to: ref.address)
    }

    /// A reference to a published actor of another node, whichever incarnation that is.
    func published<Message: Sendable>(_ path: [String], at place: NodeAddress, as type: Message.Type) -> ActorRef<
        Message
    > {
        system.reference(to: ActorAddress(system: system.name, node: place, path: path, uid: 0))
    }

    /// How many watches and answers the peer has not acknowledged.
    func waitingSignals(for place: NodeAddress) -> Int {
        remoting.association(with: place)?.state.withLock { $0.signals.count } ?? 0
    }

    /// How many watches of actors here the peer holds.
    func held(for place: NodeAddress) -> Int {
        remoting.association(with: place)?.state.withLock { $0.held.count } ?? 0
    }

    func lost(_ reason: LossReason) -> Int {
        Int(system.losses.filter { $0.reason == reason }.reduce(0) { $0 + $1.count })
    }
}

/// What the test messages are registered as.
enum TestTypes {
    static func registry() throws -> TypeRegistry {
        let registry = TypeRegistry()
        try registry.register(Int.self, name: "int")
        try registry.register(String.self, name: "string")
        try registry.register(Question.self, name: "question")
        try registry.register(
            Signed.self, name: "signed",
            codec: MessageCodec(
                encode: { message, _, buffer in message.from.encode(into: &buffer) },
                decode: { buffer, context in
                    let message = Signed(from: try UniqueAddress(from: &buffer))
                    try context.require(sender: message.from)
                    return message
                }))
        return registry
    }
}

/// A message with a reference to answer to.
struct Question: Codable, Sendable {
    var number: Int
    var replyTo: ActorRef<Int>
}

/// A message that says who sent it.
struct Signed: Sendable {
    var from: UniqueAddress
}

/// Collects what happens, in order.
final class Record<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    func add(_ element: Element) { elements.withLock { $0.append(element) } }

    var all: [Element] { elements.withLock { $0 } }
    var count: Int { elements.withLock { $0.count } }
}

/// The simulated world of one seed.
final class SimulatedTestWorld: TestWorld, @unchecked Sendable {
    let world: SimulatedWorld
    var nodes: [SimulatedNode] = []

    init(seed: UInt64) { world = SimulatedWorld(seed: seed) }

    func start(_ number: Int, _ settings: RemotingSettings) async throws -> TestNode {
        try startNow(number, settings)
    }

    func startNow(
        _ number: Int, _ settings: RemotingSettings = RemotingSettings(), name: String = "test"
    ) throws -> TestNode {
        let address = NodeAddress(host: "127.0.0.\(number)", port: 25520)
        let node = world.node(name: "n\(number)", address: address)
        nodes.append(node)
        let system = ActorSystem(name: name, address: address, world: node.world, registry: try TestTypes.registry())
        let remoting = Remoting(system: system, settings: settings)
        let outcome = Record<Bool>()
        remoting.start { result in outcome.add((try? result.get()) != nil) }
        world.run(until: world.now + .seconds(1), stopWhen: { outcome.count > 0 })
        guard outcome.all == [true] else { throw TransportError(.other, "node \(number) did not start") }
        return TestNode(system: system, remoting: remoting, kill: { node.kill() })
    }

    func wait(_ limit: Duration, until condition: @escaping @Sendable () -> Bool) async -> Bool {
        run(limit, until: condition)
    }

    @discardableResult
    func run(_ limit: Duration = .seconds(20), until condition: @escaping () -> Bool) -> Bool {
        world.run(until: world.now + limit, stopWhen: condition) == .condition
    }

    /// The two ways between two nodes.
    func links(_ first: Int, _ second: Int) -> [CastySimulator.Link] {
        [
            world.network.link(from: "127.0.0.\(first)", to: "127.0.0.\(second)"),
            world.network.link(from: "127.0.0.\(second)", to: "127.0.0.\(first)"),
        ]
    }

    func run(for time: Duration) { world.run(until: world.now + time) }

    func end() async { world.dispose() }
}

/// Live nodes in this process.
final class LiveTestWorld: TestWorld, @unchecked Sendable {
    private let world = LiveWorld(workers: 2)
    private let port: Int
    private var nodes: [LiveNode] = []

    init() async throws {
        let probe = TCPTransport()
        let bound: NodeAddress = try await withCheckedThrowingContinuation { continuation in
            probe.listen(on: NodeAddress(host: "127.0.0.1", port: 0), accept: { _ in SilentPeer() }) { result in
                continuation.resume(with: result)
            }
        }
        port = bound.port
        await withCheckedContinuation { continuation in probe.shutdown { continuation.resume() } }
    }

    func start(_ number: Int, _ settings: RemotingSettings) async throws -> TestNode {
        let node = world.node(transport: TwoLaneTransport())
        nodes.append(node)
        let system = ActorSystem(
            name: "test", address: NodeAddress(host: "127.0.0.\(number)", port: port), world: node.world,
            registry: try TestTypes.registry())
        let remoting = Remoting(system: system, settings: settings)
        _ = try await withCheckedThrowingContinuation { continuation in
            remoting.start { result in continuation.resume(with: result) }
        }
        return TestNode(system: system, remoting: remoting, kill: { node.kill() })
    }

    func wait(_ limit: Duration, until condition: @escaping @Sendable () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while !condition() {
            if ContinuousClock.now > deadline { return false }
            try? await Task.sleep(for: .milliseconds(1))
        }
        return true
    }

    func end() async {
        for node in nodes { node.kill() }
        world.shutdown()
    }
}

/// Handles a connection that never comes.
private final class SilentPeer: ConnectionHandler {
    func connectionOpened(_ connection: any Connection) {}
    func connectionFailed(_ error: TransportError) {}
    func connectionReceived(_ connection: any Connection, _ bytes: ByteBuffer) {}
    func connectionReady(_ connection: any Connection, fill buffer: inout ByteBuffer) {}
    func connectionClosed(_ connection: any Connection, error: TransportError?) {}
}
