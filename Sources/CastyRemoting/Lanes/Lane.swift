import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import NIOCore

/// The queue of one lane for one peer, bounded in messages and bytes.
///
/// Senders append to the back. A connection flushes the front without holding the lock and returns what it did not
/// take.
struct Lane: Sendable {
    private let limits: QueueLimits
    private var back = Batch()
    private var front = Batch()
    /// `count` and `bytes` include what is being flushed.
    private(set) var count = 0
    private(set) var bytes = 0

    init(limits: QueueLimits) {
        self.limits = limits
    }

    var isEmpty: Bool { count == 0 }

    /// About what the queued messages take in memory.
    var cost: Int { bytes + count * QueuedFrame.overhead }

    /// Whether a message of that many bytes stays within limits.
    func has(roomFor size: Int, in limits: QueueLimits) -> Bool {
        count < limits.count && bytes + size <= limits.bytes
    }

    mutating func append(
        _ destination: Destination, _ codec: CodecID, _ lossClass: LossClass?, _ payload: ByteBuffer,
        asker: AnyActorCell? = nil
    ) -> Delivery {
        let size = QueuedFrame.bound(payload.readableBytes, destination, asker)
        guard has(roomFor: size, in: limits) else { return .refused(.bufferFull) }
        back.append(destination, codec, lossClass, payload, asker: asker)
        count += 1
        bytes += size
        return .accepted
    }

    /// Hands out the front. An empty front is first refilled from the back.
    mutating func beginFlush() -> Batch {
        if front.isEmpty { swap(&front, &back) }
        var taken = Batch()
        swap(&taken, &front)
        return taken
    }

    /// Takes the front back. The batch is swapped out of the caller's hands: its memory is reused only if no one else
    /// refers to it.
    mutating func endFlush(_ batch: inout Batch, _ flushed: Flushed) {
        swap(&front, &batch)
        front.recycle()
        count -= flushed.count
        bytes -= flushed.bytes
    }

    /// Removes the frames for which the condition holds, except those being flushed.
    mutating func remove(where condition: (QueuedFrame) -> Bool) -> [QueuedFrame] {
        let removed = front.remove(where: condition) + back.remove(where: condition)
        for frame in removed {
            count -= 1
            bytes -= frame.bound
        }
        return removed
    }
}
