import CastyActors
import CastyCore
import CastySerialization
import NIOCore

/// The outgoing half of one connection: its encoders, and the rest of a frame that did not fit into one chunk.
struct LinkWriter: Sendable {
    /// A frame that no longer fits waits for the next chunk if it is at most this large. Larger ones are cut.
    private static let wholeFrame = 16 * 1024

    private var control = FrameEncoder(lane: .control)
    private var user = FrameEncoder(lane: .user)
    private var rest = ByteBuffer()
    /// Whether the peer knows frames of the kind ``FrameKind/reply``, as it said in the handshake.
    var peerReadsReplies = false

    init(frameLimit: Int) {
        control.maximumLength = frameLimit
        user.maximumLength = frameLimit
    }

    /// Writes the rest of a partly written frame, as far as there is room. Returns whether the next frame may begin.
    mutating func writeRest(into buffer: inout ByteBuffer, end: Int) -> Bool {
        guard rest.readableBytes > 0 else { return true }
        if var piece = rest.readSlice(length: min(rest.readableBytes, end - buffer.writerIndex)) {
            buffer.writeBuffer(&piece)
        }
        guard rest.readableBytes == 0 else { return false }
        rest = ByteBuffer()
        return true
    }

    // These frames are far below the size limit, which is the only reason why encoding them could fail.

    mutating func write(_ message: HandshakeMessage, into buffer: inout ByteBuffer) {
        try? control.encode(message, into: &buffer)
    }

    mutating func writeGoodbye(into buffer: inout ByteBuffer) {
        try? control.encode(FrameHeader(.goodbye), into: &buffer)
    }

    /// Writes up to one chunk: acknowledgement, signals, ping, control frames, then user frames.
    mutating func write(_ flush: inout Flush, into buffer: inout ByteBuffer, end: Int) {
        if let number = flush.acknowledgement {
            try? control.encode(FrameHeader(.acknowledgement, correlation: number), into: &buffer)
            flush.frames += 1
        }
        var number = flush.firstSignal
        for signal in flush.signals {
            try? control.encode(FrameHeader(.system, correlation: number), signal, into: &buffer)
            number += 1
            flush.frames += 1
        }
        if flush.hasPing {
            try? control.encode(FrameHeader(.ping), into: &buffer)
            flush.frames += 1
        }
        flush.flushedControl = Self.write(
            &flush.control, .control, &control, &rest, peerReadsReplies, into: &buffer, end: end)
        if rest.readableBytes == 0 {
            flush.flushedUser = Self.write(&flush.user, .user, &user, &rest, peerReadsReplies, into: &buffer, end: end)
        }
        flush.frames += UInt64(flush.flushedControl.count + flush.flushedUser.count)
    }

    private static func write(
        _ batch: inout Batch, _ kind: FrameKind, _ encoder: inout FrameEncoder, _ rest: inout ByteBuffer,
        _ peerReadsReplies: Bool, into buffer: inout ByteBuffer, end: Int
    ) -> Flushed {
        var flushed = Flushed()
        while true {
            let short = batch.writeShort(kind, &encoder, into: &buffer, end: end)
            flushed.count += short.count
            flushed.bytes += short.bytes
            guard let frame = batch.first else { break }
            let bound = frame.bound
            let fits = bound <= end - buffer.writerIndex
            if !fits, bound <= wholeFrame || end <= buffer.writerIndex { break }
            batch.removeFirst()
            flushed.count += 1
            flushed.bytes += bound
            let header = header(of: frame, kind, peerReadsReplies)
            do {
                if fits {
                    try encoder.encode(header, into: &buffer) { batch.writePayload(of: frame, into: &$0) }
                    if header.target != nil { encoder.noteWritten(frame.destination, kind, frame.codec) }
                } else {
                    try encoder.encode(header, into: &rest) { batch.writePayload(of: frame, into: &$0) }
                    if let piece = rest.readSlice(length: min(rest.readableBytes, end - buffer.writerIndex)) {
                        buffer.writeImmutableBuffer(piece)
                    }
                    break
                }
            } catch {
                flushed.unwritable.append(frame)
            }
        }
        return flushed
    }

    private static func header(of frame: QueuedFrame, _ kind: FrameKind, _ peerReadsReplies: Bool) -> FrameHeader {
        let destination = frame.destination
        if peerReadsReplies, destination.isAsk, frame.asker == nil {
            // An address is written by the association with its node, so the ask is one of the peer.
            return FrameHeader(
                .reply, type: destination.wireType, codec: frame.codec, correlation: destination.address.uid)
        }
        let asker = frame.asker?.frameName
        return FrameHeader(
            kind, target: destination.address, sender: asker?.address, type: destination.wireType, codec: frame.codec,
            correlation: asker?.correlation ?? 0)
    }
}

/// How much of a lane was written.
struct Flushed: Sendable {
    var count = 0
    var bytes = 0
    /// Frames that were taken and could not be encoded.
    var unwritable: [QueuedFrame] = []
}
