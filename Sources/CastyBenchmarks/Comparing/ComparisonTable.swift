import CastyObservability

/// The ratios between this program's figures and those of other commands, round by round.
///
/// Figures of one round were measured within minutes on the same machine; only their ratio is compared between rounds.
package struct ComparisonTable: Sendable {
    /// The ratios of one figure to that of one source.
    package struct Row: Equatable, Sendable {
        package let figure: String
        package let source: String
        /// The median of this program's figure.
        package let own: Double
        /// The median of the other's.
        package let other: Double
        /// This program's figure divided by the other's, in the rounds that have both; never empty.
        package let ratios: [Double]

        package var ratio: Double { ratios.median }

        /// Whether the median of the ratios meets the goal; `nil` without a goal.
        package var isMet: Bool? { goal?.isMet(by: ratio) }

        private var goal: Measurement.Goal? { RatioGoal.goal(for: figure, beside: source) }

        /// One line for a person.
        package var text: String {
            let spread = ratios.count > 1 ? " (\(short(ratios.min())) … \(short(ratios.max())))" : ""
            let values = "\(Measurement.text(own)) / \(Measurement.text(other))"
            let name = source.count > 44 ? source.prefix(43) + "…" : source
            let verdict = goal.map { ", goal \($0.text): \(isMet == true ? "met" : "missed")" } ?? ""
            return "  " + padded(name, 44) + " " + padded(values, 19) + " " + short(ratio) + " ×" + spread + verdict
        }

        /// One line for a program.
        package var json: String {
            var line = JSONLine()
            line.add("event", "bench-comparison")
            line.add("name", figure)
            line.add("source", source)
            line.add("own", raw: "\(own)")
            line.add("other", raw: "\(other)")
            line.add("ratio", raw: "\(ratio)")
            line.add("goal", goal?.text)
            line.add("met", raw: isMet.map { $0 ? "true" : "false" } ?? "null")
            line.add("ratios", raw: "[" + ratios.map { "\($0)" }.joined(separator: ",") + "]")
            return line.text
        }

        private func short(_ value: Double?) -> String { Measurement.text(value ?? .nan) }

        private func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
    }

    private var figures: [String] = []
    private var own: [String: [Int: Double]] = [:]
    private var sources: [String: [String]] = [:]
    private var others: [String: [String: [Int: Double]]] = [:]

    package init() {}

    /// Adds this program's figures of a round.
    package mutating func add(own measured: [PeerFigure], round: Int) {
        for figure in measured {
            if own[figure.figure] == nil { figures.append(figure.figure) }
            own[figure.figure, default: [:]][round] = figure.value
        }
    }

    /// Adds another command's figures of a round.
    package mutating func add(other measured: [PeerFigure], round: Int) {
        for figure in measured {
            if others[figure.figure]?[figure.source] == nil {
                sources[figure.figure, default: []].append(figure.source)
            }
            others[figure.figure, default: [:]][figure.source, default: [:]][round] = figure.value
        }
    }

    /// The rows, by this program's order of figures and the commands' order of sources.
    package var rows: [Row] {
        figures.flatMap { figure in
            (sources[figure] ?? []).compactMap { source -> Row? in
                guard let mine = own[figure], let theirs = others[figure]?[source] else { return nil }
                let rounds = mine.keys.sorted().filter { (theirs[$0] ?? 0) != 0 }
                guard !rounds.isEmpty else { return nil }
                return Row(
                    figure: figure, source: source, own: rounds.compactMap { mine[$0] }.median,
                    other: rounds.compactMap { theirs[$0] }.median,
                    ratios: rounds.map { (mine[$0] ?? .nan) / (theirs[$0] ?? .nan) })
            }
        }
    }
}

extension [Double] {
    /// The middle value, or the mean of the two in the middle; not a number for an empty list.
    var median: Double {
        let sorted = sorted()
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
