package import NIOCore

/// Byte streams between nodes: one of the borders between the two worlds.
///
/// Live, TCP; simulated, streams over links with latency, jitter, bandwidth, loss and cuts. What travels is the same bytes.
package protocol Transport: AnyObject, Sendable {
    /// Starts to accept connections.
    ///
    /// - Parameters:
    ///   - address: Where to listen; port 0 lets the system choose.
    ///   - accept: Called for each incoming connection, before anything else is said about it; returns who handles it.
    ///   - completion: Called once, with the address in fact bound, or why it could not be.
    func listen(
        on address: NodeAddress,
        accept: @escaping @Sendable (any Connection) -> any ConnectionHandler,
        completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void)

    /// Opens a connection; the handler hears of success or failure.
    ///
    /// - Parameters:
    ///   - address: Where the peer listens.
    ///   - source: Whose connection it is; live, the local host is bound so that links can be told apart.
    ///   - timeout: How long to wait before the attempt counts as failed.
    ///   - handler: Who handles it.
    func connect(to address: NodeAddress, from source: NodeAddress, timeout: Duration, handler: any ConnectionHandler)

    /// Stops listening and closes what is open, flushing what was handed over; calls back when all is closed.
    func shutdown(completion: @escaping @Sendable () -> Void)
}

/// One end of a byte stream.
///
/// Writing is pulled: ``requestWrite()`` leads to a call of ``ConnectionHandler/connectionReady(_:fill:)``, whenever the stream can
/// take bytes. So the writer encodes straight into the buffer that is written, and a slow peer's bytes wait at their sender.
package protocol Connection: AnyObject, Sendable {
    /// The other end's host and port as the transport knows them; for messages to people.
    var remoteDescription: String { get }

    /// Asks to be called with room to write, soon and never inside this call. Calls in between are joined into one.
    func requestWrite()

    /// Says that the connection carries users' messages: where a thread of its own serves those, it is served there from now on.
    ///
    /// The handler MAY then hear ``ConnectionHandler/connectionOpened(_:)`` once more, with the connection that takes this one's
    /// place; what was asked of this one since is to be asked of that one again.
    func moveToUsers()

    /// Closes after what was pulled so far has been written.
    func close()

    /// Closes at once; the peer sees a reset.
    func reset()
}

extension Connection {
    package func moveToUsers() {}
}

/// Who handles a connection. All calls about one connection come one after the other.
package protocol ConnectionHandler: AnyObject, Sendable {
    /// Whether the connection it dials carries users' messages.
    var isForUsers: Bool { get }

    /// The connection stands. For an accepted connection this is the first call.
    func connectionOpened(_ connection: any Connection)

    /// The attempt failed: refused, timed out, unreachable. Nothing follows.
    func connectionFailed(_ error: TransportError)

    /// Bytes came in; the handler takes what it can use and may leave a rest, which is NOT kept: keep it yourself.
    func connectionReceived(_ connection: any Connection, _ bytes: ByteBuffer)

    /// There is room: append up to ``ConnectionLimits/writeChunk`` bytes to the buffer, nothing when there is nothing to say.
    ///
    /// When bytes were appended it is called again after they were taken, until it appends none.
    func connectionReady(_ connection: any Connection, fill buffer: inout ByteBuffer)

    /// The connection is gone; nothing follows. `nil` where the peer closed in order.
    func connectionClosed(_ connection: any Connection, error: TransportError?)
}

extension ConnectionHandler {
    package var isForUsers: Bool { false }
}

/// Sizes that both worlds keep to.
package enum ConnectionLimits {
    /// How many bytes are pulled at a time.
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
    /// What a node that was reached answered instead of a welcome; `nil` where none was reached.
    package let answer: PeerAnswer?

    /// Why a node that was reached does not talk to this one.
    package enum PeerAnswer: Hashable, Sendable {
        /// Another attempt may succeed.
        case notNow
        /// It is no node of this cluster, or not the one that was meant; in its words.
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
