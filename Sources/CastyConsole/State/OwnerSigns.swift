import CastyObservability

/// One character for each node, by which the cells of the shard grid name their owner.
///
/// A node whose name ends with its number, as `n12`, has the sign of that number. Where names end with large numbers or
/// with none, as addresses do, each has the sign of its position among all names.
struct OwnerSigns: Sendable {
    /// `1`…`9`, `a`…`z`, `A`…`Z`.
    private static let letters = Array("123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ").map(String.init)
    /// Further ones for more than 61 nodes, where the terminal shows them: none looks like a letter above.
    private static let further = Array("αβγδεζηθλμξπσφψωΓΔΘΛΞΠΣΦΨΩБДЖИЛЦЧШЩЪЫЭЮЯ").map(String.init)

    private let positions: [String: Int]
    private let signs: [String]
    /// Whether a sign differs from its node's number, so that a legend has to show both.
    let needLegend: Bool

    /// - Parameter names: The names of all nodes, in their order.
    init(_ names: [String], tier: GlyphTier = .unicode) {
        signs = tier == .unicode ? Self.letters + Self.further : Self.letters
        let numbers = names.map { ClusterReading.number(in: $0) }
        let fit = numbers.allSatisfy { (1...100).contains($0) } && Set(numbers).count == numbers.count
        positions = Dictionary(
            zip(names, fit ? numbers : Array(names.indices.map { $0 + 1 })), uniquingKeysWith: { first, _ in first })
        needLegend = !fit || numbers.contains { $0 > 9 }
    }

    /// The position of a node, from 1 on, which also chooses its colour; 0 if it is not known.
    func position(of name: String) -> Int { positions[name] ?? 0 }

    /// The sign of a node; `*` if there are more nodes than signs.
    func sign(of name: String) -> String {
        let position = position(of: name)
        return signs.indices.contains(position - 1) ? signs[position - 1] : "*"
    }
}
