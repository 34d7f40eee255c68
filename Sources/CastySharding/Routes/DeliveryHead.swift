import CastyPlacement
import CastySerialization
import NIOCore

/// How all deliveries over one route begin.
///
/// It is written in one piece: each write to a buffer checks anew whether the buffer is shared and has room.
struct DeliveryHead: Sendable {
    /// What precedes the entity's id, and what follows it.
    private let prefix: [UInt8]
    private let version: [UInt8]

    init(_ head: EnvelopeHead, shard: Int, version: ShardVersion) {
        let parts = RegionCommand.deliveryParts(head, shard: shard, version: version)
        prefix = Array(parts.prefix.readableBytesView)
        self.version = Array(parts.version.readableBytesView)
    }

    /// Writes what precedes the content of a message.
    ///
    /// - Parameters:
    ///   - codec: The codec of the content; `nil` where the content names it itself.
    /// - Returns: The index of the delivery's number, in place of which zeros are written.
    func write(entity: String, marks: UInt8, _ codec: CodecID?, into buffer: inout ByteBuffer) -> Int {
        var entity = entity
        var numberIndex = buffer.writerIndex
        entity.withUTF8 { id in
            let bound = prefix.count + 10 + id.count + version.count + DeliveryNumber.size + 2
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { room in
                var end = prefix.withUnsafeBytes { room.store($0, at: 0) }
                end = ByteBuffer.store(varint: UInt64(id.count), in: room, at: end)
                end = room.store(UnsafeRawBufferPointer(id), at: end)
                end = version.withUnsafeBytes { room.store($0, at: end) }
                numberIndex += end
                room.storeBytes(of: 0, toByteOffset: end, as: UInt64.self)
                room[end + 8] = 0
                end += DeliveryNumber.size
                room[end] = marks
                end += 1
                guard let codec else { return end }
                room[end] = codec.rawValue
                return end + 1
            }
        }
        return numberIndex
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Stores bytes at an offset, and returns the offset after them.
    fileprivate func store(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        UnsafeMutableRawBufferPointer(rebasing: self[offset...]).copyMemory(from: bytes)
        return offset + bytes.count
    }
}
