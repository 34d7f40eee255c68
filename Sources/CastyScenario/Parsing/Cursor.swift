/// Reads a line word by word, and records which tokens were possible at the furthest position reached. That record
/// becomes the error message and the candidates of a completion, so that neither can differ from the grammar.
struct Cursor {
    private(set) var tokens: [Token]
    private(set) var position = 0
    /// The tokens that were possible at ``furthest``.
    private(set) var wanted: [Expected] = []
    /// The index of the furthest word that was examined.
    private(set) var furthest = 0
    /// Aliases for nodes, such as the console's `marked`.
    private let names: [String: [NodeName]]
    private let endColumn: Int

    init(_ line: String, names: [String: [NodeName]] = [:]) throws(ScenarioProblem) {
        tokens = try Lexer.tokens(of: line)
        self.names = names
        endColumn = (tokens.last.map { $0.column + $0.source.unicodeScalars.count } ?? 1)
    }

    /// Where the part of the line ends that is being read; `nil` for the end of the line.
    private var limit: Int?

    /// The current word.
    var token: Token? { position < limit ?? tokens.count ? tokens[position] : nil }

    /// The current word, if it is neither quoted nor JSON.
    var bare: String? { token.flatMap { $0.kind == .bare ? $0.text : nil } }

    mutating func want(_ expected: Expected) {
        if position > furthest || wanted.isEmpty {
            furthest = position
            wanted = []
        }
        if position == furthest, !wanted.contains(expected) { wanted.append(expected) }
    }

    mutating func advance() { position += 1 }

    /// Consumes the word if it is this one.
    mutating func accept(_ word: String) -> Bool {
        want(.word(word))
        guard bare == word else { return false }
        advance()
        return true
    }

    /// Consumes this word, which is required here.
    mutating func require(_ word: String) throws(ScenarioProblem) {
        guard accept(word) else { throw misfit() }
    }

    /// Parses one of the words that an enum defines.
    mutating func choice<Choice: CaseIterable & RawRepresentable<String>>(
        of type: Choice.Type
    ) throws(ScenarioProblem) -> Choice {
        for choice in Choice.allCases { want(.word(choice.rawValue)) }
        guard let choice = bare.flatMap(Choice.init(rawValue:)) else { throw misfit() }
        advance()
        return choice
    }

    /// Requires the end of the line.
    mutating func end() throws(ScenarioProblem) {
        want(.end)
        guard token == nil else { throw misfit() }
    }

    /// The error that the current word is none of those possible here.
    func misfit() -> ScenarioProblem {
        let here = position == furthest ? wanted : []
        guard let token else {
            return problem(.missing, "the line ends here", expected: Expected.phrase(here))
        }
        let words = here.compactMap { if case .word(let word) = $0 { word } else { nil } }
        let isOver = here.contains(.end)
        let isVerb = isOver && Verb(rawValue: token.text) != nil
        return problem(
            isOver ? .superfluous : .unknownWord,
            "\(Quoting.excerpt(token.text)) " + (isOver ? "is too much here" : "does not fit here"),
            expected: isVerb ? "one command a line" : Expected.phrase(here),
            suggestion: Nearest.word(to: token.text, in: words))
    }

    /// An error about the current word, or an earlier one.
    func problem(
        _ code: ScenarioProblem.Code, _ what: String, expected: String? = nil, suggestion: String? = nil, back: Int = 0
    ) -> ScenarioProblem {
        let index = position - back
        let column = tokens.indices.contains(index) ? tokens[index].column : endColumn
        return ScenarioProblem(code, column: column, what: what, expected: expected, suggestion: suggestion)
    }

    /// The nodes that an alias stands for.
    func nodes(named name: String) -> [NodeName]? { names[name] }

    /// Parses a part of the line as if the line ended at that word.
    mutating func part<Value>(
        upTo end: Int, _ parse: (inout Cursor) throws(ScenarioProblem) -> Value
    ) throws(ScenarioProblem) -> Value {
        let outer = limit
        limit = end
        defer { limit = outer }
        return try parse(&self)
    }

    /// Splits the remaining words at some marks, so that these need no blanks around them.
    mutating func split(at marks: [String]) {
        let end = limit ?? tokens.count
        let words = tokens[position..<end].flatMap { token in
            token.kind == .bare ? Self.pieces(of: token, at: marks) : [token]
        }
        if limit != nil { limit = position + words.count }
        tokens.replaceSubrange(position..<end, with: words)
    }

    private static func pieces(of token: Token, at marks: [String]) -> [Token] {
        var pieces: [Token] = []
        var rest = token.text[...]
        var word = ""
        var column = token.column
        func flush() {
            guard !word.isEmpty else { return }
            pieces.append(Token(kind: .bare, text: word, source: word, column: column))
            column += word.unicodeScalars.count
            word = ""
        }
        while let first = rest.first {
            if let mark = marks.first(where: { rest.hasPrefix($0) }) {
                flush()
                word = mark
                flush()
                rest = rest.dropFirst(mark.count)
            } else {
                word.append(first)
                rest = rest.dropFirst()
            }
        }
        flush()
        return pieces
    }
}
