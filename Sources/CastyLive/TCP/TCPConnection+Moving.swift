import CastyCore
import Glibc
import NIOCore
import NIOPosix

extension TCPConnection {
    /// Serves the connection on the thread for user messages from now on, if there is one.
    func moveToUsers() { transport.perform { self.moveNow() } }

    /// Closes the channel and opens another one for the same socket on the other transport's loop.
    ///
    /// The handler receives ``ConnectionHandler/connectionOpened(_:)`` once more, with the connection that serves it
    /// from then on. It has received everything that arrived before this turn of the loop; later bytes wait in the
    /// socket.
    private func moveNow() {
        guard phase == .open, let users = transport.usersTransport, let channel, let handler else { return }
        let duplicate = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { fcntl($0, F_DUPFD_CLOEXEC, 0) }
        guard let socket = duplicate, socket >= 0 else { return }
        forgetHandler()
        phase = .closed
        // The duplicate keeps the socket open, so the peer sees no end.
        channel.close(promise: nil)
        leaveIfOver()
        users.adopt(socket, remoteDescription, handler)
    }
}

extension TCPTransport {
    /// Serves a connected socket that another transport has handed over.
    func adopt(_ socket: NIOBSDSocket.Handle, _ remote: String, _ handler: any ConnectionHandler) {
        let wasTaken = perform {
            guard !self.isDead, !self.isShuttingDown else {
                _ = Glibc.close(socket)
                return
            }
            let connection = TCPConnection(
                transport: self, number: self.nextNumber(), adoptedFrom: remote, handler: handler)
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
