import CastyObservability

/// How a run of a scenario came out.
package struct RunResult: Hashable, Sendable {
    /// The verdict on a run.
    package enum Status: String, Sendable, CaseIterable {
        /// Every expectation held, and every invariant.
        case passed
        case failed
        /// Nothing failed, but the run was ended before its last line.
        case inconclusive
    }

    package var file: String
    package var status: Status
    /// The seed; `nil` for a live run.
    package var seed: UInt64?
    /// Expectations that were settled, and how many of them were not met.
    package var expectations: Int
    package var failed: Int
    /// Violated invariants.
    package var violations: Int
    /// Steps of the simulated world; `nil` for a live run.
    package var steps: UInt64?
    /// How long the run took in the time of its world.
    package var seconds: Double
    /// How long the run took, as whoever ran it has measured.
    package var wallSeconds = 0.0
    /// The hash of all events; `nil` for a live run.
    package var digest: UInt64?
    /// The invariants whose precondition was met in the run.
    package var exercised: Set<String> = []

    /// The result as one line of JSON.
    package var json: String {
        var line = JSONLine()
        line.add("event", "result")
        line.add("file", file)
        line.add("status", status.rawValue)
        line.add("seed", raw: seed.map { String($0) } ?? "null")
        line.add("expectations", expectations)
        line.add("failed", failed)
        line.add("violations", violations)
        line.add("steps", raw: steps.map { String($0) } ?? "null")
        line.add("virtual_s", raw: Self.rounded(seconds))
        line.add("wall_s", raw: Self.rounded(wallSeconds))
        line.add("digest", raw: digest.map { JSONLine.quoted(Self.hex($0)) } ?? "null")
        return line.text
    }

    /// Sixteen hexadecimal digits.
    package static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Seconds with three digits after the point.
    package static func rounded(_ seconds: Double) -> String {
        let thousandths = Int64((max(0, min(seconds, 1e12)) * 1000).rounded())
        let rest = String(thousandths % 1000)
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}
