/// Reads the pieces of a configuration file one after the other.
struct ConfigScanner {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private(set) var line = 1

    /// Nesting beyond this is an error: a hostile file cannot exhaust the stack.
    private static let deepest = 8

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        if scalars.first == "\u{FEFF}" { position = 1 }
    }

    var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func advance() {
        if peek == "\n" { line += 1 }
        position += 1
    }

    private func problem(_ what: String, _ expected: String) -> ConfigProblem {
        ConfigProblem(line: line, what: what, expected: expected)
    }

    /// What stands here, for a message.
    private var here: String {
        guard let next = peek, next != "\n" else { return "the line ends here" }
        var text = String.UnicodeScalarView()
        for scalar in scalars[position...].prefix(20) {
            guard case .columns = CharacterWidth.of(scalar.value), scalar != " ", scalar != "#" else { break }
            text.append(scalar)
        }
        return text.isEmpty ? "an unexpected character" : "\"\(String(text))\" does not fit here"
    }

    mutating func skipBlanks() {
        while let next = peek, next == " " || next == "\t" || next == "\r" { advance() }
    }

    private mutating func skipComment() {
        guard peek == "#" else { return }
        while let next = peek, next != "\n" { _ = next; advance() }
    }

    /// Skips blanks, comments and the ends of lines.
    mutating func skipBlankLines() {
        while true {
            skipBlanks()
            skipComment()
            guard peek == "\n" else { return }
            advance()
        }
    }

    mutating func endOfLine() throws(ConfigProblem) {
        skipBlanks()
        skipComment()
        guard peek == nil || peek == "\n" else { throw problem(here, "the end of the line") }
    }

    mutating func require(_ mark: Unicode.Scalar, after key: String) throws(ConfigProblem) {
        skipBlanks()
        guard peek == mark else {
            throw problem(peek == "." ? "a dotted key is not read" : here, "\(mark) and a value after \(key)")
        }
        advance()
    }

    /// `[keys]`, `[themes.night]`.
    mutating func tableName() throws(ConfigProblem) -> [String] {
        advance()
        if peek == "[" { throw problem("an array of tables is not read", "one table, as [keys]") }
        var parts: [String] = []
        while true {
            skipBlanks()
            parts.append(try key())
            skipBlanks()
            if peek == "." {
                advance()
                continue
            }
            guard peek == "]" else { throw problem(here, "] after the name of the table") }
            advance()
            return parts
        }
    }

    mutating func key() throws(ConfigProblem) -> String {
        if peek == "\"" || peek == "'" { return try text() }
        var name = String.UnicodeScalarView()
        while let next = peek, next.isASCII,
            next.properties.isAlphabetic || next == "-" || next == "_" || ("0"..."9").contains(next)
        {
            name.append(next)
            advance()
        }
        guard !name.isEmpty else { throw problem(here, "a name, as theme, or a table, as [keys]") }
        return String(name)
    }

    mutating func value(depth: Int = 0) throws(ConfigProblem) -> ConfigDocument.Value {
        skipBlanks()
        switch peek {
        case "\"", "'": return .text(try text())
        case "[": return .list(try list(depth))
        case "{": throw problem("an inline table is not read", "a text in quotes, a number, true, false or a list")
        default: break
        }
        var word = String.UnicodeScalarView()
        let start = position
        while let next = peek, !" \t\r\n,]#=".unicodeScalars.contains(next) {
            word.append(next)
            advance()
        }
        switch String(word) {
        case "true": return .flag(true)
        case "false": return .flag(false)
        case let digits:
            let isNumber =
                digits.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } && (digits == "0" || !digits.hasPrefix("0"))
            if isNumber, !digits.isEmpty, let number = Int(digits) { return .number(number) }
            position = start
            throw problem(here, "a text in quotes, a whole number, true, false or a list")
        }
    }

    private mutating func list(_ depth: Int) throws(ConfigProblem) -> [ConfigDocument.Value] {
        guard depth < Self.deepest else { throw problem("lists in lists in lists", "a list of texts") }
        advance()
        var values: [ConfigDocument.Value] = []
        while true {
            skipBlankLines()
            if peek == "]" {
                advance()
                return values
            }
            values.append(try value(depth: depth + 1))
            skipBlankLines()
            if peek == "," {
                advance()
            } else if peek != "]" {
                throw problem(here, ", or ] in the list")
            }
        }
    }

    /// A text in quotes.
    private mutating func text() throws(ConfigProblem) -> String {
        let quote = peek
        advance()
        var result = String.UnicodeScalarView()
        while let next = peek, next != "\n" {
            if next == quote {
                advance()
                if result.isEmpty, peek == quote { throw problem("a text of several lines is not read", "one line") }
                return String(result)
            }
            if next == "\\", quote == "\"" {
                advance()
                result.append(try escaped())
            } else {
                guard next.value >= 0x20 || next == "\t" else {
                    throw problem("a control character", "a printable one")
                }
                result.append(next)
                advance()
            }
        }
        throw problem("a text without its end", quote == "'" ? "'" : "\"")
    }

    private mutating func escaped() throws(ConfigProblem) -> Unicode.Scalar {
        let letter = peek
        if peek != nil, peek != "\n" { advance() }
        switch letter {
        case "\"": return "\""
        case "\\": return "\\"
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "u", "U":
            let count = letter == "u" ? 4 : 8
            let digits = String(String.UnicodeScalarView(scalars[position...].prefix(count)))
            let isHex = digits.utf8.count == count && digits.allSatisfy { $0.isHexDigit && $0.isASCII }
            guard isHex, let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
                throw problem("\\\(letter == "u" ? "u" : "U") without a character", "\(count) hexadecimal digits")
            }
            for _ in 0..<count { advance() }
            return scalar
        default: throw problem("an unknown escape", "\\\", \\\\, \\n, \\t, \\r or \\u with four digits")
        }
    }
}
