/// All series of one name and kind.
struct MetricFamily: Sendable {
    enum Kind: String, Sendable, Comparable {
        case counter, gauge, histogram, summary

        static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
    }

    struct Key: Hashable, Sendable, Comparable {
        let name: String
        let kind: Kind

        static func < (left: Key, right: Key) -> Bool { (left.name, left.kind) < (right.name, right.kind) }
    }

    private struct Used: Sendable {
        let series: any MetricSeries
        /// How many times it was made and not destroyed.
        var count: Int
    }

    let key: Key
    private let help: String
    private var series: [String: Used] = [:]

    /// - Parameter label: The name in swift-metrics.
    init(key: Key, label: String) {
        self.key = key
        help = MetricHelp.of(label)
    }

    var isEmpty: Bool { series.isEmpty }

    /// The series with these labels; made where there is none.
    mutating func use<Made: MetricSeries>(_ labels: String, _ make: () -> Made) -> Made {
        if let known = series[labels]?.series as? Made {
            series[labels]?.count += 1
            return known
        }
        let made = make()
        series[labels] = Used(series: made, count: 1)
        return made
    }

    mutating func release(_ gone: any MetricSeries) {
        guard let used = series[gone.key.labels], used.series === gone else { return }
        series[gone.key.labels] = used.count > 1 ? Used(series: gone, count: used.count - 1) : nil
    }

    func write(to text: inout String) {
        text += "# HELP \(key.name) \(help)\n# TYPE \(key.name) \(key.kind.rawValue)\n"
        for (_, used) in series.sorted(by: { $0.key < $1.key }) { used.series.write(to: &text) }
    }
}
