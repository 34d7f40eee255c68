/// The versions of the protocol between nodes that a node speaks: all from the lowest to the highest.
///
/// Each connection uses the highest version that both ends speak. What a version added:
///
/// | version | since it |
/// |---|---|
/// | 1 | the first; a hello states one version |
/// | 2 | a hello and a welcome state a range of versions, after the capabilities |
///
/// A hello only grows: a later version appends to it, so that every version reads the range of every other.
package struct ProtocolVersions: Sendable, Hashable, CustomStringConvertible {
    package let lowest: UInt16
    package let highest: UInt16

    /// What this program speaks: its own version and that of the release before.
    package static let spoken = ProtocolVersions(1, 2)
    /// The version before there were ranges.
    static let first = ProtocolVersions(1, 1)

    /// - Precondition: `lowest` is not above `highest`.
    package init(_ lowest: UInt16, _ highest: UInt16) {
        precondition(lowest <= highest, "protocol versions \(lowest) to \(highest)")
        self.lowest = lowest
        self.highest = highest
    }

    /// Reads `1` or `1..2`; `nil` where it is neither.
    package init?(_ text: String) {
        let ends = text.split(separator: "..", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = ends.compactMap { UInt16($0) }
        guard numbers.count == ends.count, let lowest = numbers.first, let highest = numbers.last, lowest <= highest
        else { return nil }
        self.init(lowest, highest)
    }

    package func contains(_ version: UInt16) -> Bool { lowest <= version && version <= highest }

    package func contains(_ other: ProtocolVersions) -> Bool { contains(other.lowest) && contains(other.highest) }

    /// The highest version that both speak; `nil` for none. The same whichever side asks.
    package func common(with other: ProtocolVersions) -> UInt16? {
        let version = min(highest, other.highest)
        return version >= max(lowest, other.lowest) ? version : nil
    }

    package var description: String { lowest == highest ? "\(lowest)" : "\(lowest) to \(highest)" }
}
