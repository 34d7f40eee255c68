/// An error in a line: what is wrong, where, and what was expected there.
package struct ScenarioProblem: Error, Hashable, Sendable {
    /// The kind of error: ``Code`` for programs, the other properties for people.
    package enum Code: String, Hashable, Sendable {
        case tooLong
        case badText
        case unknownWord
        case badValue
        case missing
        case superfluous
        case misplaced
        case unknownNode
    }

    package var code: Code
    /// The number of the line, from 1.
    package var line: Int
    /// The number of the character in the line, from 1.
    package var column: Int
    /// The error, for example `"kil" is no command`.
    package var what: String
    /// The expected token, for example `a node (n1, n2, …)`.
    package var expected: String?
    /// The nearest correct word.
    package var suggestion: String?

    package init(
        _ code: Code, line: Int = 1, column: Int = 1, what: String, expected: String? = nil, suggestion: String? = nil
    ) {
        self.code = code
        self.line = line
        self.column = column
        self.what = what
        self.expected = expected
        self.suggestion = suggestion
    }
}

extension ScenarioProblem: CustomStringConvertible {
    /// The whole error in one line, without its position.
    package var description: String {
        what + (expected.map { "; expected \($0)" } ?? "") + (suggestion.map { "; did you mean \"\($0)\"?" } ?? "")
    }
}

/// All errors in a scenario.
package struct ScenarioError: Error, Hashable, Sendable {
    /// The most errors that are collected.
    package static let mostProblems = 100

    package var file: String
    /// The errors in the order of their lines, at least one.
    package var problems: [ScenarioProblem]

    package init(file: String, problems: [ScenarioProblem]) {
        self.file = file
        self.problems = problems
    }
}

extension ScenarioError: CustomStringConvertible {
    /// A line for each error: `file:line: what; expected …; did you mean …?`
    package var description: String { problems.map { "\(file):\($0.line): \($0)" }.joined(separator: "\n") }
}
