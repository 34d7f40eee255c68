import CastyCore

extension Duration {
    /// The longest duration in a scenario.
    package static let longestInScenario: Duration = .seconds(7 * 24 * 3600)

    /// Parses `250us`, `300ms`, `1.5s`, `10s`, `2m`, `24h`.
    ///
    /// - Returns: `nil` if there is no unit, no number, a sign, or a fraction that is finer than a nanosecond or has
    ///   more than three digits.
    package init?(scenarioText text: some StringProtocol) {
        let number = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        guard let unit = Self.units.first(where: { $0.name == text.dropFirst(number.count) }),
            let thousandths = Thousandths(text: number)
        else { return nil }
        let duration = Duration.nanoseconds(unit.nanoseconds) * thousandths.count / 1000
        guard duration.components.attoseconds % 1_000_000_000 == 0 else { return nil }
        self = duration
    }

    /// The duration in the largest unit that gives a whole number, in the format of ``init(scenarioText:)``.
    package var scenarioText: String {
        let count = nanoseconds
        guard let unit = Self.units.last(where: { count % $0.nanoseconds == 0 && count != 0 }) else {
            return count == 0 ? "0s" : Thousandths(count: count).description + "us"
        }
        return "\(count / unit.nanoseconds)\(unit.name)"
    }

    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("us", 1000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]
}
