import CastyObservability

/// The result of a run of a scenario.
package struct RunResult: Hashable, Sendable {
    /// The verdict on a run.
    package enum Status: String, Sendable, CaseIterable {
        /// Every expectation was met, and no invariant was violated.
        case passed
        case failed
        /// Nothing failed, but the run ended before its last line.
        case inconclusive
    }

    package var file: String
    package var status: Status
    /// The seed; `nil` for a live run.
    package var seed: UInt64?
    /// The number of expectations that were settled, and of those that were not met.
    package var expectations: Int
    package var failed: Int
    /// The number of invariant violations.
    package var violations: Int
    /// The number of steps of the simulated runtime; `nil` for a live run.
    package var steps: UInt64?
    /// The duration of the run in the runtime's time.
    package var seconds: Double
    /// The duration of the run in wall-clock time, as the caller measured it.
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
