import CastyActors
import CastyCore
import CastySerialization
import NIOCore
import Synchronization

extension Association {
    /// Fills a connection's buffer with what is queued for the peer, up to one chunk.
    ///
    /// - Returns: Whether the system is shutting down and nothing is left to write.
    func flush(for link: Link, with writer: inout LinkWriter, into buffer: inout ByteBuffer) -> Bool {
        let start = buffer.writerIndex
        let end = start + ConnectionLimits.writeChunk
        guard writer.writeRest(into: &buffer, end: end), var flush = state.withLock({ $0.beginFlush(link) }) else {
            return false
        }
        let (control, user) = (flush.control.next, flush.user.next)
        writer.write(&flush, into: &buffer, end: end)
        if let observer = remoting.observer {
            link.observe(flush.control, since: control, to: address, observer)
            link.observe(flush.user, since: user, to: address, observer)
        }
        flush.bytes = UInt64(buffer.writerIndex - start)
        let (isFinished, effects) = state.withLock { $0.endFlush(link, &flush) }
        if !effects.isEmpty { perform(effects) }
        return isFinished
    }
}
