/// A filter as typed after `/`: words that must all occur, `!word` that must not, and `key=value` for a word in one
/// field, without regard to case.
struct TextFilter: Hashable, Sendable {
    private struct Word: Hashable, Sendable {
        /// The beginning of a field's name; `nil` for any field.
        var key: String?
        var text: String
        var isWanted: Bool
    }

    private let words: [Word]

    init(_ text: String) {
        words = text.lowercased().split(separator: " ").compactMap { word in
            let isWanted = !word.hasPrefix("!")
            let bare = isWanted ? word : word.dropFirst()
            guard !bare.isEmpty else { return nil }
            if let equal = bare.firstIndex(of: "="), equal > bare.startIndex {
                return Word(
                    key: String(bare[..<equal]), text: String(bare[bare.index(after: equal)...]), isWanted: isWanted)
            }
            return Word(text: String(bare), isWanted: isWanted)
        }
    }

    /// The names of fields that it asks for.
    var keys: [String] { words.compactMap(\.key) }

    var isEmpty: Bool { words.isEmpty }

    func matches(_ fields: [String]) -> Bool { matches(fields.map { ("", $0) }) }

    /// Whether named fields match. A key that none of them begins with is text like any other.
    func matches(_ fields: [(key: String, value: String)]) -> Bool {
        if isEmpty { return true }
        let fields = fields.map { ($0.key, $0.value.lowercased()) }
        let whole = fields.map(\.1).joined(separator: " ")
        return words.allSatisfy { word in
            guard let key = word.key, fields.contains(where: { $0.0.hasPrefix(key) }) else {
                let text = word.key.map { "\($0)=\(word.text)" } ?? word.text
                return whole.contains(text) == word.isWanted
            }
            let found = fields.contains { $0.0.hasPrefix(key) && $0.1.contains(word.text) }
            return found == word.isWanted
        }
    }
}
