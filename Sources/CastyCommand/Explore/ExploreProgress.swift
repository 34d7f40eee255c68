/// The line of progress of an exploration.
struct ExploreProgress: Sendable {
    var done: UInt64
    var total: UInt64
    var failures: Int
    /// The number of rules that a seed has exercised, and of those that a seed could exercise.
    var exercised: Int
    var rules: Int
    /// The time since the start.
    var seconds: Double

    /// The line, at most `columns` wide: what has least room to be useful is left out first.
    func text(columns: Int, _ style: TextStyle) -> String {
        let rate = seconds > 0 ? Double(done) / seconds : 0
        let failed = "\(failures) failed"
        let coverage = "\(exercised)/\(rules) rules"
        let parts = [
            "\(done)/\(total) seeds", "\(Self.rate(rate))/s", "ETA \(eta(rate))", failed, coverage,
        ]
        let text = parts.joined(separator: "  ")
        let room = columns - 1 - text.count - 3
        guard room >= 8 else { return String(text.prefix(max(0, columns - 1))) }
        return bar(min(room, 30), style) + " " + text
    }

    private func bar(_ width: Int, _ style: TextStyle) -> String {
        let share = total == 0 ? 1 : min(1, Double(done) / Double(total))
        let full = Int((share * Double(width)).rounded(.down))
        let (block, empty) = style.isUnicode ? ("█", "░") : ("#", ".")
        return "[" + String(repeating: block, count: full) + String(repeating: empty, count: width - full) + "]"
    }

    private func eta(_ rate: Double) -> String {
        guard rate > 0, done > 0 else { return "-" }
        return Self.clock(Double(total - min(done, total)) / rate)
    }

    /// A number with one digit after the point, if it is small.
    static func rate(_ value: Double) -> String {
        if value >= 100 { return "\(Int(min(value, 1e9)))" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// A duration as `0:07` or `1:02:03`.
    static func clock(_ seconds: Double) -> String {
        let all = Int(min(max(0, seconds), 1e9).rounded(.up))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let (hours, minutes) = (all / 3600, all / 60 % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(all % 60))" : "\(minutes):\(two(all % 60))"
    }
}
