/// What is wrong with a line, where, and what was expected there.
package struct ScenarioProblem: Error, Hashable, Sendable {
    /// What is wrong: ``Code`` for programs, the rest for people.
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
    /// What is wrong, as `"kil" is no command`.
    package var what: String
    /// What would be right there, as `a node (n1, n2, …)`.
    package var expected: String?
    /// The nearest word that would have been right.
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
    /// All of it in one line, without the place.
    package var description: String {
        what + (expected.map { "; expected \($0)" } ?? "") + (suggestion.map { "; did you mean \"\($0)\"?" } ?? "")
    }
}

/// All that is wrong with a scenario.
package struct ScenarioError: Error, Hashable, Sendable {
    /// The most problems that are collected.
    package static let mostProblems = 100

    package var file: String
    /// The problems in the order of their lines, at least one.
    package var problems: [ScenarioProblem]

    package init(file: String, problems: [ScenarioProblem]) {
        self.file = file
        self.problems = problems
    }
}

extension ScenarioError: CustomStringConvertible {
    /// A line for each problem: `file:line: what; expected …; did you mean …?`
    package var description: String { problems.map { "\(file):\($0.line): \($0)" }.joined(separator: "\n") }
}
