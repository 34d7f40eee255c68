import CastyCore
import CastyPlacement
import CastyRemoting
import CastySerialization
import NIOCore

/// Reads the deliveries of one connection for a region, on the thread that reads the connection.
///
/// Deliveries that follow each other and are for the same entity begin with the same bytes. They are recognised by these,
/// and form a batch, for which the routes are consulted once. All that is no delivery, and all that is wrong, takes the
/// usual way.
final class DeliveryReader: EncodedReader {
    /// Whom deliveries are for, and from whom.
    struct Addressee {
        let head: EnvelopeHead
        let entity: String
        let slot: ShardSlot
        let version: ShardVersion
    }

    /// The most deliveries that wait before they are passed on.
    private static let most = 256

    private let entry: RegionEntry
    private let batch: DeliveryBatch
    /// The addressee of the last delivery, and the bytes that named it.
    @exclusivity(unchecked) private var addressee: Addressee?
    @exclusivity(unchecked) private var prefix = ByteBuffer()

    init(_ entry: RegionEntry, _ batch: DeliveryBatch) {
        self.entry = entry
        self.batch = batch
    }

    func take(_ payload: inout ByteBuffer, _ codec: CodecID, _ context: CodingContext) throws {
        guard codec == .native else { throw WireError(.unsupportedCodec, "a delivery is not written so") }
        if addressee != nil, beginsAlike(payload) {
            if batch.count >= Self.most { flush() }
            payload.moveReaderIndex(forwardBy: prefix.readableBytes)
        } else {
            flush()
            addressee = nil
            let whole = payload
            addressee = try entry.addressee(from: &payload, context)
            // A copy: a slice would keep the whole buffer of the connection.
            prefix.clear()
            prefix.writeBytes(whole.readableBytesView.prefix(payload.readerIndex - whole.readerIndex))
        }
        let marks = try RegionCommand.deliveryMarks(from: &payload)
        try batch.append(&payload, marks, context)
    }

    func flush() {
        guard batch.count > 0, let addressee else { return }
        entry.arrive(batch, for: addressee)
    }

    /// Whether a delivery names the addressee of the one before it. What the bytes mean depends on nothing but them.
    private func beginsAlike(_ payload: ByteBuffer) -> Bool {
        payload.getSlice(at: payload.readerIndex, length: prefix.readableBytes) == prefix
    }
}
