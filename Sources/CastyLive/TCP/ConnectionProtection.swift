package import CastyCore
package import NIOCore

/// Encrypts the connections of a transport, and proves who is at their other end.
///
/// It is used on the event loops of the transport, and MUST NOT block them for long.
package protocol ConnectionProtection: AnyObject, Sendable {
    /// The most that this process can prove to be allowed, which it says before it dials.
    var capability: PeerAuthentication.Capability { get }

    /// The handler that protects a connection which this process dials.
    ///
    /// - Parameter address: The address as the user or a member named it.
    func handler(dialling address: NodeAddress) throws -> any ChannelHandler

    /// The handler that protects an accepted connection.
    ///
    /// - Parameter capability: What the other end says to be allowed; not proven before the handler has done its work.
    func handler(accepting capability: PeerAuthentication.Capability) throws -> any ChannelHandler

    /// What the handler has proven, once bytes have passed through it.
    ///
    /// - Parameter capability: What the other end of an accepted connection has said to be allowed; `nil` for a dialled
    ///   connection.
    func authentication(
        of channel: any Channel, acceptedFor capability: PeerAuthentication.Capability?
    ) -> PeerAuthentication?

    /// Explains an error of the handler; `nil` for errors that have nothing to do with credentials.
    func explanation(of error: any Error) -> String?
}

/// What the first byte of a protected connection says, before anything is encrypted: which thread serves the
/// connection, and which credentials are checked.
///
/// It proves nothing. Who changes it on the way gets the connection refused, or served by the other thread.
struct ConnectionOpening: Equatable {
    var capability: PeerAuthentication.Capability
    var isForUsers: Bool

    /// No frame and no TLS record begins with such a byte.
    private static let mark: UInt8 = 0x80

    init(_ capability: PeerAuthentication.Capability, isForUsers: Bool) {
        self.capability = capability
        self.isForUsers = isForUsers
    }

    var byte: UInt8 { Self.mark | capability.rawValue << 1 | (isForUsers ? 1 : 0) }

    /// Reads it; `nil` where the other end does not use the protection.
    init?(_ byte: UInt8) {
        guard byte & 0xF8 == Self.mark, let capability = PeerAuthentication.Capability(rawValue: byte >> 1 & 3) else {
            return nil
        }
        self.init(capability, isForUsers: byte & 1 == 1)
    }
}

extension ChannelPipeline {
    /// The name of the handler that protects a connection.
    static let protection = "casty.protection"
}

/// Writes the first byte of a connection that this node dials.
final class OpeningWriter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let opening: ConnectionOpening

    init(_ opening: ConnectionOpening) {
        self.opening = opening
    }

    func channelActive(context: ChannelHandlerContext) {
        // Before the protection, which begins with the next call, writes anything.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(integer: opening.byte)), promise: nil)
        context.fireChannelActive()
    }
}

/// Reads the first byte of an accepted connection, and begins the protection that it names.
///
/// The bytes of a peer that does not use the protection are passed on as they are, so that the handshake above can
/// refuse it with a reason.
final class OpeningReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// The most bytes of a connection whose turn has not come yet; the first message of TLS has far fewer.
    private static let mostWaiting = 64 << 10

    private let connection: TCPConnection
    private var isOver = false
    /// What has arrived, where the connection's turn has not come yet.
    private var waiting: ByteBuffer?

    init(_ connection: TCPConnection) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isOver { return context.fireChannelRead(data) }
        var bytes = unwrapInboundIn(data)
        if waiting != nil {
            waiting?.writeBuffer(&bytes)
            if waiting?.readableBytes ?? 0 > Self.mostWaiting { refuse(context) }
            return
        }
        guard let byte = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) else { return }
        guard let opening = ConnectionOpening(byte) else {
            isOver = true
            return context.fireChannelRead(data)
        }
        bytes.moveReaderIndex(forwardBy: 1)
        let source = context.channel.remoteAddress?.source ?? ""
        switch connection.transport.handshakeRate.decide(source, at: NIODeadline.now().uptimeNanoseconds) {
        case .now: begin(context, opening, bytes)
        case .refused: refuse(context)
        case .later(let pause):
            waiting = bytes
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .nanoseconds(Int64(pause))) {
                let (reader, context) = bound.value
                guard let bytes = reader.waiting.take(), context.channel.isActive else { return }
                reader.begin(context, opening, bytes)
                context.fireChannelReadComplete()
            }
        }
    }

    /// The source begins connections too fast.
    private func refuse(_ context: ChannelHandlerContext) {
        isOver = true
        waiting = nil
        connection.resetNow(TransportError(.reset, "\(connection.remoteDescription) connects too often"))
    }

    private func begin(_ context: ChannelHandlerContext, _ opening: ConnectionOpening, _ bytes: ByteBuffer) {
        isOver = true
        if opening.isForUsers, connection.move(opening, bytes) { return }
        do {
            try connection.protect(context.channel, opening, position: .after(self))
        } catch {
            return context.fireErrorCaught(error)
        }
        if bytes.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(bytes)) }
    }
}

/// Repeats the bytes that had arrived before another event loop took over the connection.
final class EarlierBytes: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let bytes: ByteBuffer

    init(_ bytes: ByteBuffer) {
        self.bytes = bytes
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        guard bytes.readableBytes > 0 else { return }
        context.fireChannelRead(wrapInboundOut(bytes))
        context.fireChannelReadComplete()
    }
}
