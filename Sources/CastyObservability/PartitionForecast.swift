public import CastyCore

/// The forecast of what happens if some members are cut off from the rest now.
public struct PartitionForecast: Hashable, Sendable, Codable {
    /// One side of the cut.
    public struct Side: Hashable, Sendable, Codable {
        /// The short names of its members.
        public var nodes: [String]
        /// The decision of its deciding node.
        public var verdict: Verdict
        /// The reason.
        public var reason: DowningReason

        /// Creates a side.
        public init(nodes: [String], verdict: Verdict, reason: DowningReason) {
            self.nodes = nodes
            self.verdict = verdict
            self.reason = reason
        }
    }

    /// The decision of one side.
    public enum Verdict: String, Hashable, Sendable, Codable {
        /// It survives.
        case stays
        /// It downs itself.
        case goes
        /// It requests the lease before the other sides, and survives if it gets it.
        case asksFirst = "asks-first"
        /// It requests the lease after the other sides, and survives if it gets it.
        case asksLater = "asks-later"
        /// It waits for a person, or forever.
        case waits
    }

    /// The sides; at least two.
    public var sides: [Side]

    /// Creates a forecast.
    public init(sides: [Side]) {
        self.sides = sides
    }

    /// The cut itself: `n1,n2 | n3`.
    public var cut: String { sides.map { Self.names($0) }.joined(separator: " | ") }

    private static func names(_ side: Side) -> String { side.nodes.joined(separator: ",") }
}
