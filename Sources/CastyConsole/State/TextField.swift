/// A line of text in an input field.
struct TextField: Hashable, Sendable {
    private(set) var characters: [Character]
    private(set) var cursor: Int
    /// The most characters that it accepts.
    static let limit = 500

    init(_ text: String = "") {
        characters = Array(text.prefix(Self.limit))
        cursor = characters.count
    }

    var text: String { String(characters) }
    /// The text before the cursor.
    var head: String { String(characters[..<cursor]) }

    /// Handles a key; returns whether the key was for the field.
    mutating func handle(_ key: Key) -> Bool {
        switch key {
        case .character(let character): insert(String(character))
        case .paste(let text): insert(text)
        case .left, .control("b"): cursor = max(0, cursor - 1)
        case .right, .control("f"): cursor = min(characters.count, cursor + 1)
        case .home, .control("a"): cursor = 0
        case .end, .control("e"): cursor = characters.count
        case .backspace, .control("h"):
            if cursor > 0 {
                cursor -= 1
                characters.remove(at: cursor)
            }
        case .delete, .control("d"):
            if cursor < characters.count { characters.remove(at: cursor) }
        case .control("u"):
            characters.removeFirst(cursor)
            cursor = 0
        case .control("k"): characters.removeLast(characters.count - cursor)
        case .control("w"):
            var start = cursor
            while start > 0, characters[start - 1] == " " { start -= 1 }
            while start > 0, characters[start - 1] != " " { start -= 1 }
            characters.removeSubrange(start..<cursor)
            cursor = start
        case .control, .up, .down, .pageUp, .pageDown, .tab, .backTab, .enter, .escape, .help, .press, .drag, .release,
            .wheel:
            return false
        }
        return true
    }

    /// Inserts at the cursor; line breaks become blanks, other control characters are dropped.
    mutating func insert(_ text: String) {
        for character in text where characters.count < Self.limit {
            if character.isNewline || character == "\t" {
                characters.insert(" ", at: cursor)
            } else if character.unicodeScalars.contains(where: { CharacterWidth.of($0.value) == .hostile }) {
                continue
            } else {
                characters.insert(character, at: cursor)
            }
            cursor += 1
        }
    }
}
