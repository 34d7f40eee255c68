import CastyActors
import CastyCore
import CastyInvariants
import CastyRemoting
import CastyTestbed
import NIOCore
import Synchronization

@testable import CastySerialization

/// A host of a testbed that speaks the protocol, and says in it what no node would say.
final class HostilePeer: ConnectionHandler {
    private struct State {
        var connection: (any Connection)?
        var outbox = ByteBuffer()
        var isClosed = false
    }

    /// Who it says it is.
    let identity: UniqueAddress
    private let target: NodeAddress
    private let host: any ClusterHost
    private let state = Mutex(State())
    private let encoders = Mutex((control: FrameEncoder(lane: .control), user: FrameEncoder(lane: .user)))

    /// Comes from 127.0.0.`number`, where no node of the testbed may be, and talks to one of its nodes.
    ///
    /// - Parameters:
    ///   - name: Who it says it is; by default a node at the address that it comes from, or a client.
    ///   - observes: Whether it has the name of a client by default.
    init(
        _ number: Int, in testbed: TestCluster, to target: NodeAddress, as name: UniqueAddress? = nil,
        observes: Bool = false
    ) {
        let address = NodeAddress(host: "127.0.0.\(number)", port: target.port)
        let place = observes ? ClientName.address("client", incarnation: 4711) : address
        identity = name ?? UniqueAddress(address: place, incarnation: 4711)
        host = testbed.world.makeHost(name: "hostile-\(number)", address: address)
        self.target = target
    }

    /// Whether the node has closed the connection.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Connects, again where the connection was closed, and introduces itself.
    func dial(cluster: String, _ capabilities: Capabilities = Capabilities()) {
        state.withLock { $0 = State() }
        encoders.withLock { $0 = (FrameEncoder(lane: .control), FrameEncoder(lane: .user)) }
        host.world.transport.connect(to: target, from: identity.address, timeout: .seconds(5), handler: self)
        let hello = HandshakeMessage.hello(
            .init(
                cluster: cluster, from: identity, to: target, expected: nil,
                capabilities: capabilities))
        var buffer = ByteBuffer()
        try? encoders.withLock { try $0.control.encode(hello, into: &buffer) }
        write(buffer)
    }

    /// Sends a frame with a checksum that is right, whatever is in it.
    func send(_ header: FrameHeader, _ payload: ByteBuffer) {
        var buffer = ByteBuffer()
        try? encoders.withLock { encoders in
            if header.kind == .user {
                try encoders.user.encode(header, into: &buffer) { $0.writeImmutableBuffer(payload) }
            } else {
                try encoders.control.encode(header, into: &buffer) { $0.writeImmutableBuffer(payload) }
            }
        }
        write(buffer)
    }

    private func write(_ bytes: ByteBuffer) {
        let connection = state.withLock { state in
            state.outbox.writeImmutableBuffer(bytes)
            return state.connection
        }
        connection?.requestWrite()
    }

    func connectionOpened(_ connection: any Connection) {
        state.withLock { $0.connection = connection }
        connection.requestWrite()
    }

    func connectionFailed(_ error: TransportError) { state.withLock { $0.isClosed = true } }

    func connectionReceived(_ connection: any Connection, _ bytes: ByteBuffer) {}

    func connectionReady(_ connection: any Connection, fill buffer: inout ByteBuffer) {
        state.withLock { state in
            let length = min(state.outbox.readableBytes, ConnectionLimits.writeChunk)
            if let chunk = state.outbox.readSlice(length: length) { buffer.writeImmutableBuffer(chunk) }
        }
    }

    func connectionClosed(_ connection: any Connection, error: TransportError?) {
        state.withLock { state in
            state.isClosed = true
            state.connection = nil
        }
    }
}
