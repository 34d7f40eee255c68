import CastyCore
import NIOCore
import NIOPosix

extension TCPConnection {
    /// Tries to connect. If the link is cut, waits for it to heal and tries then.
    func dial(_ address: NodeAddress, from source: NodeAddress, timeout: Duration) {
        localHost = source.host
        remoteHost = address.host
        let limit = TimeAmount.nanoseconds(max(0, timeout.nanoseconds))
        attemptTimeout = transport.loop.scheduleTask(in: limit) {
            self.failAttempt(TransportError(.timedOut, "\(address): no answer for \(timeout)"))
        }
        let attempt: @Sendable () -> Void = { self.open(address, from: source, timeout: limit) }
        stalledDial = attempt
        reconnect()
    }

    /// Starts the attempt unless it has started or the link is cut.
    func reconnect() {
        guard phase == .connecting, !isLinkCut, let attempt = stalledDial else { return }
        stalledDial = nil
        attempt()
    }

    /// Ends the attempt; nothing follows.
    func failAttempt(_ error: TransportError) {
        guard phase == .connecting else { return }
        phase = .closed
        stalledDial = nil
        attemptTimeout?.cancel()
        attemptTimeout = nil
        // A channel that is still connecting is closed here or by its bootstrap's failure, whichever comes first.
        channel?.close(promise: nil)
        channel = nil
        tellOwn(.failed(error))
    }

    private func open(_ address: NodeAddress, from source: NodeAddress, timeout: TimeAmount) {
        var bootstrap = ClientBootstrap(group: transport.loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_sndbuf), value: TCPTransport.kernelBuffer)
            .channelOption(.socketOption(.so_rcvbuf), value: TCPTransport.kernelBuffer)
            .channelOption(.writeBufferWaterMark, value: TCPTransport.waterMark)
            .connectTimeout(timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard self.phase == .connecting else { throw ChannelError.ioOnClosedChannel }
                    try self.take(channel)
                }
            }
        // Bind to the node's own host, so that the peer can tell links apart. A wildcard address identifies no host.
        let remote = try? SocketAddress(ipAddress: address.host, port: address.port)
        if let local = try? SocketAddress(ipAddress: source.host, port: 0), !["0.0.0.0", "::"].contains(source.host),
            let remote, local.protocol == remote.protocol
        {
            bootstrap = bootstrap.bind(to: local)
        }
        // A numeric address needs no resolver, whose thread would return to the loop after it has ended. For a name the
        // loop waits.
        let attempt =
            remote.map { bootstrap.connect(to: $0) } ?? bootstrap.connect(host: address.host, port: address.port)
        transport.openAttempts += 1
        attempt.hop(to: transport.loop).whenComplete { result in
            self.transport.attemptEnded()
            guard case .failure(let error) = result else { return }
            self.failAttempt(TransportError(error, at: address.description))
        }
    }
}
