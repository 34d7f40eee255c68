import CastyCore

/// Writes texts for a line of the language, and for messages.
enum Quoting {
    /// The words that end a message; a message that contains one needs quotes.
    static let clauses = ["via", "->", "within"]

    /// A text in double quotes, escaped so that the lexer can read it.
    static func quoted(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result.append(contentsOf: "\\\"".unicodeScalars)
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\t": result.append(contentsOf: "\\t".unicodeScalars)
            case _ where scalar.isUnprintable:
                result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return "\"\(String(result))\""
    }

    /// A name, in quotes only if it needs them.
    static func word(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0.isLetterOrDigit || plainMarks.contains($0) }
        return isPlain && !text.contains("..") ? text : quoted(text)
    }

    /// A message, in quotes only if it would otherwise be read differently.
    static func message(_ text: String) -> String {
        guard let tokens = try? Lexer.tokens(of: text), let first = tokens.first,
            tokens.count > 1 || first.kind != .quoted, message(of: tokens[...]) == text,
            !tokens.contains(where: { $0.kind == .bare && clauses.contains($0.text) })
        else { return quoted(text) }
        return text
    }

    /// The text that the words of a message stand for.
    static func message(of tokens: ArraySlice<Token>) -> String {
        if tokens.count == 1, let only = tokens.first { return only.text }
        return tokens.map(\.source).joined(separator: " ")
    }

    /// A user's text for a message: shortened, and without anything that a terminal would interpret.
    static func excerpt(_ text: String) -> String {
        quoted(text.count > 40 ? text.prefix(39) + "…" : text)
    }

    private static let plainMarks: [UInt8] = Array("-_.:/@+=*~%".utf8)
}

/// Suggests the word that was probably meant.
enum Nearest {
    /// The candidate with the fewest edits; `nil` if all of them need more than two edits, or more than a third of the
    /// letters. One edit is always allowed.
    static func word(to text: String, in candidates: [String]) -> String? {
        guard text.utf8.count <= 32 else { return nil }
        var best: (word: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(Array(text.utf8), Array(candidate.utf8))
            let limit = min(2, max(1, max(text.utf8.count, candidate.utf8.count) / 3))
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.word
    }

    /// The number of letters to insert, remove, replace or swap with their neighbour (optimal string alignment).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let cost = left[row] == right[column] ? 0 : 1
                var least = min(current[column] + 1, last[column + 1] + 1, last[column] + cost)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    least = min(least, beforeLast[column - 1] + 1)
                }
                current.append(least)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
