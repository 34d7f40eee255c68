/// The forecast of what happens if some members are cut off from the rest now.
public struct PartitionForecast: Hashable, Sendable, Codable {
    /// One side of the cut.
    public struct Side: Hashable, Sendable, Codable {
        /// The short names of its members.
        public var nodes: [String]
        /// The decision of its deciding node.
        public var verdict: Verdict
        /// The reason, in the strategy's words.
        public var reason: String

        /// Creates a side.
        public init(nodes: [String], verdict: Verdict, reason: String) {
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

    /// The result of the cut: `n1,n2 stay (keep-majority: 2 of 3 votes stay)`.
    public var outcome: String { outcome(naming: true) }

    /// The result without the strategy's name: `n1,n2 stay (2 of 3 votes stay)`.
    public var brief: String { outcome(naming: false) }

    private func outcome(naming: Bool) -> String {
        func reason(_ side: Side) -> String {
            guard !naming, let colon = side.reason.firstIndex(of: ":") else { return " (\(side.reason))" }
            return " (\(side.reason[colon...].dropFirst(2)))"
        }
        func word(_ sides: [Side], _ one: String, _ many: String) -> String {
            let names = sides.map { Self.names($0) }.joined(separator: " and ")
            return "\(names) \(sides.count == 1 && sides[0].nodes.count == 1 ? one : many)"
        }
        let (stay, ask) = (sides.filter { $0.verdict == .stays }, sides.filter { $0.verdict == .asksFirst })
        if let first = stay.first { return word(stay, "stays", "stay") + reason(first) }
        if let first = ask.first {
            return word(ask, "asks the lease first", "ask the lease first") + reason(first)
        }
        if let later = sides.first(where: { $0.verdict == .asksLater }) {
            return "who gets the lease stays" + reason(later)
        }
        return (sides.contains { $0.verdict == .waits } ? "no node goes" : "no node stays")
            + (sides.first.map(reason) ?? "")
    }

    private static func names(_ side: Side) -> String { side.nodes.joined(separator: ",") }
}
