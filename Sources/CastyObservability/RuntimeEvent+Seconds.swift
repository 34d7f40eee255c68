public import CastyCore

extension RuntimeEvent {
    /// Seconds with up to six digits after the point, without trailing zeros.
    public static func seconds(_ instant: Instant) -> String {
        let micros = instant.nanoseconds / 1000
        var digits = String(micros % 1_000_000)
        digits = String(repeating: "0", count: 6 - digits.count) + digits
        while digits.hasSuffix("0"), digits.count > 3 { digits.removeLast() }
        return "\(micros / 1_000_000).\(digits)"
    }
}
