import CastyCore
import CastyPlacement
import CastyRemoting
import CastySerialization
import NIOCore
import Synchronization

/// The open route to a shard on another node.
///
/// `@unchecked Sendable` because the lock of the shard's slot protects what changes.
final class RemoteShard: @unchecked Sendable {
    let node: UniqueAddress
    private let route: EncodedRoute
    /// What precedes the entity's id in each delivery, and what follows it.
    private let prefix: ByteBuffer
    private let version: ByteBuffer
    /// The number of the next message, and the last one that belongs to this route.
    @exclusivity(unchecked) var next: UInt64
    @exclusivity(unchecked) var last: UInt64

    /// - Returns: `nil` where the numbers have become too large for their place in a delivery.
    init?(_ route: EncodedRoute, _ head: EnvelopeHead, shard: Int, version: ShardVersion, first: UInt64) {
        guard first + ShardRoute.numbers < 1 << (7 * Self.numberSize) else { return nil }
        node = head.to
        self.route = route
        (prefix, self.version) = RegionCommand.deliveryParts(head, shard: shard, version: version)
        next = first
        last = first + ShardRoute.numbers - 1
    }

    /// The bytes of a message's number.
    private static let numberSize = 9

    /// Sends a message, unless the route has been closed meanwhile.
    ///
    /// - Returns: Whether it was sent; otherwise nothing has happened.
    func send(
        _ message: ErasedMessage, to entity: String, asks: AskPatience?, _ payloads: PayloadCodec, from slot: ShardSlot
    ) -> Bool {
        var place = 0
        return route.send(
            encode: { buffer, context in
                buffer.writeImmutableBuffer(prefix)
                buffer.writeText(entity)
                buffer.writeImmutableBuffer(version)
                place = buffer.writerIndex
                buffer.writeRepeatingByte(0, count: Self.numberSize)
                buffer.writeInteger(RegionCommand.marks(isRetry: false, asks))
                try payloads.encode(message, context, &buffer)
            },
            queue: { buffer, queue in
                slot.state.withLock { state in
                    guard case .remote(let current) = state.sending, current === self, state.misses == 0, next <= last
                    else { return nil }
                    buffer.setVarint(next, size: Self.numberSize, at: place)
                    guard let queued = queue(buffer) else { return nil }
                    next += 1
                    return queued
                }
            })
    }
}

extension ByteBuffer {
    /// Writes a number in LEB128 with more bytes than it needs, over bytes that were written before.
    fileprivate mutating func setVarint(_ value: UInt64, size: Int, at index: Int) {
        for offset in 0..<size {
            let bits = UInt8(truncatingIfNeeded: value >> (7 * UInt64(offset))) & 0x7F
            setInteger(offset == size - 1 ? bits : bits | 0x80, at: index + offset)
        }
    }
}
