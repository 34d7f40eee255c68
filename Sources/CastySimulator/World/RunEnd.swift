package import CastyCore

/// Why a run of a simulated world came back.
package enum RunEnd: Hashable, Sendable {
    /// Its deadline was reached.
    case deadline
    /// The condition held.
    case condition
    /// Nothing more will ever happen.
    case quiescent
    /// The number of steps allowed was used up.
    case limit
    /// Steps followed each other without an end while time stood still.
    case livelock(Livelock)
}

/// A world in which steps follow each other without an end while time stands still.
package struct Livelock: Error, Hashable, Sendable {
    /// When time stood still.
    package var time: Instant
    /// How many steps there were at that instant.
    package var steps: Int
    /// The node whose step was the last, or `nil` for the world's own.
    package var node: String?
    /// What the last step was.
    package var kind: StepKind
}

extension Livelock: CustomStringConvertible {
    package var description: String {
        "livelock at \(time) s: \(steps) steps without time advancing, the last a \(kind) of \(node ?? "the world")"
    }
}
