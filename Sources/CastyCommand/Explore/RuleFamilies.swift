/// What the letters of the rules' codes stand for: `M` in `M14`.
enum RuleFamilies {
    /// By letter, in their order.
    static let all: [(letter: Character, topic: String)] = [
        ("F", "failure detection"), ("K", "stored state"), ("L", "asks"), ("M", "membership"),
        ("P", "downing and split brain"), ("R", "connections"), ("S", "sharding"),
    ]

    /// `M membership · S sharding`, of the families of these rules only; `nil` without rules.
    static func legend(of rules: [String]) -> String? {
        let named = all.filter { family in rules.contains { $0.first == family.letter } }
        return named.isEmpty ? nil : named.map { "\($0.letter) \($0.topic)" }.joined(separator: " · ")
    }
}
