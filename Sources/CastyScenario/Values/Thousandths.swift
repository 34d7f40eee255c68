/// A decimal number with at most three digits after the point, stored exactly.
package struct Thousandths: Hashable, Sendable {
    /// The number times one thousand.
    package let count: Int64

    package init(count: Int64) { self.count = count }

    /// Parses `5`, `0.25`, `-1.5`: at most nine digits before the point and three after it.
    package init?(text: some StringProtocol) {
        let negative = text.first == "-"
        let parts = text.dropFirst(negative ? 1 : 0).split(separator: ".", omittingEmptySubsequences: false)
        guard let first = parts.first, let whole = Int(wholeNumber: first), parts.count <= 2 else { return nil }
        var rest = 0
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            for position in 0..<3 {
                let digit = position < digits.count ? digits[digits.index(digits.startIndex, offsetBy: position)] : 0x30
                rest = rest * 10 + Int(digit - 0x30)
            }
        }
        let size = Int64(whole) * 1000 + Int64(rest)
        self.count = negative ? -size : size
    }

    /// The nearest floating-point number.
    package var value: Double { Double(count) / 1000 }
}

extension Thousandths: Comparable {
    package static func < (left: Thousandths, right: Thousandths) -> Bool { left.count < right.count }
}

extension Thousandths: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int32) { count = Int64(value) * 1000 }
}

extension Thousandths: CustomStringConvertible {
    package var description: String {
        let size = count.magnitude
        var digits = String(size % 1000)
        digits = String(repeating: "0", count: 3 - digits.utf8.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return (count < 0 ? "-" : "") + "\(size / 1000)" + (digits.isEmpty ? "" : "." + digits)
    }
}
