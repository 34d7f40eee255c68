import CastyCore
import CastyRemoting
import CastySerialization
import CastyTestbed
import NIOCore
import Synchronization

/// One end of a connection with a node of a test cluster. It introduces itself as it should, and then sends bytes that
/// are given to it.
final class FuzzingPeer: ConnectionHandler {
    private struct State {
        var connection: (any Connection)?
        var outbox = ByteBuffer()
        var isWelcome = false
        var isClosed = true
    }

    let identity: UniqueAddress
    private let host: any ClusterHost
    private let target: NodeAddress
    private let state = Mutex(State())

    init(_ identity: UniqueAddress, on host: any ClusterHost, to target: NodeAddress) {
        self.identity = identity
        self.host = host
        self.target = target
    }

    /// Whether the node has welcomed it on a connection that still stands.
    var isWelcome: Bool { state.withLock { $0.isWelcome && !$0.isClosed } }

    /// Connects and introduces itself.
    func dial(cluster: String, observes: Bool) {
        var hello = ByteBuffer()
        var encoder = FrameEncoder(lane: .control)
        try? encoder.encode(
            .hello(
                .init(
                    cluster: cluster, from: identity, to: target, expected: nil,
                    capabilities: Capabilities(observe: observes))), into: &hello)
        state.withLock { $0 = State(outbox: hello, isClosed: false) }
        host.world.transport.connect(to: target, from: identity.address, timeout: .seconds(5), handler: self)
    }

    func send(_ bytes: ByteBuffer) {
        let connection = state.withLock { state in
            state.outbox.writeImmutableBuffer(bytes)
            return state.connection
        }
        connection?.requestWrite()
    }

    func close() { state.withLock { $0.connection }?.reset() }

    func connectionOpened(_ connection: any Connection) {
        state.withLock { $0.connection = connection }
        connection.requestWrite()
    }

    func connectionFailed(_ error: TransportError) { state.withLock { $0.isClosed = true } }

    func connectionReceived(_ connection: any Connection, _ bytes: ByteBuffer) {
        // The first frame is the answer to the hello; its kind is the sixth byte.
        let kind = bytes.getInteger(at: bytes.readerIndex + 5, as: UInt8.self)
        state.withLock { if !$0.isWelcome { $0.isWelcome = kind == FrameKind.welcome.rawValue } }
    }

    func connectionReady(_ connection: any Connection, fill buffer: inout ByteBuffer) {
        state.withLock { state in
            let length = min(state.outbox.readableBytes, ConnectionLimits.writeChunk)
            if let chunk = state.outbox.readSlice(length: length) { buffer.writeImmutableBuffer(chunk) }
            if state.outbox.readableBytes == 0 { state.outbox.clear() }
        }
    }

    func connectionClosed(_ connection: any Connection, error: TransportError?) {
        state.withLock { state in
            state.isClosed = true
            state.connection = nil
        }
    }
}
