import CastyActors
import CastyCore
import CastySerialization
import NIOCore
import Synchronization

/// A probe connection: after the handshake it carries control messages to the runtime's own actors, for a
/// short time.
extension Link {
    /// Dials, and ends the connection when the time of a probe connection is over.
    func dialProbeConnection() {
        limitProbeConnection()
        dial()
    }

    /// Limits the connection to the time of a probe connection, from now on.
    func limitProbeConnection() {
        let timer = remoting.system.world.scheduler.schedule(after: remoting.settings.probeConnectionTimeout) {
            [self] in
            let connection = shared.withLock { $0.connection }
            report(LinkEnd(error: TransportError(.timedOut, "the probe connection took too long")))
            connection?.reset()
        }
        let isLate = shared.withLock { shared in
            if !shared.isOver { shared.deadline = timer }
            return shared.isOver
        }
        if isLate { timer.cancel() }
    }

    /// Sends messages once the handshake is complete.
    func say(_ said: Batch) {
        let connection = shared.withLock { shared in
            shared.said.append(said)
            return shared.isEstablished ? shared.connection : nil
        }
        connection?.requestWrite()
    }

    /// Writes the messages to be sent, up to one chunk.
    func writeProbe(into buffer: inout ByteBuffer) {
        let end = buffer.writerIndex + ConnectionLimits.writeChunk
        guard writer.writeRest(into: &buffer, end: end) else { return }
        let said = shared.withLock { shared in
            defer { shared.said = Batch() }
            return shared.said
        }
        guard !said.isEmpty else { return }
        var flush = Flush(control: said)
        let seen = remoting.observer.flatMap { observer in
            shared.withLock { $0.association?.address }.map { (observer, $0) }
        }
        if let (observer, peer) = seen { announce(flush.control, to: peer, observer) }
        writer.write(&flush, into: &buffer, end: end)
        if let (observer, peer) = seen { observe(flush.control, since: 0, to: peer, observer) }
        guard !flush.control.isEmpty else { return }
        shared.withLock { shared in
            flush.control.append(shared.said)
            shared.said = flush.control
        }
    }

    /// Handles a frame that arrived on the probe connection.
    func takeProbe(_ frame: Frame, _ association: Association, _ connection: any Connection) throws(WireError) {
        switch frame.kind {
        case .control:
            // First: who gets the answer may open the next probe connection at once, and that one stays.
            if isDialled { association.probeConnectionAnswered() }
            try deliver(frame)
        case .goodbye: connection.close()
        case .ping: break
        case .user, .reply, .system, .acknowledgement, .hello, .welcome, .refusal:
            throw WireError(.malformed, "a \(frame.kind) came on a probe connection")
        }
    }
}
