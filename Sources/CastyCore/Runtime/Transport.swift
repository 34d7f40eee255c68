package import NIOCore

/// Byte streams between nodes: one of the interfaces that the live and the simulated runtime implement.
///
/// Live: TCP. Simulated: streams over links with latency, jitter, bandwidth, loss and cuts. The bytes sent are the
/// same.
package protocol MessageTransport: AnyObject, Sendable {
    /// Starts to accept connections.
    ///
    /// - Parameters:
    ///   - address: Where to listen; port 0 lets the system choose.
    ///   - accept: Called for each incoming connection, before any other callback about it; returns its handler.
    ///   - completion: Called once, with the bound address, or with the reason why binding failed.
    func listen(
        on address: NodeAddress,
        accept: @escaping @Sendable (any Connection) -> any ConnectionHandler,
        completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void)

    /// Opens a connection; the handler is notified of success or failure.
    ///
    /// - Parameters:
    ///   - address: Where the peer listens.
    ///   - source: The node that the connection belongs to. The live transport binds this local host, so that links can
    ///     be distinguished.
    ///   - timeout: How long to wait before the attempt counts as failed.
    ///   - handler: The handler of the connection.
    func connect(to address: NodeAddress, from source: NodeAddress, timeout: Duration, handler: any ConnectionHandler)

    /// Stops listening, flushes what was handed over, closes all connections, and calls back when all are closed.
    func shutdown(completion: @escaping @Sendable () -> Void)
}

/// One end of a byte stream.
///
/// Writing is pull-based: ``requestWrite()`` leads to a call of ``ConnectionHandler/connectionReady(_:fill:)`` as soon
/// as the stream can take bytes. So the writer encodes straight into the buffer that is written, and bytes for a slow
/// peer wait at their sender.
package protocol Connection: AnyObject, Sendable {
    /// The other end's host and port as the transport knows them; for messages to people.
    var remoteDescription: String { get }

    /// Asks for a call with room to write, soon and never inside this call. Repeated requests before that call are
    /// merged into one.
    func requestWrite()

    /// Marks the connection as carrying users' messages. Where a separate thread serves such connections, that thread
    /// serves it from now on.
    ///
    /// The handler MAY then receive a second call of ``ConnectionHandler/connectionOpened(_:)``, with the connection
    /// that replaces this one. Requests made on this one since must be repeated on the new one.
    func moveToUsers()

    /// Closes once the bytes pulled so far have been written.
    func close()

    /// Closes at once; the peer sees a reset.
    func reset()
}

extension Connection {
    package func moveToUsers() {}
}

/// The handler of a connection. Calls about one connection never overlap.
package protocol ConnectionHandler: AnyObject, Sendable {
    /// Whether the connection it dials carries users' messages.
    var isForUsers: Bool { get }

    /// The connection is established. For an accepted connection this is the first call.
    func connectionOpened(_ connection: any Connection)

    /// The attempt failed: refused, timed out, unreachable. No further call follows.
    func connectionFailed(_ error: TransportError)

    /// Bytes arrived. The handler consumes what it can use and may leave a rest, which is NOT buffered: it must store
    /// the rest itself.
    func connectionReceived(_ connection: any Connection, _ bytes: ByteBuffer)

    /// There is room: append up to ``ConnectionLimits/writeChunk`` bytes to the buffer, or none when there is nothing
    /// to write.
    ///
    /// After a call that appended bytes, it is called again once those are taken, until it appends none.
    func connectionReady(_ connection: any Connection, fill buffer: inout ByteBuffer)

    /// The connection is closed; no further call follows. `error` is `nil` where the peer closed in order.
    func connectionClosed(_ connection: any Connection, error: TransportError?)
}

extension ConnectionHandler {
    package var isForUsers: Bool { false }
}

/// Sizes that both runtimes use.
package enum ConnectionLimits {
    /// How many bytes one pull takes at most.
    package static let writeChunk = 64 * 1024
}

/// Why a connection failed or ended.
package struct TransportError: Error, Hashable, Sendable {
    /// What went wrong.
    package enum Code: String, Sendable {
        case refused, timedOut, unreachable, reset, addressInUse, closed, other
    }

    /// What went wrong.
    package let code: Code
    /// For a person.
    package let message: String
    /// What a node that was reached answered instead of a welcome; `nil` where no node was reached.
    package let answer: PeerAnswer?

    /// Why a node that was reached rejects this one.
    package enum PeerAnswer: Hashable, Sendable {
        /// Another attempt may succeed.
        case notNow
        /// It is not a node of this cluster, or not the intended one; the text is its own.
        case wrongNode(String)
    }

    package init(_ code: Code, _ message: String, answer: PeerAnswer? = nil) {
        self.code = code
        self.message = message
        self.answer = answer
    }
}

extension TransportError: CustomStringConvertible {
    package var description: String { "\(code.rawValue): \(message)" }
}
