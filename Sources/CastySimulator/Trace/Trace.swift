package import CastyCore

/// The parts of a step of a simulated runtime by which two runs are compared.
package struct TraceEntry: Hashable, Sendable {
    /// When it happened.
    package var time: Instant
    /// The kind of step.
    package var kind: StepKind
    /// The index of the node, -1 for none.
    package var node: Int32
}

extension TraceEntry: CustomStringConvertible {
    package var description: String { "\(time.nanoseconds) \(kind) \(node)" }
}

/// The record of a run: always a count and a digest, and on request the steps themselves.
package struct Trace: Sendable {
    /// The number of steps.
    package private(set) var count: UInt64 = 0
    /// A digest of all steps, in order.
    package private(set) var digest: UInt64 = 0x9E37_79B9_7F4A_7C15
    /// The first steps, up to the limit.
    package private(set) var entries: [TraceEntry] = []
    /// How many steps are recorded.
    package internal(set) var limit = 0

    mutating func note(time: Int64, kind: StepKind, node: Int32) {
        count &+= 1
        let what = UInt64(UInt32(bitPattern: node)) << 8 | UInt64(kind.rawValue)
        mix(UInt64(bitPattern: time))
        mix(what)
        if entries.count < limit {
            entries.append(TraceEntry(time: Instant(nanoseconds: time), kind: kind, node: node))
        }
    }

    private mutating func mix(_ word: UInt64) {
        digest = (digest ^ word) &* 0xD6E8_FEB8_6659_FD93
        digest ^= digest >> 32
    }

    /// The index of the first step in which two recorded runs differ, or `nil` where one is a prefix of the other.
    package static func firstDifference(_ left: Trace, _ right: Trace) -> Int? {
        zip(left.entries, right.entries).enumerated().first { $0.element.0 != $0.element.1 }?.offset
    }
}
