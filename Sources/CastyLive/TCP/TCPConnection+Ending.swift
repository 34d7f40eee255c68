import CastyCore
import Glibc
import NIOCore
import NIOPosix

extension TCPConnection {
    func close() { transport.perform { self.closeNow() } }

    func reset() {
        transport.perform { self.resetNow(TransportError(.reset, "\(self.remoteDescription): reset by this end")) }
    }

    /// Writes what was pulled, then ends the stream and waits briefly for the peer to end its own.
    ///
    /// Closing at once would lose bytes: a socket that is closed while bytes of the peer wait in it answers with a
    /// reset, which overtakes what was just written.
    func closeNow() {
        switch phase {
        case .connecting:
            failAttempt(TransportError(.closed, "closed before it stood"))
        case .open:
            guard let channel else { return }
            phase = .closing
            channel.setOption(.autoRead, value: true).whenFailure { _ in }
            let lingers = beginLingering(channel)
            let limit = transport.loop.scheduleTask(in: lingers ? TCPTransport.closeLimit : .milliseconds(100)) {
                self.breakOff()
            }
            channel.closeFuture.whenComplete { _ in limit.cancel() }
            channel.writeAndFlush(ByteBuffer()).hop(to: transport.loop).whenComplete { _ in
                guard self.phase == .closing else { return }
                self.phase = .closed
                if lingers { self.channel?.close(mode: .output, promise: nil) } else { self.breakOff() }
                self.tellOwn(.closed(nil))
            }
        case .closing, .closed:
            break
        }
    }

    /// Whether the socket may stay open until the peer has closed its end. Those that this node has dialled are bounded
    /// by what it dials.
    private func beginLingering(_ channel: any Channel) -> Bool {
        if case .dialled = origin { return true }
        let source = channel.remoteAddress?.source ?? ""
        guard transport.lingering.begin(source) else { return false }
        channel.closeFuture.hop(to: transport.loop).whenComplete { _ in self.transport.lingering.end(source) }
        return true
    }

    /// Ends the connection with a reset and notifies the handler of the reason.
    func resetNow(_ error: TransportError) {
        switch phase {
        case .connecting:
            failAttempt(error)
        case .open, .closing:
            phase = .closed
            breakOff()
            tellOwn(.closed(error))
        case .closed:
            breakOff()
            if isEndHeldBack { tellOwn(.closed(error)) }
        }
    }

    /// Ends the connection with a reset without notifying the handler.
    func abandon() {
        forgetHandler()
        attemptTimeout?.cancel()
        cutTimeout?.cancel()
        stalledDial = nil
        phase = .closed
        breakOff()
        leaveIfOver()
    }

    /// Closes the socket so that the peer sees a reset.
    func breakOff() {
        guard let channel else { return }
        // With a linger time of zero, closing discards unsent bytes and resets.
        if let options = channel as? any SocketOptionProvider {
            options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenFailure { _ in }
        }
        closeSocket(channel)
    }
}

extension TCPConnection {
    /// Whether the link is cut in either direction.
    var isLinkCut: Bool { isCutToHere || isCutFromHere }

    private var isCutToHere: Bool { transport.filter?.isCut(from: remoteHost, to: localHost) ?? false }

    private var isCutFromHere: Bool { transport.filter?.isCut(from: localHost, to: remoteHost) ?? false }

    /// Checks again what pauses the connection: a frozen node or a cut link.
    func refresh() {
        guard phase != .connecting else { return reconnect() }
        let isFrozen = transport.isFrozen
        writesPaused = isFrozen || isCutFromHere
        let werePaused = readsPaused
        readsPaused = isFrozen || (isCutToHere && !hasOwnNotice)
        if phase == .open, readsPaused != werePaused {
            setReading()
        }
        watchCut()
        tellHeld()
        if phase == .open, hasMoreToSay { pull() }
    }

    func holdReading(_ isHeld: Bool) {
        isReadingHeld = isHeld
        if phase == .open { setReading() }
    }

    func readLargePieces() {
        channel?.setOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator()).whenFailure { _ in }
    }

    private func setReading() {
        channel?.setOption(.autoRead, value: !readsPaused && !isReadingHeld).whenFailure { _ in }
    }

    /// Resets the connection when a cut lasts too long.
    private func watchCut() {
        guard phase == .open || isEndHeldBack, isLinkCut, let filter = transport.filter else {
            cutTimeout?.cancel()
            cutTimeout = nil
            return
        }
        if cutTimeout != nil { return }
        cutTimeout = transport.loop.scheduleTask(in: .nanoseconds(filter.tolerance.nanoseconds)) {
            self.resetNow(TransportError(.reset, "\(self.remoteDescription): no way there for \(filter.tolerance)"))
        }
    }
}
