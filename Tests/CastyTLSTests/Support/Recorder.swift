import CastyCore
import CastyLive
import NIOCore
import Synchronization

/// Stands between two nodes, passes on what they send, and keeps what the one that calls has sent on its first
/// connection.
final class Recorder: Sendable {
    private let transport = TCPTransport()
    private let target: NodeAddress
    private let recordings = Mutex<[Half]>([])

    init(to target: NodeAddress) {
        self.target = target
    }

    /// What the first caller has sent so far.
    var bytes: ByteBuffer { recordings.withLock { $0.first?.recorded ?? ByteBuffer() } }

    func listen(on address: NodeAddress) async throws {
        _ = try await withCheckedThrowingContinuation { continuation in
            transport.listen(
                on: address,
                accept: { [self] _ in
                    let (near, far) = (Half(), Half())
                    near.join(far)
                    far.join(near)
                    recordings.withLock { $0.append(near) }
                    transport.connect(to: target, from: address, timeout: .seconds(10), handler: far)
                    return near
                }, completion: { continuation.resume(with: $0) })
        }
    }

    /// Sends bytes to the target as if they came from the caller.
    ///
    /// - Returns: What the target has sent until it closed the connection.
    func replay(_ bytes: ByteBuffer, from address: NodeAddress) async throws -> ByteBuffer {
        let half = Half()
        half.send(bytes)
        transport.connect(to: target, from: address, timeout: .seconds(10), handler: half)
        while !half.isClosed { try await Task.sleep(for: .milliseconds(2)) }
        return half.recorded
    }

    func end() async {
        await withCheckedContinuation { done in transport.shutdown { done.resume() } }
    }
}

/// One end of a recorded connection.
private final class Half: ConnectionHandler {
    private struct State {
        var connection: (any Connection)?
        var outbox = ByteBuffer()
        var recorded = ByteBuffer()
        var isClosed = false
    }

    private let state = Mutex(State())
    private let other = Mutex<Half?>(nil)

    func join(_ half: Half) { other.withLock { $0 = half } }

    var recorded: ByteBuffer { state.withLock { $0.recorded } }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    func send(_ bytes: ByteBuffer) {
        let connection = state.withLock { state in
            state.outbox.writeImmutableBuffer(bytes)
            return state.connection
        }
        connection?.requestWrite()
    }

    func close() { state.withLock { $0.connection }?.close() }

    func connectionOpened(_ connection: any Connection) {
        state.withLock { $0.connection = connection }
        connection.requestWrite()
    }

    func connectionFailed(_ error: TransportError) { end() }

    func connectionReceived(_ connection: any Connection, _ bytes: ByteBuffer) {
        state.withLock { _ = $0.recorded.writeImmutableBuffer(bytes) }
        other.withLock { $0 }?.send(bytes)
    }

    func connectionReady(_ connection: any Connection, fill buffer: inout ByteBuffer) {
        state.withLock { state in
            let length = min(state.outbox.readableBytes, ConnectionLimits.writeChunk)
            if let chunk = state.outbox.readSlice(length: length) { buffer.writeImmutableBuffer(chunk) }
        }
    }

    func connectionClosed(_ connection: any Connection, error: TransportError?) { end() }

    private func end() {
        state.withLock { state in
            state.isClosed = true
            state.connection = nil
        }
        let half = other.withLock { other -> Half? in
            defer { other = nil }
            return other
        }
        half?.close()
    }
}
