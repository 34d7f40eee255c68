/// A filter as typed after `/`: words that must all occur, `!word` that must not, without regard to case.
struct TextFilter: Hashable, Sendable {
    private let wanted: [String]
    private let unwanted: [String]

    init(_ text: String) {
        let words = text.lowercased().split(separator: " ").map(String.init)
        wanted = words.filter { !$0.hasPrefix("!") }
        unwanted = words.filter { $0.hasPrefix("!") && $0.count > 1 }.map { String($0.dropFirst()) }
    }

    var isEmpty: Bool { wanted.isEmpty && unwanted.isEmpty }

    func matches(_ fields: [String]) -> Bool {
        if isEmpty { return true }
        let text = fields.joined(separator: " ").lowercased()
        return wanted.allSatisfy { text.contains($0) } && !unwanted.contains { text.contains($0) }
    }
}
