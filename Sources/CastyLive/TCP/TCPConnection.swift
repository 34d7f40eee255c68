import CastyCore
import NIOCore
import NIOPosix
import Synchronization

/// One end of a TCP connection. Everything but the ``Connection`` interface belongs to the transport's loop.
///
///     connecting ──► open ──► closing ──► closed
///          └───────────┴───────────────────▲
final class TCPConnection: Connection, @unchecked Sendable {
    enum Phase {
        /// Being dialed, or accepted and not yet active.
        case connecting
        case open
        /// Closed by this end; the pulled bytes are still being written.
        case closing
        /// Nothing more is read or written. The socket may stay open for a short time.
        case closed
    }

    /// A notice to the handler.
    enum Notice {
        case opened
        case bytes(ByteBuffer)
        case failed(TransportError)
        case closed(TransportError?)
    }

    let transport: TCPTransport
    let number: Int
    var phase = Phase.connecting
    var channel: (any Channel)?
    var handler: (any ConnectionHandler)?
    let origin: Origin
    /// What the first byte of an accepted, protected connection has said.
    var opening: ConnectionOpening?
    private var accept: (@Sendable (any Connection) -> any ConnectionHandler)?

    /// Both hosts, as the link filter knows them.
    var localHost = ""
    var remoteHost = ""
    /// Whether received bytes are held back, because the node is frozen or the link to this node is cut.
    var readsPaused = false
    /// Whether the handler wants no more bytes at present.
    var isReadingHeld = false
    /// Whether writing is paused, because the node is frozen or the link from this node is cut.
    var writesPaused = false
    /// The notices that wait until the handler can receive them.
    private var held: [Notice] = []
    /// Whether this end has ended the connection. Then only that notice may be held, and no cut delays it.
    private(set) var hasOwnNotice = false
    var hasToldOpened = false
    /// Whether anything has arrived, through the protection where there is one.
    private(set) var hasReceived = false
    /// Why the socket broke, where the system reported a reason.
    private var failure: TransportError?

    /// Whether a pull is scheduled on the loop.
    let isPullRequested = Atomic<Bool>(false)
    /// Whether the handler may have more bytes than could be written.
    var hasMoreToSay = false
    /// Whether the handler is filling a buffer at this moment.
    var isPulling = false
    /// The size of the recent buffers, and of the next one at first.
    var usualFill = 1024

    /// The attempt to connect that waits for a link to heal.
    var stalledDial: (@Sendable () -> Void)?
    var attemptTimeout: Scheduled<Void>?
    var cutTimeout: Scheduled<Void>?

    private let remote: Mutex<String>

    /// A connection that another node opens.
    init(transport: TCPTransport, number: Int, accept: @escaping @Sendable (any Connection) -> any ConnectionHandler) {
        self.transport = transport
        self.number = number
        self.accept = accept
        origin = .accepted
        remote = Mutex("unknown")
    }

    /// A connection that this node opens.
    init(transport: TCPTransport, number: Int, dialing address: NodeAddress, handler: any ConnectionHandler) {
        self.transport = transport
        self.number = number
        self.handler = handler
        origin = .dialled(address)
        remote = Mutex(address.description)
    }

    /// A connection that is already open and was served by another transport.
    init(
        transport: TCPTransport, number: Int, adoptedFrom remote: String,
        _ begun: (opening: ConnectionOpening, bytes: ByteBuffer)?, handler: any ConnectionHandler
    ) {
        self.transport = transport
        self.number = number
        self.handler = handler
        origin = .adopted(begun)
        self.remote = Mutex(remote)
    }

    var remoteDescription: String { remote.withLock { $0 } }

    /// How many bytes are read at once from a peer that has not shown yet that it may send much.
    private static let smallPiece = 4096

    /// Becomes the handler of a channel that is about to be active.
    func take(_ channel: any Channel) throws {
        self.channel = channel
        switch origin {
        case .accepted, .adopted:
            let small = FixedSizeRecvByteBufferAllocator(capacity: Self.smallPiece)
            try channel.syncOptions?.setOption(.recvAllocator, value: small)
        case .dialled: break
        }
        try channel.closeOnExec()
        try beginProtection(of: channel)
        try channel.pipeline.syncOperations.addHandler(TCPChannelHandler(connection: self))
    }

    // MARK: Events of the channel

    func becameActive(_ channel: any Channel) {
        // A name may resolve to several addresses, which are tried at once. The first to answer counts.
        guard phase == .connecting else { return channel.close(promise: nil) }
        self.channel = channel
        phase = .open
        attemptTimeout?.cancel()
        attemptTimeout = nil
        localHost = channel.localAddress?.ipAddress ?? localHost
        remoteHost = channel.remoteAddress?.ipAddress ?? remoteHost
        if accept != nil, let address = channel.remoteAddress, let host = address.ipAddress, let port = address.port {
            remote.withLock { $0 = NodeAddress(host: host, port: port).description }
        }
        refresh()
        tell(.opened)
    }

    func received(_ bytes: ByteBuffer) {
        hasReceived = true
        if phase == .open { tell(.bytes(bytes)) }
    }

    func broke(_ error: any Error) {
        if failure == nil { failure = explained(error) }
    }

    func becameInactive() {
        channel = nil
        switch phase {
        case .connecting:
            // The attempt's own result reports the reason.
            break
        case .open:
            phase = .closed
            tell(.closed(failure))
        case .closing:
            phase = .closed
            tellOwn(.closed(nil))
        case .closed:
            leaveIfOver()
        }
    }

    // MARK: Notifying the handler

    /// Notifies the handler of an event from the peer, in order, as soon as the node can receive it.
    private func tell(_ notice: Notice) {
        if held.isEmpty, !readsPaused { deliver(notice) } else { held.append(notice) }
    }

    /// Notifies the handler of an event that this end caused. A cut does not delay it, and earlier undelivered events
    /// of the peer are dropped.
    func tellOwn(_ notice: Notice) {
        hasOwnNotice = true
        held = []
        if transport.isFrozen { held = [notice] } else { deliver(notice) }
    }

    func tellHeld() {
        let canHear = phase == .open || phase == .closed
        guard canHear, !held.isEmpty, !readsPaused else { return }
        let notices = held
        held = []
        for notice in notices { deliver(notice) }
    }

    private func deliver(_ notice: Notice) {
        switch notice {
        case .opened:
            if let accept, handler == nil { handler = accept(self) }
            accept = nil
            hasToldOpened = true
            handler?.connectionOpened(self)
            if hasMoreToSay { pull() }
        case .bytes(let bytes):
            guard let handler else { return }
            transport.read { handler.connectionReceived(self, bytes) }
        case .failed(let error):
            takeHandler()?.connectionFailed(error)
            leaveIfOver()
        case .closed(let error):
            // A handler that was never notified of the opening is not notified of the end.
            let handler = takeHandler()
            if hasToldOpened { handler?.connectionClosed(self, error: error) }
            leaveIfOver()
        }
    }

    /// The handler, for its last call.
    private func takeHandler() -> (any ConnectionHandler)? {
        defer { handler = nil }
        return handler
    }

    /// Releases the handler and the notices held for it.
    func forgetHandler() {
        handler = nil
        accept = nil
        held = []
    }

    /// Whether a cut delays the notice that the connection is over.
    var isEndHeldBack: Bool { phase == .closed && !held.isEmpty && !hasOwnNotice }

    /// Leaves the transport once the socket is closed and the handler has been notified.
    func leaveIfOver() {
        guard phase == .closed, channel == nil, held.isEmpty else { return }
        cutTimeout?.cancel()
        cutTimeout = nil
        transport.remove(self)
    }
}

/// Passes the events of a channel to its connection.
private final class TCPChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: TCPConnection

    init(connection: TCPConnection) { self.connection = connection }

    func channelActive(context: ChannelHandlerContext) { connection.becameActive(context.channel) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isCurrent(context) { connection.received(unwrapInboundIn(data)) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if isCurrent(context), context.channel.isWritable, connection.hasMoreToSay { connection.pull() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isCurrent(context) { connection.broke(error) }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isCurrent(context) { connection.becameInactive() }
    }

    private func isCurrent(_ context: ChannelHandlerContext) -> Bool { context.channel === connection.channel }
}
