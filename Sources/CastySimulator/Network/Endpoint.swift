import CastyCore
import NIOCore

/// One end of a simulated connection: the kernel's state of it, and its handler.
///
/// The kernel's part continues while the node is frozen: it opens, takes bytes up to the window, and sees the end.
/// Notices for the handler meanwhile wait in ``notices``.
final class Endpoint: Connection, @unchecked Sendable {
    private enum Phase {
        case connecting, open, closed
    }

    private enum Notice {
        case opened
        case bytes(ByteBuffer)
        case failed(TransportError)
        case closed(TransportError?)
    }

    let remoteDescription: String
    let node: SimulatedNode
    private let world: SimulatedWorld
    @exclusivity(unchecked) private var handler: (any ConnectionHandler)?
    /// The listener that provides the handler of an accepted connection.
    private var listener: SimulatedNetwork.Listener?
    @exclusivity(unchecked) private(set) var peer: Endpoint?
    @exclusivity(unchecked) private(set) var outgoing: Pipe?
    /// Its index in the node's list; negative where it is not listed.
    var index = -1

    // As in ``Pipe``: one thread, and no call out of a change.
    @exclusivity(unchecked) private var phase = Phase.connecting
    @exclusivity(unchecked) private var timeout: EventTicket?
    @exclusivity(unchecked) private var hasToldOpened = false
    @exclusivity(unchecked) private var wantsTurn = false
    @exclusivity(unchecked) private var isTurnScheduled = false
    @exclusivity(unchecked) private var isWriting = false
    @exclusivity(unchecked) private var endsAfterWriting = false
    /// Its own node closed it: the handler is notified only of the end.
    @exclusivity(unchecked) private var isClosedHere = false
    /// Whether it answers every packet with a reset, because the connection no longer exists here.
    @exclusivity(unchecked) private var answersWithReset = false
    @exclusivity(unchecked) private var notices: [Notice] = []
    @exclusivity(unchecked) private var isNoticeScheduled = false

    init(
        world: SimulatedWorld, node: SimulatedNode, remote: String, handler: (any ConnectionHandler)?,
        listener: SimulatedNetwork.Listener? = nil
    ) {
        self.world = world
        self.node = node
        self.remoteDescription = remote
        self.handler = handler
        self.listener = listener
    }

    // MARK: Connection

    func requestWrite() {
        guard world.foreign.isOwner else { return world.foreign.post { self.requestWrite() } }
        requestTurn()
    }

    func close() {
        guard world.foreign.isOwner else { return world.foreign.post { self.close() } }
        guard !isClosedHere, phase != .closed else { return }
        isClosedHere = true
        if isWriting { endsAfterWriting = true } else { sendEnd() }
    }

    func reset() {
        guard world.foreign.isOwner else { return world.foreign.post { self.reset() } }
        guard phase != .closed else { return }
        isClosedHere = true
        answersWithReset = true
        shut()
        outgoing?.breakOff()
        sendReset()
        tellLater(.closed(TransportError(.reset, "reset by this end")))
        dismantleIfOver()
    }

    private func sendEnd() {
        let wasOpen = phase == .open
        shut()
        if wasOpen {
            outgoing?.sendEnd()
            tellLater(.closed(nil))
        } else {
            tellLater(.failed(TransportError(.closed, "closed before it stood")))
        }
        dismantleIfOver()
    }

    // MARK: Writing

    /// Schedules a call that lets the handler fill a buffer, unless one is scheduled or the window is full.
    func requestTurn() {
        guard phase == .open, hasToldOpened else {
            wantsTurn = phase != .closed
            return
        }
        guard !isTurnScheduled, let outgoing, !outgoing.waitsForRoom else { return }
        isTurnScheduled = true
        world.add(.write(self), node: node.index, at: world.clock)
    }

    /// Pulls bytes until the handler has none or the window is full.
    func write() {
        isTurnScheduled = false
        while phase == .open, !isClosedHere, let handler, let outgoing {
            guard outgoing.hasRoom else { return outgoing.waitForRoom() }
            var buffer = world.network.takeScratch()
            isWriting = true
            handler.connectionReady(self, fill: &buffer)
            isWriting = false
            let isEmpty = buffer.readableBytes == 0
            let bytes = world.network.returnScratch(buffer)
            if phase == .open, !isEmpty { outgoing.send(bytes) }
            if endsAfterWriting { return sendEnd() }
            if isEmpty { return }
        }
    }

    // MARK: Events of the network

    /// Connects this end to its peer and to the pipe that carries its bytes.
    func join(_ peer: Endpoint, by pipe: Pipe) {
        self.peer = peer
        outgoing = pipe
    }

    func failAttempt(after ticket: EventTicket) { timeout = ticket }

    /// The other end has answered.
    func answerArrived() {
        guard phase == .connecting else {
            peer?.shut()
            return dismantleIfOver()
        }
        phase = .open
        forgetTimeout()
        outgoing?.sendOpening()
        tell(.opened)
    }

    /// The confirmation of the connecting side has arrived: the accepted connection is open.
    func openingArrived() {
        guard phase == .connecting, let listener, world.network.isListening(listener), !node.isGone else {
            phase = .closed
            answersWithReset = true
            return sendReset()
        }
        phase = .open
        node.add(self)
        tell(.opened)
    }

    func arrived(_ bytes: ByteBuffer) {
        guard phase == .open else {
            if answersWithReset { sendReset() }
            return
        }
        tell(.bytes(bytes))
    }

    func endArrived() {
        guard phase == .open else {
            if answersWithReset { sendReset() }
            return
        }
        shut()
        outgoing?.clear()
        tell(.closed(nil))
        dismantleIfOver()
    }

    func resetArrived() {
        fail(TransportError(.reset, "reset by \(remoteDescription)"))
        peer?.outgoing?.clear()
    }

    func cutTooLong() {
        fail(TransportError(.reset, "no way to \(remoteDescription) for \(SimulatedLimits.cutTolerance)"))
    }

    /// The connection or the attempt has failed at this end.
    func fail(_ error: TransportError) {
        guard phase != .closed else { return }
        let wasOpen = phase == .open
        answersWithReset = true
        shut()
        outgoing?.breakOff()
        outgoing?.clear()
        tellLater(wasOpen ? .closed(error) : .failed(error))
        dismantleIfOver()
    }

    // MARK: Events of the node

    func nodeThawed() {
        if !notices.isEmpty { scheduleNotice() }
    }

    /// The node is gone.
    func abandon(flushing: Bool) {
        let wasOpen = phase == .open
        handler = nil
        listener = nil
        notices = []
        index = -1
        guard phase != .closed else { return }
        shut()
        if wasOpen, flushing {
            outgoing?.sendEnd()
        } else if wasOpen {
            answersWithReset = true
            outgoing?.breakOff()
            sendReset()
        }
        dismantleIfOver()
    }

    /// Clears all references at the end of the runtime.
    func forget() {
        phase = .closed
        handler = nil
        listener = nil
        notices = []
        outgoing?.dismantle()
        outgoing = nil
        peer = nil
    }

    // MARK: Notifying the handler

    private func tell(_ notice: Notice) {
        if notices.isEmpty, node.state == .running { deliver(notice) } else { tellLater(notice) }
    }

    private func tellLater(_ notice: Notice) {
        guard !node.isGone else { return }
        notices.append(notice)
        if node.state == .running { scheduleNotice() }
    }

    private func scheduleNotice() {
        guard !isNoticeScheduled else { return }
        isNoticeScheduled = true
        world.add(.notice(self), node: node.index, at: world.clock)
    }

    /// Delivers the first waiting notice. Consecutive bytes are delivered together.
    func tellNext() {
        isNoticeScheduled = false
        guard !notices.isEmpty else { return }
        let first = notices.removeFirst()
        if case .bytes(var bytes) = first {
            while case .bytes(var more)? = notices.first {
                bytes.writeBuffer(&more)
                notices.removeFirst()
            }
            deliver(.bytes(bytes))
        } else {
            deliver(first)
        }
        if !notices.isEmpty { scheduleNotice() }
    }

    private func deliver(_ notice: Notice) {
        switch notice {
        case .opened:
            hasToldOpened = true
            if handler == nil { handler = listener?.accept(self) }
            listener = nil
            if !isClosedHere { handler?.connectionOpened(self) }
            if wantsTurn { requestTurn() }
        case .bytes(let bytes):
            peer?.outgoing?.taken(bytes.readableBytes)
            if !isClosedHere { handler?.connectionReceived(self, bytes) }
        case .failed(let error):
            take()?.connectionFailed(error)
        case .closed(let error):
            take()?.connectionClosed(self, error: error)
        }
    }

    /// The handler, for its last call.
    private func take() -> (any ConnectionHandler)? {
        node.remove(self)
        defer { handler = nil }
        return handler
    }

    // MARK: Ending

    private func shut() {
        phase = .closed
        forgetTimeout()
    }

    private func forgetTimeout() {
        guard let timeout else { return }
        self.timeout = nil
        _ = world.queue.remove(timeout)
    }

    private func sendReset() {
        guard let peer, let link = outgoing?.link else { return }
        link.sendOnce { peer.resetArrived() }
    }

    /// Once both ends are closed, nothing in flight matters any more.
    private func dismantleIfOver() {
        guard phase == .closed, let peer, peer.phase == .closed else { return }
        for end in [self, peer] {
            end.outgoing?.dismantle()
            end.outgoing = nil
        }
        self.peer?.peer = nil
        self.peer = nil
    }
}
