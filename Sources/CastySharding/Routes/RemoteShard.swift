import CastyActors
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
    private let head: DeliveryHead
    /// The number of the next message, and the last one that belongs to this route.
    @exclusivity(unchecked) var next: UInt64
    @exclusivity(unchecked) var last: UInt64

    /// - Returns: `nil` where the numbers have become too large for their place in a delivery.
    init?(_ route: EncodedRoute, _ head: EnvelopeHead, shard: Int, version: ShardVersion, first: UInt64) {
        guard first < 1 << (7 * DeliveryNumber.size) - ShardRoute.numbers else { return nil }
        node = head.to
        self.route = route
        self.head = DeliveryHead(head, shard: shard, version: version)
        next = first
        last = first + ShardRoute.numbers - 1
    }

    /// What became of a message.
    enum Outcome {
        case sent
        /// Earlier messages for its entity wait for the region's actor, and so does this one.
        case waits
        /// The route cannot be used. Nothing has happened.
        case closed
    }

    /// Sends a message of a caller, or lets it wait behind earlier ones for its entity.
    ///
    /// - Parameters:
    ///   - hasWaited: Whether the region's actor sends it, as the next of those that waited.
    ///   - callActor: As for ``ShardSlot/wait(_:for:refusedBy:_:callActor:)``.
    func send(
        _ message: ErasedMessage, to entity: String, asks: AskPatience?, _ payloads: PayloadCodec,
        from slot: ShardSlot, hasWaited: Bool = false, callActor: () -> Delivery
    ) -> Outcome {
        var numberIndex = 0
        var waits = false
        let isSent = route.send(
            encode: { buffer, context in
                let marks = RegionCommand.marks(isRetry: false, asks)
                numberIndex = head.write(entity: entity, marks: marks, payloads.codec, into: &buffer)
                try payloads.encodeContent(message, context, &buffer)
            },
            queue: { buffer, asker in
                slot.state.withLock { state in
                    guard state.isOpen(self), next <= last else { return nil }
                    guard !hasWaited, let known = state.entities[entity], known.waiting > 0 else {
                        return queue(&buffer, numberIndex, asker)
                    }
                    let encoded = EncodedDelivery(route: self, bytes: buffer, numberIndex: numberIndex, asker: asker)
                    waits = state.wait(
                        WaitingMessage(message, for: known, .caller(asks), encoded: encoded), callActor)
                    return nil
                }
            })
        return isSent ? .sent : waits ? .waits : .closed
    }

    /// Sends a message that has waited. Called by the region's actor, in the order in which the messages came.
    ///
    /// - Returns: Whether it was sent.
    func send(_ message: WaitingMessage, asks: AskPatience?, _ payloads: PayloadCodec, from slot: ShardSlot) -> Bool {
        guard message.encoded?.route === self else {
            let outcome = send(
                message.payload, to: message.entity.name, asks: asks, payloads, from: slot, hasWaited: true,
                callActor: { .accepted })
            return outcome == .sent
        }
        let queued = slot.state.withLock { $0.isOpen(self) ? queue(message.encoded) : nil }
        guard let queued else { return false }
        queued.perform()
        return true
    }

    /// Queues a delivery. The slot is locked, and the route is open.
    ///
    /// - Returns: `nil` where it cannot be queued.
    func queue(_ delivery: EncodedDelivery?) -> QueuedMessage? {
        guard let delivery, delivery.route === self else { return nil }
        var bytes = delivery.bytes
        return queue(&bytes, delivery.numberIndex, delivery.asker)
    }

    private func queue(_ bytes: inout ByteBuffer, _ numberIndex: Int, _ asker: AnyActorCell?) -> QueuedMessage? {
        guard next <= last else { return nil }
        bytes.setNumber(next, at: numberIndex)
        guard let queued = route.queue(bytes, asker: asker) else { return nil }
        next += 1
        return queued
    }
}

extension ByteBuffer {
    /// Writes a number in LEB128 with nine bytes, more than it needs, over bytes that were written before.
    fileprivate mutating func setNumber(_ value: UInt64, at index: Int) {
        let offset = index - readerIndex
        withUnsafeMutableReadableBytes { bytes in
            bytes.storeBytes(of: DeliveryNumber.head(of: value).littleEndian, toByteOffset: offset, as: UInt64.self)
            bytes[offset + 8] = UInt8(truncatingIfNeeded: value >> 56) & 0x7F
        }
    }
}
