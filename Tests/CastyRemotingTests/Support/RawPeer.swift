import CastyActors
import CastyCore
import CastySimulator
import NIOCore
import Synchronization

@testable import CastyRemoting
@testable import CastySerialization

/// The other end of a connection, without any runtime behind it: sends bytes as they are, writes down what happens.
final class RawPeer: ConnectionHandler {
    private struct State {
        var connection: (any Connection)?
        var outbox = ByteBuffer()
        var received = ByteBuffer()
        var log: [String] = []
    }

    private let state = Mutex(State())
    private let encoder = Mutex(FrameEncoder(lane: .control))

    var log: [String] { state.withLock { $0.log } }

    /// The frames that came back.
    var received: [Frame] {
        var decoder = FrameDecoder(maximumLength: WireLimits.frame)
        decoder.append(state.withLock { $0.received })
        var frames: [Frame] = []
        while let frame = try? decoder.next() { frames.append(frame) }
        return frames
    }

    /// The kinds of the frames that came back.
    var frames: [FrameKind] { received.map(\.kind) }

    /// Why the node refused, where it did.
    var refusal: RefusalReason? {
        var decoder = FrameDecoder(maximumLength: WireLimits.frame)
        decoder.append(state.withLock { $0.received })
        guard var payload = (try? decoder.next())?.payload,
            case .refusal(let refusal)? = try? HandshakeMessage(.refusal, from: &payload)
        else { return nil }
        return refusal.reason
    }

    /// Sends bytes, now or when the connection stands.
    func send(_ bytes: [UInt8]) {
        let connection = state.withLock { state in
            state.outbox.writeBytes(bytes)
            return state.connection
        }
        connection?.requestWrite()
    }

    func send(_ header: FrameHeader, _ payload: [UInt8] = [], lane: FrameLane = .control) {
        var buffer = ByteBuffer()
        switch lane {
        case .control:
            try? encoder.withLock { encoder in try encoder.encode(header, into: &buffer) { $0.writeBytes(payload) } }
        case .user:
            var encoder = FrameEncoder(lane: .user)
            try? encoder.encode(header, into: &buffer) { $0.writeBytes(payload) }
        }
        send(Array(buffer.readableBytesView))
    }

    /// Introduces itself.
    func hello(
        from: UniqueAddress, to: NodeAddress, cluster: String = "test", version: UInt16 = 1,
        _ capabilities: Capabilities = Capabilities()
    ) {
        let hello = HandshakeMessage.hello(
            .init(
                versions: ProtocolVersions(version, version), cluster: cluster, from: from, to: to, expected: nil,
                capabilities: capabilities))
        var buffer = ByteBuffer()
        try? encoder.withLock { try $0.encode(hello, into: &buffer) }
        send(Array(buffer.readableBytesView))
    }

    func reset() { state.withLock { $0.connection }?.reset() }

    func connectionOpened(_ connection: any Connection) {
        state.withLock { state in
            state.connection = connection
            state.log.append("opened")
        }
        connection.requestWrite()
    }

    func connectionFailed(_ error: TransportError) { state.withLock { $0.log.append("failed \(error.code.rawValue)") } }

    func connectionReceived(_ connection: any Connection, _ bytes: ByteBuffer) {
        state.withLock { state in _ = state.received.writeImmutableBuffer(bytes) }
    }

    func connectionReady(_ connection: any Connection, fill buffer: inout ByteBuffer) {
        state.withLock { state in
            if let chunk = state.outbox.readSlice(length: min(state.outbox.readableBytes, ConnectionLimits.writeChunk))
            {
                buffer.writeImmutableBuffer(chunk)
            }
        }
    }

    func connectionClosed(_ connection: any Connection, error: TransportError?) {
        state.withLock { $0.log.append(error.map { "closed \($0.code.rawValue)" } ?? "closed") }
    }
}

/// A host in a simulated world from which bytes come that no node would send.
struct RawHost {
    let node: SimulatedNode
    let identity: UniqueAddress

    init(_ number: Int, in world: SimulatedWorld) {
        let address = NodeAddress(host: "127.0.0.\(number)", port: 25520)
        node = world.node(name: "raw\(number)", address: address)
        identity = UniqueAddress(address: address, incarnation: 4711)
    }

    func dial(_ place: NodeAddress) -> RawPeer {
        let peer = RawPeer()
        node.world.transport.connect(to: place, from: node.address, timeout: .seconds(5), handler: peer)
        return peer
    }
}

/// The bytes of a signal.
struct ByteBufferBytes {
    private var buffer = ByteBuffer()

    mutating func write(_ signal: RemoteSignal) { signal.encode(into: &buffer) }

    var all: [UInt8] { Array(buffer.readableBytesView) }
}
