import CastyActors
import CastyCore
import CastySimulator
import NIOCore
import Synchronization

/// A handler that writes down what it hears and sends what it is given.
final class Recorder: ConnectionHandler {
    private struct State {
        var log: [String] = []
        var received: [UInt8] = []
        var outbox: [UInt8] = []
        var chunks = 0
        var connection: (any Connection)?
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> Instant
    let chunkLimit: Int

    init(_ world: SimulatedWorld, chunkLimit: Int = ConnectionLimits.writeChunk) {
        now = { [unowned world] in world.now }
        self.chunkLimit = chunkLimit
    }

    /// `opened`, `failed CODE`, `closed`, `closed CODE`, in order.
    var log: [String] { state.withLock { $0.log } }
    var received: [UInt8] { state.withLock { $0.received } }
    /// How many times bytes came in.
    var chunks: Int { state.withLock { $0.chunks } }
    var connection: (any Connection)? { state.withLock { $0.connection } }
    var unsent: Int { state.withLock { $0.outbox.count } }

    func send(_ bytes: [UInt8]) {
        let connection = state.withLock { state in
            state.outbox += bytes
            return state.connection
        }
        connection?.requestWrite()
    }

    func connectionOpened(_ connection: any Connection) {
        let waits = state.withLock { state in
            state.log.append("opened")
            state.connection = connection
            return !state.outbox.isEmpty
        }
        if waits { connection.requestWrite() }
    }

    func connectionFailed(_ error: TransportError) {
        state.withLock { $0.log.append("failed \(error.code.rawValue)") }
    }

    func connectionReceived(_ connection: any Connection, _ bytes: ByteBuffer) {
        state.withLock { state in
            state.received += bytes.readableBytesView
            state.chunks += 1
        }
    }

    func connectionReady(_ connection: any Connection, fill buffer: inout ByteBuffer) {
        let bytes = state.withLock { state in
            let bytes = Array(state.outbox.prefix(chunkLimit))
            state.outbox.removeFirst(bytes.count)
            return bytes
        }
        buffer.writeBytes(bytes)
    }

    func connectionClosed(_ connection: any Connection, error: TransportError?) {
        state.withLock { $0.log.append(error.map { "closed \($0.code.rawValue)" } ?? "closed") }
    }
}

/// A list that closures of a world append to.
final class Log<Element: Sendable>: Sendable {
    private let list = Mutex<[Element]>([])

    var all: [Element] { list.withLock { $0 } }

    func append(_ element: Element) { list.withLock { $0.append(element) } }
}

/// Two nodes, the second of which listens.
struct Pair {
    let world: SimulatedWorld
    let first: SimulatedNode
    let second: SimulatedNode
    let accepted = Log<Recorder>()

    static func address(_ number: Int) -> NodeAddress { NodeAddress(host: "127.0.0.\(number)", port: 25520) }

    init(seed: UInt64 = 1) {
        world = SimulatedWorld(seed: seed)
        first = world.node(name: "n1", address: Self.address(1))
        second = world.node(name: "n2", address: Self.address(2))
        listen(on: second)
    }

    func listen(on node: SimulatedNode) {
        node.world.transport.listen(on: node.address) { [accepted, unowned world] _ in
            let handler = Recorder(world)
            accepted.append(handler)
            return handler
        } completion: { _ in
        }
    }

    func connect(timeout: Duration = .seconds(5)) -> Recorder {
        let handler = Recorder(world)
        first.world.transport.connect(
            to: second.address, from: first.address, timeout: timeout, handler: handler)
        return handler
    }

    /// A connection that stands at both ends.
    func connected() throws -> (client: Recorder, server: Recorder) {
        let client = connect()
        run(.milliseconds(50))
        guard let server = accepted.all.last else { throw TransportError(.other, "no connection was accepted") }
        return (client, server)
    }

    func run(_ duration: Duration) { world.run(until: world.now + duration) }

    /// The links between the two, there and back.
    var there: Link { world.network.link(from: "127.0.0.1", to: "127.0.0.2") }
    var back: Link { world.network.link(from: "127.0.0.2", to: "127.0.0.1") }
}

/// Bytes in which any loss, repetition or exchange shows.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }
