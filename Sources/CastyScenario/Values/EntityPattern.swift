/// One entity, or a range of numbered ones: `account-7`, `account-1..account-100`.
package enum EntityPattern: Hashable, Sendable {
    /// The most entities that one pattern may name.
    package static let mostEntities = 100_000

    case single(EntityName)
    case range(EntityRange)

    /// The number of entities.
    package var count: Int {
        switch self {
        case .single: 1
        case .range(let range): range.numbers.count
        }
    }

    /// The entities in ascending order of their numbers.
    package var names: [EntityName] {
        switch self {
        case .single(let name): [name]
        case .range(let range): range.numbers.compactMap { EntityName("\(range.prefix)\($0)") }
        }
    }
}

/// Entities with a common prefix and consecutive numbers.
package struct EntityRange: Hashable, Sendable {
    /// The part before the number, for example `account-`.
    package let prefix: String
    /// The numbers, at least one.
    package let numbers: ClosedRange<Int>

    /// Parses the two ends of a range, for example `account-1` and `account-100`.
    ///
    /// - Returns: `nil` if an end is not a name, the two differ in more than their number, a number has leading zeros,
    ///   the first is greater than the last, or there are more than ``EntityPattern/mostEntities``.
    package init?(from first: String, to last: String) {
        guard let (prefix, low) = Self.split(first), let (other, high) = Self.split(last), prefix == other, low <= high,
            high - low < EntityPattern.mostEntities
        else { return nil }
        self.prefix = prefix
        self.numbers = low...high
    }

    private static func split(_ text: String) -> (String, Int)? {
        let digits = text.reversed().prefix { $0.isASCII && $0.isNumber }.count
        guard EntityName(text) != nil, let number = Int(wholeNumber: text.suffix(digits)) else { return nil }
        return (String(text.dropLast(digits)), number)
    }
}
