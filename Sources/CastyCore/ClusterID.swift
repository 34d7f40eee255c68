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

    private static func digits(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension ClusterID: LosslessStringConvertible {
    /// Reads 32 hexadecimal digits; `nil` for anything else.
    public init?(_ text: String) {
        let digits = Array(text.utf8)
        let areDigits = digits.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard digits.count == 32, areDigits,
            let high = UInt64(text.prefix(16), radix: 16), let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }
}
