import CastyActors
import CastyCore
import CastyLive
import CastyTestbed
import Glibc
import NIOCore
import Synchronization

/// A connection handler that keeps what it was reported and says what it is given.
final class TCPProbe: ConnectionHandler {
    private struct State {
        var connection: (any Connection)?
        var outgoing = ByteBuffer()
        var endless = false
        var received: [UInt8] = []
        var receivedCount = 0
        var sentCount = 0
        var outOfPattern = 0
        var calls = 0
        var opened = 0
        var failed: [TransportError] = []
        var closed: [TransportError?] = []
    }

    /// The numbers 0…255 again and again, long enough for any chunk at any phase.
    private static let pattern = (0..<(ConnectionLimits.writeChunk + 256)).map { UInt8(truncatingIfNeeded: $0) }

    private static func fitsPattern(_ bytes: ByteBuffer, at position: Int) -> Bool {
        let start = position % 256
        guard start + bytes.readableBytes <= pattern.count else { return false }
        return bytes == ByteBuffer(bytes: pattern[start..<(start + bytes.readableBytes)])
    }

    private let state = Mutex(State())
    private let echoes: Bool
    private let keeps: Bool

    /// - Parameters:
    ///   - echoes: Whether what comes in is sent back.
    ///   - keeps: Whether what comes in is kept; otherwise it is compared with the endless pattern.
    init(echoes: Bool = false, keeps: Bool = true) {
        self.echoes = echoes
        self.keeps = keeps
    }

    var connection: (any Connection)? { state.withLock { $0.connection } }
    var text: String { String(decoding: state.withLock { $0.received }, as: UTF8.self) }
    var receivedCount: Int { state.withLock { $0.receivedCount } }
    var sentCount: Int { state.withLock { $0.sentCount } }
    var outOfPattern: Int { state.withLock { $0.outOfPattern } }
    /// How often it was called at all.
    var calls: Int { state.withLock { $0.calls } }
    var opened: Int { state.withLock { $0.opened } }
    var failed: [TransportError] { state.withLock { $0.failed } }
    var closed: [TransportError?] { state.withLock { $0.closed } }

    func say(_ text: String) {
        let connection = state.withLock { state in
            state.outgoing.writeString(text)
            return state.connection
        }
        connection?.requestWrite()
    }

    /// Says an endless pattern from now on, or stops.
    func chatter(_ endless: Bool) {
        let connection = state.withLock { state in
            state.endless = endless
            return state.connection
        }
        connection?.requestWrite()
    }

    func connectionOpened(_ connection: any Connection) {
        state.withLock { state in
            state.calls += 1
            state.opened += 1
            state.connection = connection
        }
        connection.requestWrite()
    }

    func connectionFailed(_ error: TransportError) {
        state.withLock { state in
            state.calls += 1
            state.failed.append(error)
        }
    }

    func connectionReceived(_ connection: any Connection, _ bytes: ByteBuffer) {
        state.withLock { state in
            state.calls += 1
            if keeps {
                state.received += bytes.readableBytesView
            } else {
                if !Self.fitsPattern(bytes, at: state.receivedCount) { state.outOfPattern += 1 }
            }
            state.receivedCount += bytes.readableBytes
            if echoes { state.outgoing.writeImmutableBuffer(bytes) }
        }
        if echoes { connection.requestWrite() }
    }

    func connectionReady(_ connection: any Connection, fill buffer: inout ByteBuffer) {
        state.withLock { state in
            state.calls += 1
            if state.endless {
                let start = state.sentCount % 256
                buffer.writeBytes(Self.pattern[start..<(start + ConnectionLimits.writeChunk)])
            } else {
                let count = min(state.outgoing.readableBytes, ConnectionLimits.writeChunk)
                if var slice = state.outgoing.readSlice(length: count) { buffer.writeBuffer(&slice) }
            }
            state.sentCount += buffer.readableBytes
        }
    }

    func connectionClosed(_ connection: any Connection, error: TransportError?) {
        state.withLock { state in
            state.calls += 1
            state.closed.append(error)
        }
    }
}

/// Two transports of one process, the second one listening, and the ends of a connection between them.
final class TCPPair: Sendable {
    let gate: LinkGate
    let near: TCPTransport
    let far: TCPTransport
    let nearEnd: TCPProbe
    let farEnd: TCPProbe
    let address: NodeAddress
    static let nearHost = "127.0.0.2"
    static let farHost = "127.0.0.3"

    /// Opens a connection and waits until both ends stand.
    init?(nearEnd: TCPProbe = TCPProbe(), farEnd: TCPProbe = TCPProbe(), tolerance: Duration = .seconds(60)) {
        gate = LinkGate(tolerance: tolerance)
        near = TCPTransport(filter: gate)
        far = TCPTransport(filter: gate)
        self.nearEnd = nearEnd
        self.farEnd = farEnd
        guard let address = Self.listen(far, host: Self.farHost, handler: farEnd) else { return nil }
        self.address = address
        dial(nearEnd)
        guard hold(within: .seconds(20), { nearEnd.opened == 1 && farEnd.opened == 1 }) else { return nil }
    }

    func dial(_ handler: TCPProbe, timeout: Duration = .seconds(20)) {
        near.connect(
            to: address, from: NodeAddress(host: Self.nearHost, port: 1), timeout: timeout, handler: handler)
    }

    /// Ends both transports and waits for it.
    func end() {
        near.kill()
        far.kill()
    }

    static func listen(
        _ transport: TCPTransport, host: String, port: Int = 0,
        handler: TCPProbe
    ) -> NodeAddress? {
        try? outcome(transport, host: host, port: port, handler: handler)?.get()
    }

    static func outcome(
        _ transport: TCPTransport, host: String, port: Int,
        handler: TCPProbe
    ) -> Result<NodeAddress, TransportError>? {
        let result = Outcome()
        transport.listen(on: NodeAddress(host: host, port: port), accept: { _ in handler }) { result.set($0) }
        guard hold(within: .seconds(20), { result.value != nil }) else { return nil }
        return result.value
    }

    private final class Outcome: Sendable {
        private let stored = Mutex<Result<NodeAddress, TransportError>?>(nil)
        var value: Result<NodeAddress, TransportError>? { stored.withLock { $0 } }
        func set(_ value: Result<NodeAddress, TransportError>) { stored.withLock { $0 = value } }
    }
}

/// Waits, on the calling thread, until the condition holds; `false` when it does not within the limit.
func hold(within limit: Duration = .seconds(20), _ condition: () -> Bool) -> Bool {
    let start = ContinuousClock.now
    while !condition() {
        if ContinuousClock.now - start > limit { return false }
        usleep(200)
    }
    return true
}
