/// The name of a node in a scenario: `n1`, `n2`, …; it means the node's newest incarnation.
package struct NodeName: Hashable, Sendable {
    /// The numbers a node may have; `nK` listens on 127.0.0.K.
    package static let numbers = 1...254

    /// The number behind the `n`.
    package let number: Int

    /// Names the node with a number.
    ///
    /// - Precondition: The number is one of ``numbers``.
    package init(_ number: Int) {
        precondition(Self.numbers.contains(number), "a node's number is \(Self.numbers), not \(number)")
        self.number = number
    }

    /// Reads `n1` … `n254`; there are no leading zeros.
    package init?(text: some StringProtocol) {
        guard text.first == "n", let number = Int(wholeNumber: text.dropFirst()), Self.numbers.contains(number)
        else { return nil }
        self.number = number
    }
}

extension NodeName: Comparable {
    package static func < (left: NodeName, right: NodeName) -> Bool { left.number < right.number }
}

extension NodeName: CustomStringConvertible {
    package var description: String { "n\(number)" }
}

extension Int {
    /// Reads one to nine ASCII digits without sign and without leading zeros.
    init?(wholeNumber text: some StringProtocol) {
        let digits = text.utf8
        guard (1...9).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits.first != 0x30
        else { return nil }
        self = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
