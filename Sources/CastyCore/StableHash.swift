/// The hash that placement, digests and logs use: the same on every node, process, platform and version.
///
/// FNV-1a with 64 bits (G. Fowler, L. C. Noll, K.-P. Vo; IETF draft-eastlake-fnv). Swift's own `Hasher` is seeded per
/// process and must never reach a message, a placement, a digest or a log.
public struct StableHash: Hashable, Sendable {
    /// The hash of everything combined so far.
    public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    /// Creates the hash of nothing.
    public init() {}

    /// Adds one byte.
    public mutating func combine(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }

    /// Adds the bytes of a sequence.
    public mutating func combine(bytes: some Sequence<UInt8>) {
        for byte in bytes { combine(byte) }
    }

    /// Adds the UTF-8 bytes of a text, then a terminating byte, so that two texts never run together.
    public mutating func combine(_ text: String) {
        combine(bytes: text.utf8)
        combine(0xFF as UInt8)
    }

    /// Adds a number, eight bytes, highest first.
    public mutating func combine(_ number: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) {
            combine(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
        }
    }

    /// FNV-1a, 64 bits, of the UTF-8 bytes of a text.
    public static func fnv1a(_ text: String) -> UInt64 {
        var hash = StableHash()
        hash.combine(bytes: text.utf8)
        return hash.value
    }
}
