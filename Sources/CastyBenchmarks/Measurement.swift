import CastyObservability

/// One figure, measured several times.
package struct Measurement: Sendable {
    /// The target for a figure.
    package enum Goal: Sendable {
        case atLeast(Double)
        case atMost(Double)

        func isMet(by value: Double) -> Bool {
            switch self {
            case .atLeast(let bound): value >= bound
            case .atMost(let bound): value <= bound
            }
        }

        var text: String {
            switch self {
            case .atLeast(let bound): "≥ " + Measurement.text(bound)
            case .atMost(let bound): "≤ " + Measurement.text(bound)
            }
        }
    }

    package let name: String
    package let unit: String
    package let runs: [Double]
    package var goal: Goal?
    /// Another system's figure for comparison, measured at another time.
    package var peer: Peer?

    /// The figure of another system.
    package struct Peer: Sendable {
        let name: String
        let value: Double
    }

    package var median: Double { runs.median }

    /// The number of runs that met the goal.
    package var met: Int? {
        goal.map { goal in runs.count { goal.isMet(by: $0) } }
    }

    /// One line for a person: name, median, spread, goal.
    package var row: String {
        let spread = runs.count > 1 ? "\(Self.text(runs.min() ?? .nan)) … \(Self.text(runs.max() ?? .nan))" : ""
        let verdict = [
            goal.map { "\($0.text): met \(met ?? 0) of \(runs.count)" },
            peer.map { "\($0.name): \(Self.text($0.value))" },
        ].compactMap { $0 }.joined(separator: "; ")
        return Self.line(name, Self.text(median), unit, spread, verdict)
    }

    /// The heading above the rows.
    package static let heading = line("what", "median", "unit", "min … max", "goal")

    private static func line(_ name: String, _ median: String, _ unit: String, _ spread: String, _ goal: String)
        -> String
    {
        var line = [padded(name, 47), padded(median, 8, left: true), padded(unit, 13), padded(spread, 17), goal]
            .joined(separator: " ")
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }

    /// One line for a program.
    package var json: String {
        var line = JSONLine()
        line.add("event", "bench")
        line.add("name", name)
        line.add("unit", unit)
        line.add("median", raw: Self.number(median))
        line.add("min", raw: Self.number(runs.min() ?? .nan))
        line.add("max", raw: Self.number(runs.max() ?? .nan))
        line.add("runs", raw: "[" + runs.map(Self.number).joined(separator: ",") + "]")
        line.add("goal", goal?.text)
        line.add("met", met)
        line.add("peer", peer?.name)
        if let peer { line.add("peer_median", raw: Self.number(peer.value)) }
        return line.text
    }

    private static func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }

    /// Three significant digits, with k and M for thousands and millions.
    package static func text(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        switch abs(value) {
        case 999_500...: return rounded(value / 1e6) + " M"
        case 9995...: return rounded(value / 1e3) + " k"
        default: return rounded(value)
        }
    }

    private static func rounded(_ value: Double) -> String {
        let digits: Double = abs(value) >= 100 ? 1 : abs(value) >= 10 ? 10 : abs(value) >= 0.1 ? 100 : 10_000
        let scaled = (value * digits).rounded() / digits
        return scaled == scaled.rounded() ? "\(Int(scaled))" : "\(scaled)"
    }

    private static func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, width - text.count))
        return left ? blanks + text : text + blanks
    }
}
