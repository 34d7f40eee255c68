/// Texts of a run that name keys. The run does not know the keys in use, so it names actions in braces:
/// `{undo} undoes it`.
extension KeyMap {
    /// A text with the key of each action that it names, as `u undoes it`.
    package func naming(_ text: String) -> String {
        Self.replacing(text) { name in
            bindings.first { $0.action.name == name }.map { self.name(of: $0.action) }
        }
    }

    /// A text for where there are no keys, with the name of each action: `undo undoes it`.
    package static func withoutKeys(_ text: String) -> String {
        replacing(text) { name in KeyTable.bindings.contains { $0.action.name == name } ? name : nil }
    }

    /// The text with a replacement for each word in braces that has one.
    private static func replacing(_ text: String, _ word: (String) -> String?) -> String {
        guard text.contains("{") else { return text }
        var result = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            result += rest[..<open]
            let inside = rest[rest.index(after: open)...]
            guard let close = inside.firstIndex(of: "}"), let found = word(String(inside[..<close])) else {
                result += "{"
                rest = inside
                continue
            }
            result += found
            rest = inside[inside.index(after: close)...]
        }
        return result + rest
    }
}
