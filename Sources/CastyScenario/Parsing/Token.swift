/// A word of a line.
struct Token: Hashable {
    enum Kind: Hashable {
        case bare
        /// In double quotes.
        case quoted
        /// A JSON object or array.
        case json
    }

    let kind: Kind
    /// The text, without quotes and escapes.
    let text: String
    /// The source text.
    let source: String
    /// The column of its first character, from 1.
    let column: Int
}

/// Splits a line into words.
struct Lexer {
    /// The longest line, in UTF-8 bytes.
    static let longestLine = 4096

    private let scalars: [Unicode.Scalar]
    private var position = 0

    /// The words of a line, without its comment.
    static func tokens(of line: String) throws(ScenarioProblem) -> [Token] {
        guard line.utf8.count <= longestLine else {
            throw ScenarioProblem(
                .tooLong, what: "the line has \(line.utf8.count) bytes", expected: "at most \(longestLine)")
        }
        var lexer = Lexer(scalars: Array(line.unicodeScalars))
        var tokens: [Token] = []
        while let token = try lexer.next() { tokens.append(token) }
        return tokens
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private var current: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func next() throws(ScenarioProblem) -> Token? {
        while let scalar = current, scalar.isBlank { position += 1 }
        guard let scalar = current, scalar != "#" else { return nil }
        let start = position
        let kind: Token.Kind
        let text: String
        switch scalar {
        case "\"": (kind, text) = (.quoted, try quoted())
        case "{", "[": (kind, text) = (.json, try json())
        default: (kind, text) = (.bare, try bare())
        }
        if let scalar = current, !scalar.isBlank, scalar != "#" {
            throw problem("\(Quoting.excerpt(String(scalar))) follows without a blank", expected: "a blank")
        }
        return Token(kind: kind, text: text, source: slice(start..<position), column: start + 1)
    }

    private mutating func bare() throws(ScenarioProblem) -> String {
        let start = position
        while let scalar = current, !scalar.isBlank, scalar != "#" {
            if scalar == "\"" {
                throw problem("a quote stands inside a word", expected: "the whole text in quotes, \\\" for a quote")
            }
            try refuseControl(scalar)
            position += 1
        }
        return slice(start..<position)
    }

    private mutating func quoted() throws(ScenarioProblem) -> String {
        let start = position
        var text = String.UnicodeScalarView()
        position += 1
        while let scalar = current {
            try refuseControl(scalar)
            position += 1
            if scalar == "\"" { return String(text) }
            text.append(scalar == "\\" ? try escape() : scalar)
        }
        throw problem("the quote is not closed", at: start, expected: "\" at the end of the text")
    }

    private mutating func escape() throws(ScenarioProblem) -> Unicode.Scalar {
        let start = position - 1
        let letter = current
        position += 1
        switch letter {
        case "\"", "\\": return letter ?? "\\"
        case "n": return "\n"
        case "t": return "\t"
        case "u":
            let rest = scalars[position..<min(position + 8, scalars.count)]
            if rest.first == "{", let end = rest.firstIndex(of: "}"),
                let value = UInt32(slice(position + 1..<end), radix: 16), let scalar = Unicode.Scalar(value)
            {
                position = end + 1
                return scalar
            }
        default: break
        }
        throw problem("the backslash begins no known escape", at: start, expected: #"\\, \", \n, \t or \u{7F}"#)
    }

    private mutating func json() throws(ScenarioProblem) -> String {
        let start = position
        var depth = 0
        var inString = false
        while let scalar = current {
            try refuseControl(scalar)
            position += 1
            if inString {
                if scalar == "\\" { position += 1 } else if scalar == "\"" { inString = false }
                continue
            }
            switch scalar {
            case "\"": inString = true
            case "{", "[": depth += 1
            case "}", "]": depth -= 1
            default: break
            }
            if depth == 0 { return slice(start..<position) }
        }
        throw problem("the JSON text is not closed", at: start, expected: "} or ] at its end")
    }

    private func refuseControl(_ scalar: Unicode.Scalar) throws(ScenarioProblem) {
        guard scalar.isControl, scalar != "\t" else { return }
        throw problem("the control character U+\(String(scalar.value, radix: 16, uppercase: true)) stands here")
    }

    private func slice(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[range.clamped(to: 0..<scalars.count)])
        return String(view)
    }

    private func problem(_ what: String, at column: Int? = nil, expected: String? = nil) -> ScenarioProblem {
        ScenarioProblem(.badText, column: (column ?? position) + 1, what: what, expected: expected)
    }
}

extension Unicode.Scalar {
    fileprivate var isBlank: Bool { self == " " || self == "\t" }
}
