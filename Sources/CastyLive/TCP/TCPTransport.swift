public import CastyCore
import Dispatch
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// The live `MessageTransport`: TCP on an event loop of the node's own.
///
/// All state of the transport and of its connections belongs to that one loop, and handlers are called there. The
/// thread runs from creation until ``shutdown(completion:)`` or ``kill()``, one of which MUST be called.
public final class TCPTransport: MessageTransport, @unchecked Sendable {
    /// How long an orderly close may take: flushing, and the peer's answer to the end of the stream.
    static let closeLimit = TimeAmount.seconds(2)

    /// How many bytes the kernel may hold in each direction: enough to keep the line busy, and few enough that a
    /// heartbeat behind a full queue of user data does not wait long.
    static let kernelBuffer: Int = 128 * 1024

    /// A chunk may be pulled while another one is being written to the socket.
    static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(
        low: ConnectionLimits.writeChunk, high: 2 * ConnectionLimits.writeChunk)

    let filter: (any LinkFilter)?
    /// What protects the connections; `nil` where nothing does.
    let protection: (any ConnectionProtection)?
    /// Serves the connections that carry user messages, where this transport does not.
    let usersTransport: TCPTransport?
    let group: MultiThreadedEventLoopGroup
    let loop: any EventLoop
    /// Guards the loop: nothing is scheduled on it once it has ended.
    let loopState = Mutex(LoopState.running)

    /// The socket that holds a port until this transport listens there.
    private let reserved = Mutex<(descriptor: Int32, address: NodeAddress)?>(nil)

    enum LoopState {
        case running, shutDown, killed
    }

    // The properties below belong to the loop.
    /// Runs the short turns that received messages wake, where the loop serves users' messages. Set before the first
    /// connection, and read by the workers too from then on.
    var reader: ReadingWorker?
    /// Whether a handler is being notified of received bytes, and the connections that asked for room meanwhile.
    var isReading = false
    var pullsDue: [TCPConnection] = []
    var isFrozen = false
    var isDead = false
    var isShuttingDown = false
    var shutdownCompletions: [@Sendable () -> Void] = []
    var listeners: [any Channel] = []
    var connections: [Int: TCPConnection] = [:]
    /// Attempts to connect that the network library has not finished, even if no connection waits for them any more.
    /// The loop MUST outlive them.
    var openAttempts = 0
    private var lastNumber = 0
    /// How many accepted connections may begin their protection.
    var handshakeRate = HandshakeRate()
    var lingering = LingeringConnections()

    /// Starts the event loop.
    public convenience init() { self.init(filter: nil, protection: nil) }

    /// Starts the event loop of a transport without protection.
    ///
    /// - Parameter filter: Which links are cut.
    package convenience init(filter: (any LinkFilter)?) { self.init(filter: filter, protection: nil) }

    /// Starts the event loop.
    ///
    /// - Parameters:
    ///   - filter: Which links are cut, shared by the nodes of one process; `nil` where links cannot be cut.
    ///   - protection: What protects the connections, the same as that of `usersTransport`; `nil` for nothing.
    ///   - usersTransport: Serves the connections that carry user messages.
    package init(
        filter: (any LinkFilter)? = nil, protection: (any ConnectionProtection)?, usersTransport: TCPTransport? = nil
    ) {
        self.filter = filter
        self.protection = protection
        self.usersTransport = usersTransport
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        loop = group.next()
        filter?.register(self)
    }

    /// Binds a socket where the address names no port.
    public func reserve(_ address: NodeAddress) throws(TransportError) -> NodeAddress {
        guard address.port == 0 else { return address }
        let socket = try ReservedSocket.bind(address.host)
        releaseReserved()
        reserved.withLock { $0 = socket }
        return socket.address
    }

    /// Closes the reserved socket, if it was not used.
    func releaseReserved() {
        if let socket = reserved.withLock({ $0.take() }) { close(socket.descriptor) }
    }

    /// Starts to accept connections.
    public func listen(
        on address: NodeAddress,
        accept: @escaping @Sendable (any Connection) -> any ConnectionHandler,
        completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void
    ) {
        guard address.hasPort else { return completion(.failure(.noPort(address))) }
        let wasTaken = perform {
            guard !self.isShuttingDown else {
                return completion(.failure(TransportError(.closed, "the transport is shut down")))
            }
            self.bind(address, accept: accept) { result in
                if !self.isDead { completion(result) }
            }
        }
        if !wasTaken, !isKilled { completion(.failure(TransportError(.closed, "the transport is shut down"))) }
    }

    /// Opens a connection.
    public func connect(
        to address: NodeAddress, from source: NodeAddress, timeout: Duration, handler: any ConnectionHandler
    ) {
        guard address.hasPort else { return handler.connectionFailed(.noPort(address)) }
        let wasTaken = perform {
            guard !self.isDead else { return }
            let connection = TCPConnection(
                transport: self, number: self.nextNumber(), dialing: address, handler: handler)
            self.connections[connection.number] = connection
            if self.isShuttingDown {
                connection.failAttempt(TransportError(.closed, "the transport is shut down"))
            } else {
                connection.dial(address, from: source, timeout: timeout)
            }
        }
        if !wasTaken, !isKilled { handler.connectionFailed(TransportError(.closed, "the transport is shut down")) }
    }

    /// Runs the body on the loop, never inside this call. Returns `false` when the loop has ended.
    @discardableResult
    func perform(_ body: @escaping @Sendable () -> Void) -> Bool {
        loopState.withLock { state in
            if state == .running { loop.execute(body) }
            return state == .running
        }
    }

    /// Whether the loop has ended or is about to.
    var hasEnded: Bool { loopState.withLock { $0 != .running } }

    /// Whether ``kill()`` has ended the loop. No handler and no completion is called after that.
    var isKilled: Bool { loopState.withLock { $0 == .killed } }

    /// Runs the body on the loop and returns when it has run, or at once when the loop has ended.
    func performAndWait(_ body: @escaping @Sendable () -> Void) {
        if loop.inEventLoop { return body() }
        let done = DispatchSemaphore(value: 0)
        let wasTaken = perform {
            body()
            done.signal()
        }
        if wasTaken { done.wait() }
    }

    func nextNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    private func bind(
        _ address: NodeAddress, accept: @escaping @Sendable (any Connection) -> any ConnectionHandler,
        completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void
    ) {
        let bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.closeOnExec() }
            }
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_sndbuf), value: Self.kernelBuffer)
            .childChannelOption(.socketOption(.so_rcvbuf), value: Self.kernelBuffer)
            .childChannelOption(.writeBufferWaterMark, value: Self.waterMark)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = TCPConnection(transport: self, number: self.nextNumber(), accept: accept)
                    self.connections[connection.number] = connection
                    try connection.take(channel)
                }
            }
        openAttempts += 1
        let socket = reserved.withLock { reserved in
            guard reserved?.address == address else { return nil as Int32? }
            return reserved.take()?.descriptor
        }
        let binding =
            socket.map { bootstrap.withBoundSocket($0) } ?? bootstrap.bind(host: address.host, port: address.port)
        binding.hop(to: loop).whenComplete { result in
            defer { self.attemptEnded() }
            switch result {
            case .success(let channel):
                guard !self.isDead, !self.isShuttingDown else {
                    channel.close(promise: nil)
                    return completion(.failure(TransportError(.closed, "the transport is shut down")))
                }
                self.listeners.append(channel)
                let port = channel.localAddress?.port ?? address.port
                completion(.success(NodeAddress(host: address.host, port: port)))
            case .failure(let error):
                completion(.failure(TransportError(error, at: address.description)))
            }
        }
    }
}

extension Channel {
    /// A child process does not inherit the socket; otherwise it would hold a dead node's port.
    func closeOnExec() throws {
        _ = try pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            fcntl($0, F_SETFD, FD_CLOEXEC)
        }
    }
}

extension NodeAddress {
    /// Whether the port is valid. NIO traps at others.
    fileprivate var hasPort: Bool { (0...65_535).contains(port) }
}

extension TransportError {
    fileprivate static func noPort(_ address: NodeAddress) -> TransportError {
        TransportError(.other, "\(address): a port is 0 to 65535")
    }
}
