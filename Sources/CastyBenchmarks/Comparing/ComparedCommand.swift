import Foundation

/// A command whose figures are compared with this program's.
package struct ComparedCommand: Sendable {
    /// A line for the shell.
    package let line: String

    package init(_ line: String) {
        self.line = line
    }

    /// Runs the command and reads its figures.
    ///
    /// - Parameter names: The user's own counterparts: a peer's name of a figure to this program's.
    /// - Throws: ``BenchError`` if it fails, or prints no figure that has a counterpart.
    package func figures(names: [String: String] = [:]) throws -> [PeerFigure] {
        let ended = try ChildProgram.run(["sh", "-c", line])
        guard ended.status == 0 else {
            let words = ended.errors.split(separator: "\n").suffix(4).joined(separator: "\n")
            throw BenchError("\"\(line)\" ended with status \(ended.status)\(words.isEmpty ? "" : ":\n\(words)")")
        }
        let read = PeerOutput(ended.output, label: line, names: names)
        guard !read.figures.isEmpty else {
            let found = read.unmatched.isEmpty ? "no JSON line with a figure" : read.unmatched.joined(separator: ", ")
            throw BenchError(
                "\"\(line)\" printed nothing to compare: \(found); --match NAME=FIGURE says which figure a name means")
        }
        return read.figures
    }

    /// Measures this program's figures in a process of their own, so that no run inherits another's memory.
    ///
    /// - Parameters:
    ///   - names: Groups, or parts of figures' names.
    ///   - isQuick: Whether to measure less.
    ///   - runs: The runs per round that count.
    package static func own(_ names: [String], isQuick: Bool, runs: Int) throws -> [PeerFigure] {
        guard let program = Bundle.main.executableURL?.path else { throw BenchError("this program's file is unknown") }
        let ended = try ChildProgram.run(
            [program, "bench"] + names + ["--json", "--runs", "\(runs)"] + (isQuick ? ["--quick"] : []))
        let read = PeerOutput(ended.output, label: "casty")
        guard ended.status == 0, !read.figures.isEmpty else {
            let words = ended.errors.split(separator: "\n").suffix(4).joined(separator: "\n")
            throw BenchError("this program's own figures could not be measured:\n\(words)")
        }
        return read.figures
    }
}
