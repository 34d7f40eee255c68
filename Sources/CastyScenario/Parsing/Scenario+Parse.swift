extension Scenario {
    /// The longest file, in UTF-8 bytes.
    package static let longestFile = 1 << 20

    /// Parses a whole file and collects all errors in it.
    ///
    /// - Parameters:
    ///   - text: The contents of the file.
    ///   - file: The name of the file, for messages.
    /// - Throws: All errors, in the order of their lines, at most ``ScenarioError/mostProblems``.
    package static func parse(_ text: String, file: String) throws(ScenarioError) -> Scenario {
        guard text.utf8.count <= longestFile else {
            let what = "the file has \(text.utf8.count) bytes"
            throw ScenarioError(
                file: file, problems: [ScenarioProblem(.tooLong, what: what, expected: "at most \(longestFile)")])
        }
        var scenario = Scenario(file: file, statements: [])
        var check = ScenarioCheck()
        var problems: [ScenarioProblem] = []
        let lines = text.drop { $0 == "\u{FEFF}" }.split(omittingEmptySubsequences: false, whereSeparator: \.isLineEnd)
        for (index, line) in lines.enumerated() where problems.count < ScenarioError.mostProblems {
            if index == 0 { scenario.title = title(of: line) }
            do {
                guard let command = try command(in: String(line)) else { continue }
                let statement = Statement(line: index + 1, command: command)
                problems += check.problems(with: statement)
                scenario.statements.append(statement)
            } catch {
                check.skip(String(line))
                problems.append(error.moved(to: index + 1))
            }
        }
        guard problems.isEmpty else {
            throw ScenarioError(file: file, problems: Array(problems.prefix(ScenarioError.mostProblems)))
        }
        return scenario
    }

    private static func command(in line: String) throws(ScenarioProblem) -> Command? {
        var cursor = try Cursor(line)
        guard let word = cursor.bare ?? cursor.token?.text else { return nil }
        if Verb(rawValue: word) == nil, ConsoleVerb(rawValue: word) != nil {
            throw cursor.problem(
                .unknownWord, "\(Quoting.excerpt(word)) is a command of the console only",
                expected: "a command of the scenario language")
        }
        return try Command.parse(&cursor)
    }

    private static func title(of line: Substring) -> String? {
        let text = line.drop { $0 == " " || $0 == "\t" }
        guard text.first == "#" else { return nil }
        let title = String(text.dropFirst().trimmed.prefix(120))
        return title.isEmpty || title.unicodeScalars.contains(where: \.isControl) ? nil : String(title[...].trimmed)
    }
}

extension ScenarioProblem {
    func moved(to line: Int) -> ScenarioProblem {
        var copy = self
        copy.line = line
        return copy
    }
}

extension Character {
    fileprivate var isLineEnd: Bool { self == "\n" || self == "\r\n" }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let start = drop(while: isBlank)
        let blanks = start.reversed().prefix(while: isBlank).count
        return start.dropLast(blanks)
    }
}
