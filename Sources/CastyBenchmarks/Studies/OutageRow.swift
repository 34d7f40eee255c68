import CastyCore
package import CastyScenario

/// One line of the table of what each preset costs: a preset, a size, and the times over the seeds.
package struct OutageRow: Sendable {
    package let preset: Preset
    package let nodes: Int
    package let noticed: [Duration]
    package let removed: [Duration]
    package let answering: [Duration]

    /// The presets and sizes of the table.
    package static let all = Preset.allCases.flatMap { preset in
        [3, 10, 30, 60, 100].map { (preset: preset, nodes: $0) }
    }

    /// How many seeds a cluster of this size is measured with.
    package static func seeds(_ nodes: Int) -> UInt64 {
        switch nodes {
        case ...30: 10
        default: 5
        }
    }

    package static func measure(_ preset: Preset, nodes: Int, seeds: ClosedRange<UInt64>) throws -> OutageRow {
        let studies = try seeds.map { try OutageStudy.run(preset, nodes: nodes, seed: $0) }
        return OutageRow(
            preset: preset, nodes: nodes, noticed: studies.map(\.noticed), removed: studies.map(\.removed),
            answering: studies.map(\.answering))
    }

    /// The heading of the table.
    package static let heading = """
        | preset | nodes | noticed by all | removed | its keys answer |
        |---|---|---|---|---|
        """

    /// The line in Markdown: medians, and in parentheses the worst.
    package var line: String {
        "| \(preset.rawValue) | \(nodes) | \(Self.text(noticed)) | \(Self.text(removed)) | \(Self.text(answering)) |"
    }

    private static func text(_ times: [Duration]) -> String {
        let sorted = times.sorted()
        guard let worst = sorted.last else { return "-" }
        return "\(tenths(sorted[(sorted.count - 1) / 2])) s (\(tenths(worst)) s)"
    }

    private static func tenths(_ time: Duration) -> String {
        let tenths = (time.nanoseconds + 50_000_000) / 100_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
