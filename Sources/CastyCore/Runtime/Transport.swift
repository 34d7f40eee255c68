public import NIOCore

/// Byte streams between nodes. A node uses TCP unless its settings name another transport.
///
/// The runtime writes the same bytes whatever carries them: a transport of your own moves bytes in order between two
/// ends, or reports that the stream has ended. It may call a handler on any thread, but the calls about one connection
/// MUST NOT overlap, and no call may be made inside a call of the runtime unless it is said so.
public protocol MessageTransport: AnyObject, Sendable {
    /// Chooses the port of an address that names none, and holds it until ``listen(on:accept:completion:)`` is called
    /// with the result or the transport ends. Called before the node has an identity, which holds the port.
    ///
    /// - Returns: The address; the same one where it names a port.
    /// - Throws: ``TransportError`` where no port can be had there.
    func reserve(_ address: NodeAddress) throws(TransportError) -> NodeAddress

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

extension MessageTransport {
    /// Takes addresses that name a port, and no others.
    public func reserve(_ address: NodeAddress) throws(TransportError) -> NodeAddress {
        guard address.port != 0 else {
            throw TransportError(.other, "\(address): this transport chooses no ports; name one above 0")
        }
        return address
    }
}

/// One end of a byte stream.
///
/// Writing is pull-based: ``requestWrite()`` leads to a call of ``ConnectionHandler/connectionReady(_:fill:)`` as soon
/// as the stream can take bytes. So the writer encodes straight into the buffer that is written, and bytes for a slow
/// peer wait at their sender.
public protocol Connection: AnyObject, Sendable {
    /// The other end's host and port as the transport knows them; for messages to people.
    var remoteDescription: String { get }

    /// What the protection of the connection has proven about the other end: `nil` where nothing protects it, or the
    /// other end has not used the protection. Read inside a call of the transport, from the first bytes on.
    var authentication: PeerAuthentication? { get }

    /// Asks for a call with room to write, soon and never inside this call. Repeated requests before that call are
    /// merged into one.
    func requestWrite()

    /// Marks the connection as carrying users' messages. Where a separate thread serves such connections, that thread
    /// serves it from now on.
    ///
    /// The handler MAY then receive a second call of ``ConnectionHandler/connectionOpened(_:)``, with the connection
    /// that replaces this one. Requests made on this one since must be repeated on the new one.
    func moveToUsers()

    /// Stops reading, or goes on: bytes of the peer wait in the stream meanwhile, and so does its writer. Called inside
    /// a call of the transport about this connection; bytes that have been read already still arrive.
    func holdReading(_ isHeld: Bool)

    /// Reads in large pieces from now on, which is for peers that may send much. Until then a connection that another
    /// end has opened is read in small ones, so that a thousand of them need little memory. Called inside a call of the
    /// transport about this connection.
    func readLargePieces()

    /// Closes once the bytes pulled so far have been written.
    func close()

    /// Closes at once; the peer sees a reset.
    func reset()
}

extension Connection {
    /// Nothing protects it.
    public var authentication: PeerAuthentication? { nil }

    /// Does nothing: one thread serves all connections.
    public func moveToUsers() {}

    /// Does nothing: what comes of the bytes of such a peer is refused instead, where there is no room for it.
    public func holdReading(_ isHeld: Bool) {}

    /// Does nothing: the size of the pieces is given.
    public func readLargePieces() {}
}

/// The handler of a connection. Calls about one connection never overlap.
public protocol ConnectionHandler: AnyObject, Sendable {
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
    /// It carries the runtime's own messages.
    public var isForUsers: Bool { false }
}

/// Sizes that both runtimes use.
public enum ConnectionLimits {
    /// How many bytes one pull takes at most.
    public static let writeChunk = 64 * 1024
}

/// Why a connection failed or ended.
public struct TransportError: CastyError, Hashable {
    /// What went wrong.
    @nonexhaustive
    public enum Code: String, CastyErrorCode {
        /// No process listens there.
        case refused
        /// No answer came in time.
        case timedOut
        /// The node cannot be reached.
        case unreachable
        /// The other end was reset.
        case reset
        /// Another process listens there.
        case addressInUse
        /// The connection or the transport is closed.
        case closed
        /// One end does not accept the credentials of the other.
        case notAuthentic
        /// Another problem, which the message names.
        case other
    }

    /// What went wrong.
    public let code: Code
    /// For a person.
    public let message: String
    /// What a node that was reached answered instead of a welcome; `nil` where no node was reached.
    package let answer: PeerAnswer?

    /// Why a node that was reached rejects this one.
    package enum PeerAnswer: Hashable, Sendable {
        /// Another attempt may succeed.
        case notNow
        /// It is not a node of this cluster, or not the intended one; the text is its own.
        case wrongNode(String)
        /// One end does not accept the credentials of the other. Who is there is not known, and credentials are renewed
        /// while nodes run, so another attempt may succeed.
        case notTrusted(String)
    }

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.init(code, message, answer: nil)
    }

    package init(_ code: Code, _ message: String, answer: PeerAnswer?) {
        self.code = code
        self.message = message
        self.answer = answer
    }
}

extension TransportError: CustomStringConvertible {
    /// The code and the message.
    public var description: String { "\(code.rawValue): \(message)" }
}
