import CastyCore
import NIOCore

extension TCPConnection {
    /// How a connection begins.
    enum Origin {
        /// This node dials that address; the handler says whether it is for users' messages.
        case dialled(NodeAddress)
        case accepted
        /// Another event loop has served it before. The opening and the bytes that followed it, where it is protected.
        case adopted((opening: ConnectionOpening, bytes: ByteBuffer)?)
    }

    /// Puts the protection of the transport, if there is one, in front of a new channel.
    func beginProtection(of channel: any Channel) throws {
        guard let protection = transport.protection else { return }
        let pipeline = channel.pipeline.syncOperations
        switch origin {
        case .dialled(let address):
            let opening = ConnectionOpening(protection.capability, isForUsers: handler?.isForUsers ?? false)
            try pipeline.addHandler(OpeningWriter(opening))
            try pipeline.addHandler(try protection.handler(dialling: address), name: ChannelPipeline.protection)
        case .accepted: try pipeline.addHandler(OpeningReader(self))
        case .adopted(let begun):
            guard let begun else { return }
            try pipeline.addHandler(EarlierBytes(begun.bytes))
            try protect(channel, begun.opening, position: .last)
        }
    }

    /// Protects an accepted connection.
    func protect(
        _ channel: any Channel, _ opening: ConnectionOpening, position: ChannelPipeline.SynchronousOperations.Position
    ) throws {
        guard let protection = transport.protection else { return }
        self.opening = opening
        try channel.pipeline.syncOperations.addHandler(
            try protection.handler(accepting: opening.capability), name: ChannelPipeline.protection, position: position)
    }

    var authentication: PeerAuthentication? {
        guard let protection = transport.protection, let channel, channel.eventLoop.inEventLoop else { return nil }
        return protection.authentication(of: channel, acceptedFor: opening?.capability)
    }

    /// The error that the channel reports, with the reason where the credentials are not accepted.
    func explained(_ error: any Error) -> TransportError {
        guard let protection = transport.protection else { return TransportError(error, at: remoteDescription) }
        guard let reason = protection.explanation(of: error) else {
            let plain = TransportError(error, at: remoteDescription)
            guard case .dialled = origin, !hasReceived else { return plain }
            return TransportError(
                plain.code,
                "\(plain.message), before that node answered: does it demand other credentials, or none?")
        }
        return TransportError(.notAuthentic, "\(remoteDescription): \(reason)", answer: .notTrusted(reason))
    }

    /// Closes the socket at once: a protection would say goodbye first, and wait for the answer.
    func closeSocket(_ channel: any Channel) {
        guard transport.protection != nil,
            let context = try? channel.pipeline.syncOperations.context(name: ChannelPipeline.protection)
        else { return channel.close(promise: nil) }
        context.close(promise: nil)
    }
}
