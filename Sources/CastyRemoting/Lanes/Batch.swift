import CastyActors
import CastyObservability
import CastySerialization
import NIOCore

/// One queued, encoded message; its payload is in its batch.
struct QueuedFrame: Sendable {
    let destination: Destination
    let codec: CodecID
    /// The class of its loss; `nil` where another component accounts for it.
    let lossClass: LossClass?
    /// The ask that a reply to it would answer. It fails at once if the message is lost on its route.
    let asker: AnyActorCell?
    let start: Int
    let length: Int
    /// Of the head: which destination it is, and the number of the ask. Read without touching the objects above.
    let route: ObjectIdentifier
    /// 0 where there is no ask; `nil` where an address names it, which is not short.
    let correlation: UInt64?

    init(
        destination: Destination, codec: CodecID, lossClass: LossClass?, asker: AnyActorCell?, start: Int, length: Int
    ) {
        self.destination = destination
        self.codec = codec
        self.lossClass = lossClass
        self.asker = asker
        self.start = start
        self.length = length
        route = ObjectIdentifier(destination)
        let name = asker?.frameName
        correlation = name?.address == nil ? name?.correlation ?? 0 : nil
    }

    /// About how many bytes of memory a queued message takes beside its own: this record, and the destination that it
    /// may be the only one to name.
    static let overhead = 256

    /// The most bytes it can take on the wire.
    var bound: Int { Self.bound(length, destination, asker) }

    static func bound(_ length: Int, _ destination: Destination, _ asker: AnyActorCell?) -> Int {
        length + destination.headerBound + (asker?.frameName.address.map(Destination.bound(of:)) ?? 0)
    }
}

/// Queued messages in order, their payloads in one buffer.
///
/// Headers are written only when a connection takes the frames, because the numbers that stand for names differ from
/// one connection to the next. So queued messages survive a lost connection.
struct Batch: Sendable {
    private(set) var frames: [QueuedFrame] = []
    /// The index of the first frame that has not been taken.
    private(set) var next = 0
    private(set) var payloads = ByteBuffer()

    /// The most memory that a drained batch retains for reuse.
    private static let keptBytes = 1 << 20
    private static let keptFrames = 16_384

    var isEmpty: Bool { next == frames.count }

    mutating func append(
        _ destination: Destination, _ codec: CodecID, _ lossClass: LossClass?, _ payload: ByteBuffer,
        asker: AnyActorCell? = nil
    ) {
        let start = payloads.writerIndex
        payloads.writeImmutableBuffer(payload)
        frames.append(
            QueuedFrame(
                destination: destination, codec: codec, lossClass: lossClass, asker: asker, start: start,
                length: payload.readableBytes))
    }

    /// Appends the frames that another batch still holds.
    mutating func append(_ other: Batch) {
        for frame in other.frames[other.next...] {
            let payload = other.payloads.getSlice(at: frame.start, length: frame.length) ?? ByteBuffer()
            append(frame.destination, frame.codec, frame.lossClass, payload, asker: frame.asker)
        }
    }

    /// The next frame, which stays in the batch.
    var first: QueuedFrame? { next < frames.count ? frames[next] : nil }

    mutating func removeFirst() { next += 1 }

    /// The frames that were taken since the one at `index` was the next.
    func taken(since index: Int) -> ArraySlice<QueuedFrame> { frames[min(index, next)..<next] }

    /// Calls a closure with each frame that has not been taken, and with its payload.
    func forEachWaiting(_ body: (QueuedFrame, ByteBuffer) -> Void) {
        for frame in frames[next...] {
            body(frame, payloads.getSlice(at: frame.start, length: frame.length) ?? ByteBuffer())
        }
    }

    /// Takes frames as long as their heads are short ones that the encoder knows and there is room, and writes them.
    mutating func writeShort(
        _ kind: FrameKind, _ encoder: inout FrameEncoder, into buffer: inout ByteBuffer, end: Int
    ) -> (count: Int, bytes: Int) {
        var written = (count: 0, bytes: 0)
        var index = next
        frames.withUnsafeBufferPointer { frames in
            payloads.withUnsafeReadableBytes { bytes in
                while index < frames.count {
                    let frame = frames.baseAddress.unsafelyUnwrapped + index
                    guard let head = encoder.shortHead(frame.pointee.route, kind, frame.pointee.codec),
                        let correlation = frame.pointee.correlation
                    else { return }
                    let bound = frame.pointee.length + head.headerBound
                    guard bound <= end - buffer.writerIndex else { return }
                    let start = frame.pointee.start
                    let payload = UnsafeRawBufferPointer(rebasing: bytes[start..<start + frame.pointee.length])
                    guard encoder.encode(head, correlation, payload, into: &buffer) else { return }
                    written.count += 1
                    written.bytes += bound
                    index += 1
                }
            }
        }
        next = index
        return written
    }

    /// Appends the payload of one of the frames to a buffer.
    func writePayload(of frame: QueuedFrame, into buffer: inout ByteBuffer) {
        payloads.withUnsafeReadableBytes { bytes in
            _ = buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[frame.start..<frame.start + frame.length]))
        }
    }

    /// Clears the batch if all its frames were taken. Retains its memory up to the limits above.
    mutating func recycle() {
        guard isEmpty else { return }
        frames.removeAll(keepingCapacity: frames.count <= Self.keptFrames)
        next = 0
        if payloads.capacity <= Self.keptBytes { payloads.clear() } else { payloads = ByteBuffer() }
    }

    /// Removes the frames for which the condition holds.
    mutating func remove(where condition: (QueuedFrame) -> Bool) -> [QueuedFrame] {
        var removed: [QueuedFrame] = []
        var kept = Batch()
        for frame in frames[next...] {
            if condition(frame) {
                removed.append(frame)
            } else {
                let slice = payloads.getSlice(at: frame.start, length: frame.length) ?? ByteBuffer()
                kept.append(frame.destination, frame.codec, frame.lossClass, slice, asker: frame.asker)
            }
        }
        if !removed.isEmpty { self = kept }
        return removed
    }
}
