import CastyActors
import CastyCore
import CastySerialization
import NIOCore
import Synchronization

/// One connection, from the first byte to the last: the handshake, then the frames of an association.
///
/// `@unchecked Sendable` because the transport makes its calls about one connection one after the other, and the
/// decoder, the writer and the known names belong to those calls. State that other threads use is behind the `Mutex`.
final class Link: ConnectionHandler, @unchecked Sendable {
    struct Shared: Sendable {
        var handshake: Handshake
        var connection: (any Connection)?
        var deadline: (any ScheduledTimer)?
        /// The next check whether the peer is there. It refers to the connection, so it ends with it.
        var keepAlive: (any ScheduledTimer)?
        /// The handshake messages to be sent.
        var messages: [HandshakeMessage] = []
        /// The messages that a probe connection is to send.
        var said = Batch()
        /// The association it belongs to. An accepted connection has none before its peer is admitted.
        var association: Association?
        var isEstablished = false
        /// Everything that arrives from now on is ignored.
        var isOver = false
        /// Close when the last message is written.
        var closesAfterMessages = false
        /// The association has been notified of the end, or does not need to be.
        var hasReported = false
    }

    let remoting: Remoting
    /// Whether this node dialled.
    let isDialled: Bool
    private let address: NodeAddress?
    /// The host that an accepted connection comes from, as the transport knows it.
    let source: String
    /// The number of bytes received, which shows whether the peer is there at all.
    let bytesIn = Atomic<UInt64>(0)
    let shared: Mutex<Shared>
    /// Read before each frame, so that frames on an abandoned connection are not delivered.
    let isOver = Atomic<Bool>(false)

    // The properties below belong to the transport's calls.
    /// Whether it is a probe connection. For an accepted connection this is known when its peer has introduced itself.
    @exclusivity(unchecked) var isProbeConnection = false
    /// Whether it is a probe connection that only asks which incarnation lives at the address; constant once dialled.
    @exclusivity(unchecked) var isQuestion = false
    /// The lanes it carries. For an accepted connection they are known when its peer has introduced itself.
    @exclusivity(unchecked) var lanes: ConnectionLanes
    @exclusivity(unchecked) var decoder = FrameDecoder()
    @exclusivity(unchecked) var writer: LinkWriter
    @exclusivity(unchecked) var controlNames = KnownNames()
    @exclusivity(unchecked) var userNames = KnownNames()
    /// Whether messages are observed, and the count of publications, as of the last look: one at each piece of the
    /// stream, and after each message that took the long way.
    @exclusivity(unchecked) var isObserved = false
    @exclusivity(unchecked) var publications: UInt64 = 0
    /// The inlet that holds decoded messages.
    @exclusivity(unchecked) var openInlet: Inlet?
    /// The context for decoders. It knows the peer once the handshake is over.
    @exclusivity(unchecked) var context: CodingContext
    /// What the peer may do here, once the handshake is over.
    @exclusivity(unchecked) var authority = PeerAuthentication.Capability.member
    /// What it has taken of the bytes that the connections with non-members may hold together.
    @exclusivity(unchecked) var charge = InboundCharge()
    /// Whether nothing is read, because answers wait for the peer.
    @exclusivity(unchecked) var holdsReading = false
    /// Whether the connection reads in large pieces.
    @exclusivity(unchecked) var readsLargePieces = false
    /// The association, once its frames may arrive.
    @exclusivity(unchecked) var established: Association?

    /// A connection to be dialled for an association.
    init(dialling association: Association, _ lanes: ConnectionLanes) {
        remoting = association.remoting
        self.lanes = lanes
        isDialled = true
        address = association.address
        source = ""
        writer = LinkWriter(frameLimit: remoting.settings.frameLimit)
        context = remoting.context
        shared = Mutex(
            Shared(
                handshake: Handshake(dialling: association.address, remoting.introduction(lanes)),
                association: association
            ))
    }

    /// A probe connection to be dialled to one incarnation.
    init(dialling peer: UniqueAddress, _ said: Batch, _ association: Association) {
        remoting = association.remoting
        isDialled = true
        isProbeConnection = true
        lanes = .control
        address = association.address
        source = ""
        writer = LinkWriter(frameLimit: remoting.settings.frameLimit)
        context = remoting.context
        shared = Mutex(
            Shared(
                handshake: Handshake(
                    dialling: association.address, incarnation: peer.incarnation, remoting.probeIntroduction),
                said: said, association: association))
    }

    /// A connection that was accepted.
    ///
    /// - Parameter source: The host that it comes from.
    init(accepting remoting: Remoting, from source: String) {
        self.source = source
        self.remoting = remoting
        isDialled = false
        lanes = .both
        address = nil
        writer = LinkWriter(frameLimit: remoting.settings.frameLimit)
        context = remoting.context
        shared = Mutex(Shared(handshake: Handshake(accepting: remoting.introduction(.both))))
    }

    func dial() {
        guard let address else { return }
        remoting.system.world.transport.connect(
            to: address, from: remoting.settings.listen ?? remoting.system.address,
            timeout: remoting.settings.connectTimeout, handler: self)
    }

    /// The host at the other end, by which warnings are counted: not what the peer states.
    var origin: String { isDialled ? address?.host ?? "" : source }

    /// Whether the connection is open, welcomed or not.
    var isOpen: Bool { shared.withLock { $0.connection != nil } }

    func requestWrite() { shared.withLock { $0.connection }?.requestWrite() }

    /// Closes without notifying the association, which already knows.
    func abandon(orderly: Bool) {
        let (connection, timers) = end()
        remoting.observer?.ended(ObjectIdentifier(self))
        for timer in timers { timer.cancel() }
        if orderly { connection?.close() } else { connection?.reset() }
    }

    /// From now on everything that arrives is ignored, and the association is not notified.
    private func end() -> ((any Connection)?, [any ScheduledTimer]) {
        isOver.store(true, ordering: .relaxed)
        return shared.withLock { shared in
            shared.isOver = true
            shared.hasReported = true
            return (shared.connection, shared.takeTimers())
        }
    }

    /// Checks after one keep-alive pause whether the peer is there, unless the connection has ended by then.
    func scheduleKeepAlive(_ check: @escaping @Sendable () -> Void) {
        let timer = remoting.system.world.scheduler.schedule(after: remoting.settings.keepAlive, check)
        let isLate = shared.withLock { shared in
            if !shared.isOver { shared.keepAlive = timer }
            return shared.isOver
        }
        if isLate { timer.cancel() }
    }

    /// Notifies the association, once, that this connection or the attempt to open it has ended.
    func report(_ end: LinkEnd) {
        isOver.store(true, ordering: .relaxed)
        let (association, timers, isNews) = shared.withLock { shared in
            defer {
                shared.isOver = true
                shared.hasReported = true
            }
            return (shared.association, shared.takeTimers(), !shared.hasReported)
        }
        for timer in timers { timer.cancel() }
        guard isNews else { return }
        remoting.observer?.ended(ObjectIdentifier(self))
        guard let association else { return remoting.introductionEnded(self) }
        if isQuestion { association.asked(self, answeredBy: end.answerer) } else { association.ended(self, end) }
    }

    // MARK: Calls of the transport

    /// The one connection of a program that is no node is served beside those of users' messages: what such programs
    /// send never delays heartbeats.
    var isForUsers: Bool { isDialled && (lanes == .user || remoting.cannotBeDialled) && !isProbeConnection }

    func connectionOpened(_ connection: any Connection) {
        let now = remoting.system.now
        let (effects, isMoved) = shared.withLock { shared -> ([Handshake.Effect]?, Bool) in
            defer { shared.connection = connection }
            if shared.connection != nil { return (shared.isOver && !shared.closesAfterMessages ? nil : [], true) }
            return (shared.isOver ? nil : shared.handshake.onConnected(at: now), false)
        }
        guard let effects else { return connection.close() }
        readsLargePieces = false
        perform(effects, connection)
        // Repeats a write request that was made of the connection which this one replaces.
        if isMoved { connection.requestWrite() }
    }

    func connectionFailed(_ error: TransportError) { report(LinkEnd(error: error)) }

    func connectionReady(_ connection: any Connection, fill buffer: inout ByteBuffer) {
        let (messages, association, closes) = shared.withLock { shared in
            defer { shared.messages = [] }
            return (
                shared.messages, shared.isEstablished && !shared.isOver ? shared.association : nil,
                shared.closesAfterMessages
            )
        }
        for message in messages { writer.write(message, into: &buffer) }
        if closes { return connection.close() }
        guard let association, messages.isEmpty else { return }
        if isProbeConnection { return writeProbe(into: &buffer) }
        if association.flush(for: self, with: &writer, into: &buffer) {
            writer.writeGoodbye(into: &buffer)
            shared.withLock { $0.closesAfterMessages = true }
        }
        if holdsReading, !association.state.withLock({ $0.isBehind(self, isHeld: true) }) {
            holdsReading = false
            connection.holdReading(false)
        }
    }

    func connectionClosed(_ connection: any Connection, error: TransportError?) {
        if let error, error.code == .notAuthentic { warn(error, connection) }
        report(LinkEnd(error: error ?? TransportError(.closed, "closed by \(connection.remoteDescription)")))
        shared.withLock { $0.connection = nil }
        charge.end(in: remoting.inboundBudget)
        // Who still refers to the connection keeps none of what it has read.
        decoder = FrameDecoder()
        (controlNames, userNames) = (KnownNames(), KnownNames())
    }
}

extension Link.Shared {
    /// Removes the timers, to be cancelled outside the lock.
    fileprivate mutating func takeTimers() -> [any ScheduledTimer] {
        defer { (deadline, keepAlive) = (nil, nil) }
        return [deadline, keepAlive].compactMap { $0 }
    }
}
