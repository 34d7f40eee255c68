/// The identity of one cluster, generated at random when it is founded: 128 bits.
///
/// Two clusters of the same name have different identities. A cluster founded twice, by nodes that could not see each
/// other, is two clusters with two identities. Members exchange the identity when they meet, and stores record it, so
/// that one cluster is never taken for another.
public struct ClusterID: Hashable, Sendable, Codable {
    /// The first 64 bits.
    public let high: UInt64
    /// The last 64 bits.
    public let low: UInt64

    /// Creates an identity from its two halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Generates an identity.
    package init(from generator: inout SeededGenerator) {
        high = generator.next()
        low = generator.next()
    }
}

extension ClusterID: Comparable {
    /// Compares the bits.
    public static func < (left: ClusterID, right: ClusterID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension ClusterID: CustomStringConvertible {
    /// 32 hexadecimal digits.
    public var description: String { Self.digits(high) + Self.digits(low) }

    /// The first eight digits: enough to distinguish two clusters on a screen.
    public var short: String { String(Self.digits(high).prefix(8)) }

    // Digit by digit: stores write and read an id with each row.
    private static func digits(_ value: UInt64) -> String {
        String(unsafeUninitializedCapacity: 16) { buffer in
            for index in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: value >> UInt64(4 * (15 - index)) & 15)
                buffer[index] = digit < 10 ? 48 + digit : 87 + digit
            }
            return 16
        }
    }
}

extension ClusterID: LosslessStringConvertible {
    /// Reads 32 hexadecimal digits; `nil` for anything else.
    public init?(_ text: String) {
        var (high, low, count): (UInt64, UInt64, Int) = (0, 0, 0)
        for digit in text.utf8 {
            let value: UInt8
            switch digit {
            case 48...57: value = digit - 48
            case 97...102: value = digit - 87
            default: return nil
            }
            (high, low) = (high << 4 | low >> 60, low << 4 | UInt64(value))
            count += 1
        }
        guard count == 32 else { return nil }
        self.init(high: high, low: low)
    }
}
