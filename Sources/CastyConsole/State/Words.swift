package import CastyCore

/// Formats numbers and lists for people.
package enum Words {
    /// `1 node`, `3 nodes`, `2 entities`.
    static func count(_ number: Int, _ noun: String) -> String {
        if number == 1 { return "1 \(noun)" }
        if noun.hasSuffix("ch") { return "\(number) \(noun)es" }
        return noun.hasSuffix("y") ? "\(number) \(noun.dropLast())ies" : "\(number) \(noun)s"
    }

    /// A number with its noun and the verb that agrees with it: `1 shard waits`, `3 shards wait`.
    static func count(_ number: Int, _ noun: String, _ verb: String) -> String {
        "\(count(number, noun)) \(verb)\(number == 1 ? "s" : "")"
    }

    /// The first names of a list, and the number of the others.
    static func list(_ names: [String], most: Int, separator: String = " ") -> String {
        let shown = names.prefix(most).joined(separator: separator)
        return names.count > most ? "\(shown)\(separator)… \(names.count - most) more" : shown
    }

    /// Parts side by side, as many as fit: those at the end are left out as a whole.
    static func parts(_ parts: [String], _ columns: Int) -> String {
        var shown = parts
        while shown.count > 1, CharacterWidth.columns(of: shown.joined(separator: "  ")) > columns {
            shown.removeLast()
        }
        return shown.joined(separator: "  ")
    }

    /// A number with `digits` digits after the point; a value that is not finite is `-`.
    static func fixed(_ value: Double, _ digits: Int = 1) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "-" }
        let scale = digits == 0 ? 1.0 : digits == 1 ? 10.0 : 100.0
        let scaled = Int((abs(value) * scale).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        if digits == 0 { return "\(sign)\(scaled)" }
        let rest = String(scaled % Int(scale))
        return "\(sign)\(scaled / Int(scale))." + String(repeating: "0", count: digits - rest.count) + rest
    }

    /// A number in at most four or five characters: `812`, `12k`, `3.4M`.
    static func short(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        if value < 10, value > 0, value != value.rounded() { return fixed(value, 1) }
        if value < 10_000 { return fixed(value, 0) }
        if value < 1_000_000 { return fixed(value / 1000, 0) + "k" }
        return fixed(value / 1_000_000, 1) + "M"
    }

    /// A counter with its first digits only, so that it does not change with every message: `87`, `1.2k`, `45k`.
    static func rough(_ value: UInt64) -> String {
        switch value {
        case ..<100: "\(value)"
        case ..<1000: "\(value / 10 * 10)"
        case ..<10_000: fixed((Double(value) / 100).rounded(.down) / 10) + "k"
        case ..<1_000_000: "\(value / 1000)k"
        default: fixed((Double(value) / 100_000).rounded(.down) / 10) + "M"
        }
    }

    /// A counter that grows all the time, by its size only, so that it changes seldom: `7`, `80+`, `200+`, `3k+`,
    /// and with a unit `3kB+`.
    static func size(_ value: UInt64, unit: String = "") -> String {
        if value < 10 { return "\(value)\(unit)" }
        var step: UInt64 = 10
        while step <= value / 10 { step *= 10 }
        let first = value / step
        switch step {
        case ..<1000: return "\(first * step)\(unit)+"
        case ..<1_000_000: return "\(first * (step / 1000))k\(unit)+"
        default: return "\(first * (step / 1_000_000))M\(unit)+"
        }
    }

    static func short(_ value: UInt64) -> String { short(Double(value)) }
    static func short(_ value: Int) -> String { short(Double(value)) }

    /// A time span: `210ms`, `3.8s`, `41s`, `12m`, `3h`.
    static func span(_ duration: Duration) -> String {
        let seconds = duration.inSeconds
        if seconds < 0 { return "0s" }
        if seconds < 1 { return fixed(seconds * 1000, 0) + "ms" }
        if seconds < 10 { return fixed(seconds, 1) + "s" }
        if seconds < 600 { return fixed(seconds, 0) + "s" }
        if seconds < 36_000 { return fixed(seconds / 60, 0) + "m" }
        return fixed(seconds / 3600, 0) + "h"
    }

    /// A short time span: `0.4ms`, `12ms`, `1.2s`.
    static func latency(_ duration: Duration) -> String {
        let milliseconds = duration.inSeconds * 1000
        return milliseconds < 10 ? fixed(max(0, milliseconds)) + "ms" : span(duration)
    }

    /// A moment to the millisecond: `12.345`.
    static func precise(_ instant: Instant) -> String {
        let milliseconds = max(0, instant.nanoseconds) / 1_000_000
        let rest = String(milliseconds % 1000)
        return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }

    /// A time span in three characters: `9s`, `99s`, `12m`, `3h`.
    static func age(_ duration: Duration) -> String {
        let seconds = max(0, duration.nanoseconds / 1_000_000_000)
        if seconds < 100 { return "\(seconds)s" }
        if seconds < 6000 { return "\(seconds / 60)m" }
        return "\(min(99, seconds / 3600))h"
    }

    /// A time of the run in seconds with one digit after the point: `41.3`; from ten minutes on `12:41.3`, from an hour
    /// on `1:02:03.4`.
    package static func moment(_ instant: Instant) -> String {
        let tenths = max(0, instant.nanoseconds) / 100_000_000
        let seconds = tenths / 10
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if seconds < 600 { return "\(seconds).\(tenths % 10)" }
        let rest = "\(two(seconds % 60)).\(tenths % 10)"
        return seconds < 3600 ? "\(seconds / 60):\(rest)" : "\(seconds / 3600):\(two(seconds / 60 % 60)):\(rest)"
    }

    /// The same, exact: with as many digits after the point as it has, up to three.
    static func exactMoment(_ instant: Instant) -> String {
        var rest = String(max(0, instant.nanoseconds) / 1_000_000 % 1000 + 1000).dropFirst()
        while rest.count > 1, rest.hasSuffix("0") { rest.removeLast() }
        return "\(wholeMoment(instant)).\(rest)"
    }

    /// A time as the screen shows it, `41.3`, `12:41.3` or `1:02:03.4`, in seconds: `3723.4`; `nil` if it is none.
    static func seconds(ofMoment text: String) -> String? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count), let last = parts.last else { return nil }
        let halves = last.split(separator: ".", omittingEmptySubsequences: false)
        let whole = parts.dropLast().map(String.init) + [String(halves[0])]
        let isNumber = { (part: String) in
            !part.isEmpty && part.count <= 9 && part.allSatisfy { "0123456789".contains($0) }
        }
        guard whole.allSatisfy(isNumber), halves.count == 1 || halves.count == 2 && isNumber(String(halves[1])) else {
            return nil
        }
        let seconds = whole.reduce(0) { $0 * 60 + (Int($1) ?? 0) }
        return halves.count == 2 ? "\(seconds).\(halves[1])" : "\(seconds)"
    }

    /// The same without tenths: `41`, `12:41`, `1:02:03`.
    static func wholeMoment(_ instant: Instant) -> String { String(moment(instant).dropLast(2)) }

    /// An epoch as the coordinator's position in the order of age and its starts, if it contains both: `3.1`.
    static func epoch(_ epoch: UInt64) -> String {
        epoch >> 32 == 0 ? "\(epoch)" : "\(epoch >> 32).\(epoch & 0xFFFF_FFFF)"
    }

    /// A name in `columns` columns, cut at its begin: names of nodes differ at their ends.
    static func fitName(_ name: String, _ columns: Int) -> String {
        guard columns > 0 else { return "" }
        guard CharacterWidth.columns(of: name) > columns else { return name }
        var tail = Substring(name)
        while CharacterWidth.columns(of: String(tail)) > columns - 1 { tail.removeFirst() }
        return "…" + tail
    }

    /// The text in `columns` columns, cut with an ellipsis.
    static func fit(_ text: String, _ columns: Int) -> String {
        guard columns > 0 else { return "" }
        if CharacterWidth.columns(of: text) <= columns { return text }
        var result = ""
        var used = 0
        for character in text {
            let width = CharacterWidth.columns(of: String(character))
            if used + width > columns - 1 { break }
            result.append(character)
            used += width
        }
        return result + "…"
    }
}
