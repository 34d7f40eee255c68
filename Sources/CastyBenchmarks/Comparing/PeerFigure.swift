import Foundation

/// A figure that a command printed, in this program's unit.
package struct PeerFigure: Equatable, Sendable {
    /// This program's name of the figure.
    package let figure: String
    /// The system, its setting and its own name of the figure, as in `erlang nospin ask_p50`.
    package let source: String
    package let value: Double
}

/// The figures in a command's output.
package struct PeerOutput: Equatable, Sendable {
    /// The figures that have a counterpart here, in the order of the output.
    package var figures: [PeerFigure] = []
    /// The names of figures without a counterpart.
    package var unmatched: [String] = []

    /// Reads the lines of an output that are JSON objects; other lines are ignored.
    ///
    /// A line is either one of this program's own (`"event":"bench"`, `name`, `median`) or a peer's (`peer`, `metric`,
    /// `unit`, `median`, and an optional `tag` that names its setting).
    ///
    /// - Parameters:
    ///   - label: The source of this program's own lines.
    ///   - names: The user's own counterparts: a peer's name of a figure to this program's.
    package init(_ text: String, label: String, names: [String: String] = [:]) {
        for line in text.split(separator: "\n") where line.hasPrefix("{") {
            guard let row = try? JSONDecoder().decode(Row.self, from: Data(line.utf8)), let median = row.median,
                median.isFinite, let name = row.name ?? row.metric
            else { continue }
            let known = row.metric == nil ? name : names[name] ?? PeerNames.figure(for: name)
            let inOwnUnit = row.metric == nil ? median : PeerNames.inOwnUnit(median, unit: row.unit ?? "")
            guard let figure = known, let value = inOwnUnit else {
                if !unmatched.contains(name) { unmatched.append(name) }
                continue
            }
            let source =
                row.metric == nil
                ? label : [row.peer ?? label, row.tag, name].compactMap { $0 }.joined(separator: " ")
            figures.append(PeerFigure(figure: figure, source: source, value: value))
        }
    }

    private struct Row: Decodable {
        let name: String?
        let metric: String?
        let peer: String?
        let tag: String?
        let unit: String?
        let median: Double?
    }
}

/// The counterparts of other systems' figures.
enum PeerNames {
    /// The start of a peer's name, and this program's name. The first that fits counts, so a longer start comes first.
    private static let starts: [(start: String, figure: String)] = [
        ("tell_1to1", "tell, one to one"), ("tell_8to1", "tell, eight to one"),
        ("pingpong_1pair", "ping-pong, one pair"), ("ring_1000", "ring of 1000"),
        ("spawn", "spawn, with one message each"), ("idle_mem", "memory of an idle actor"),
        ("remote_tell_100B_8senders", ""), ("remote_tell_1KB_8senders", ""),
        ("remote_tell_100B", "tell to another process, 100 bytes, binary"),
        ("remote_tell_1KB", "tell to another process, 1 KB, binary"),
        ("remote_call_p50_100B", "ask another process, one caller, p50"),
        ("remote_call_p99_100B", "ask another process, one caller, p99"),
        ("remote_call_64callers", "ask another process, 64 callers"),
    ]

    static func figure(for metric: String) -> String? {
        for (part, figure) in [("_p50", "p50"), ("_p99", "p99")] where metric.hasSuffix(part) {
            let name = metric.dropLast(part.count)
            if name.hasPrefix("remote_ask_1caller") { return "ask another process, one caller, \(figure)" }
            if name == "ask" || name.hasPrefix("ask_infinite") { return "ask from an actor, \(figure)" }
        }
        if metric.hasPrefix("remote_ask_64callers") { return "ask another process, 64 callers" }
        let figure = starts.first { metric.hasPrefix($0.start) }?.figure
        return figure == "" ? nil : figure
    }

    /// Times in microseconds; rates and bytes as they are.
    static func inOwnUnit(_ value: Double, unit: String) -> Double? {
        switch unit {
        case "ns": value / 1000
        case "ms": value * 1000
        case "s": value * 1e6
        case _ where unit.hasPrefix("ns/"): nil
        default: value
        }
    }
}
