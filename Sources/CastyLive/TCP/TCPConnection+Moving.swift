import CastyCore
import Glibc
import NIOCore
import NIOPosix

extension TCPConnection {
    /// Serves the connection on the thread for user messages from now on, if there is one.
    func moveToUsers() {
        // A protected one has moved with its first byte, before the protection began: its keys cannot move.
        guard transport.protection == nil else { return }
        transport.perform { self.move(nil) }
    }

    /// Serves a connection that is about to be protected on the thread for user messages, if there is one.
    ///
    /// - Parameter bytes: The bytes that came after the first one.
    /// - Returns: Whether the connection has moved.
    func move(_ opening: ConnectionOpening, _ bytes: ByteBuffer) -> Bool { move((opening, bytes)) }

    /// Closes the channel and opens another one for the same socket on the other transport's loop.
    ///
    /// The handler receives ``ConnectionHandler/connectionOpened(_:)`` once more, with the connection that serves it
    /// from then on. It has received everything that arrived before this turn of the loop; later bytes wait in the
    /// socket.
    @discardableResult
    private func move(_ begun: (opening: ConnectionOpening, bytes: ByteBuffer)?) -> Bool {
        guard phase == .open, let users = transport.usersTransport, let channel, let handler else { return false }
        let duplicate = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { fcntl($0, F_DUPFD_CLOEXEC, 0) }
        guard let socket = duplicate, socket >= 0 else { return false }
        forgetHandler()
        phase = .closed
        // The duplicate keeps the socket open, so the peer sees no end.
        channel.close(promise: nil)
        leaveIfOver()
        users.adopt(socket, remoteDescription, begun, handler)
        return true
    }
}

extension TCPTransport {
    /// Serves a connected socket that another transport has handed over.
    func adopt(
        _ socket: NIOBSDSocket.Handle, _ remote: String, _ begun: (opening: ConnectionOpening, bytes: ByteBuffer)?,
        _ handler: any ConnectionHandler
    ) {
        let wasTaken = perform {
            guard !self.isDead, !self.isShuttingDown else {
                _ = Glibc.close(socket)
                return
            }
            let connection = TCPConnection(
                transport: self, number: self.nextNumber(), adoptedFrom: remote, begun, handler: handler)
            self.connections[connection.number] = connection
            self.openAttempts += 1
            ClientBootstrap(group: self.loop)
                .channelOption(.writeBufferWaterMark, value: Self.waterMark)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try connection.take(channel) }
                }
                .withConnectedSocket(socket)
                .hop(to: self.loop)
                .whenComplete { result in
                    self.attemptEnded()
                    guard case .failure(let error) = result else { return }
                    connection.failAttempt(TransportError(error, at: remote))
                }
        }
        if !wasTaken { _ = Glibc.close(socket) }
    }
}
