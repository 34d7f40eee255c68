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
    @exclusivity(unchecked) private var prefix = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 1)

    init(_ entry: RegionEntry, _ batch: DeliveryBatch) {
        self.entry = entry
        self.batch = batch
    }

    deinit { prefix.deallocate() }

    func take(_ payload: inout ByteBuffer, _ codec: CodecID, _ context: CodingContext) throws {
        guard codec == .native else { throw WireError(.unsupportedCodec, "a delivery is not written so") }
        switch addressee == nil ? .other : payload.withUnsafeReadableBytes({ beginning(of: $0) }) {
        case .known(let marks, let codec):
            if batch.count >= Self.most { flush() }
            payload.moveReaderIndex(forwardBy: prefix.count + DeliveryNumber.size + 2)
            return try batch.append(&payload, codec, marks, context)
        case .sameAddressee:
            if batch.count >= Self.most { flush() }
            payload.moveReaderIndex(forwardBy: prefix.count)
        case .other:
            flush()
            addressee = nil
            let whole = payload
            addressee = try entry.addressee(from: &payload, context)
            keepPrefix(of: whole, payload.readerIndex - whole.readerIndex)
        }
        let marks = try RegionCommand.deliveryMarks(from: &payload)
        try batch.append(&payload, CodecID(rawValue: try payload.readByte()), marks, context)
    }

    func flush() {
        guard batch.count > 0, let addressee else { return }
        entry.arrive(batch, for: addressee)
    }

    /// How a delivery begins.
    private enum Beginning {
        /// With the addressee of the one before it, and then as all routes write it. The message follows.
        case known(DeliveryMarks, CodecID)
        case sameAddressee
        case other
    }

    /// Whether a delivery names the addressee of the one before it. What the bytes mean depends on nothing but them.
    private func beginning(of bytes: UnsafeRawBufferPointer) -> Beginning {
        guard bytes.count >= prefix.count, Self.areEqual(bytes, UnsafeRawBufferPointer(prefix), prefix.count) else {
            return .other
        }
        let (number, marks) = (prefix.count, prefix.count + DeliveryNumber.size)
        guard bytes.count > marks + 1,
            let sequence = DeliveryNumber.value(
                head: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: number, as: UInt64.self)),
                last: bytes[marks - 1]),
            let known = DeliveryMarks(sequence, bytes[marks])
        else { return .sameAddressee }
        return .known(known, CodecID(rawValue: bytes[marks + 1]))
    }

    /// Compares the first bytes, eight at a time. Without checks of bounds and overflow, as it runs for each message:
    /// both buffers have at least that many bytes, which `beginning(of:)` has compared.
    private static func areEqual(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer, _ count: Int) -> Bool {
        guard let one = one.baseAddress, let other = other.baseAddress, count >= 8 else {
            return one.prefix(count).elementsEqual(other.prefix(count))
        }
        var index = 0
        while index < count {
            // The last eight bytes may overlap those before them.
            let start = min(index, count &- 8)
            let word = one.loadUnaligned(fromByteOffset: start, as: UInt64.self)
            if word != other.loadUnaligned(fromByteOffset: start, as: UInt64.self) { return false }
            index &+= 8
        }
        return true
    }

    /// Copies the bytes that name the addressee: a slice would keep the whole buffer of the connection.
    private func keepPrefix(of payload: ByteBuffer, _ count: Int) {
        if prefix.count != count {
            prefix.deallocate()
            prefix = .allocate(byteCount: count, alignment: 1)
        }
        payload.withUnsafeReadableBytes { prefix.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
}
