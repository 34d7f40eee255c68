package import CastyCore

/// Why a run of a simulated runtime returned.
package enum RunEnd: Hashable, Sendable {
    /// Its deadline was reached.
    case deadline
    /// The condition held.
    case condition
    /// No event waits.
    case quiescent
    /// The maximum number of steps was reached.
    case limit
    /// Steps followed each other endlessly while time did not advance.
    case livelock(Livelock)
}

/// A simulated runtime in which steps follow each other endlessly while time does not advance.
package struct Livelock: Error, Hashable, Sendable {
    /// The time at which it occurred.
    package var time: Instant
    /// The number of steps at that instant.
    package var steps: Int
    /// The node of the last step, or `nil` for a step of the runtime itself.
    package var node: String?
    /// The kind of the last step.
    package var kind: StepKind
}

extension Livelock: CustomStringConvertible {
    package var description: String {
        "livelock at \(time) s: \(steps) steps without time advancing, the last a \(kind) of \(node ?? "the world")"
    }
}
