import CastySerialization
import NIOCore

/// A message whose target and type are numbers and which names no sender: nearly every one, after the first few of a
/// connection.
struct ShortFrame {
    let kind: FrameKind
    let lane: FrameLane
    let codec: CodecID
    let correlation: UInt64
    let target: Int
    let type: Int
    /// The payload. It shares memory with the bytes that were read.
    var payload: ByteBuffer
}

/// The fields of such a frame, and where its payload lies. Reads nothing that it has not checked.
struct ShortFrameHead {
    let kind: FrameKind
    let lane: FrameLane
    let codec: UInt8
    let correlation: UInt64
    let target: Int
    let type: Int
    /// The offset of the payload, and the size of the whole frame.
    let payload: Int
    let size: Int

    /// Reads the frame at the beginning of the bytes; `nil` where that is another kind of frame, an invalid one, or cut
    /// short.
    @inline(__always)
    init?(_ bytes: UnsafeRawBufferPointer, maximumLength: Int) {
        guard bytes.count >= FrameLayout.fixedSize + 3 else { return nil }
        let length = Int(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
        guard length <= maximumLength, length >= FrameLayout.smallestLength + 2, length + 4 <= bytes.count,
            bytes[4] == FrameLayout.version
        else { return nil }
        let flags = bytes[6]
        guard flags | 1 == Self.flags | 1, let kind = FrameKind(rawValue: bytes[5]), kind == .user || kind == .control,
            let lane = FrameLane(rawValue: flags & 1)
        else { return nil }
        size = length + 4
        let frame = UnsafeRawBufferPointer(rebasing: bytes[..<size])
        let checksum = UInt32(bigEndian: frame.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        guard FrameLayout.checksum(of: frame) == checksum else { return nil }
        var next = FrameLayout.fixedSize
        guard let correlation = Self.varint(frame, &next), let target = Self.varint(frame, &next),
            let type = Self.varint(frame, &next), target <= WireLimits.internedNames, type <= WireLimits.internedNames
        else { return nil }
        self.kind = kind
        self.lane = lane
        codec = bytes[7]
        self.correlation = correlation
        self.target = Int(target)
        self.type = Int(type)
        payload = next
    }

    /// The flags of such a frame in the control lane: target and type as numbers, no sender.
    static let flags: UInt8 = NameForm.number.rawValue << 1 | NameForm.number.rawValue << 5

    @inline(__always)
    private static func varint(_ bytes: UnsafeRawBufferPointer, _ next: inout Int) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while next < bytes.count {
            let byte = bytes[next]
            if shift == 63, byte > 1 { return nil }
            value |= UInt64(byte & 0x7F) << shift
            next += 1
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }
}
