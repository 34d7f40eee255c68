/// The name of a node in a scenario: `n1`, `n2`, …; it refers to the node's latest incarnation.
package struct NodeName: Hashable, Sendable {
    /// The allowed numbers of a node; `nK` listens on 127.0.0.K.
    package static let numbers = 1...254

    /// The number behind the `n`.
    package let number: Int

    /// Creates the name of the node with this number.
    ///
    /// - Precondition: The number is one of ``numbers``.
    package init(_ number: Int) {
        precondition(Self.numbers.contains(number), "a node's number is \(Self.numbers), not \(number)")
        self.number = number
    }

    /// Parses `n1` … `n254`, without leading zeros.
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
    /// Parses one to nine ASCII digits without a sign and without leading zeros.
    init?(wholeNumber text: some StringProtocol) {
        let digits = text.utf8
        guard (1...9).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits.first != 0x30
        else { return nil }
        self = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
