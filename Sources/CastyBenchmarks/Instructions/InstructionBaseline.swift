import CastyObservability
import Foundation

/// One counted figure.
package struct InstructionCount: Codable, Equatable, Sendable {
    /// The name of the work.
    package let name: String
    /// One operation, in the singular.
    package let operation: String
    /// The instructions of one operation.
    package let instructions: Double

    package init(name: String, operation: String, instructions: Double) {
        self.name = name
        self.operation = operation
        self.instructions = instructions
    }

    /// One line for a program; a baseline file consists of these lines.
    package var json: String {
        var line = JSONLine()
        line.add("event", "bench-instructions")
        line.add("name", name)
        line.add("operation", operation)
        line.add("instructions", raw: "\((instructions * 10).rounded() / 10)")
        return line.text
    }
}

/// The counts of an earlier state of the program, one JSON object a line.
package struct InstructionBaseline: Sendable {
    /// How a count compares with the baseline.
    package enum Verdict: Equatable, Sendable {
        /// Within the tolerance; the value is the ratio to the baseline.
        case same(Double)
        /// More instructions than the tolerance allows.
        case worse(Double)
        /// Fewer instructions by more than the tolerance: time for a new baseline.
        case better(Double)
        /// The baseline does not have this figure.
        case unknown
    }

    private let counts: [String: Double]

    /// Reads a baseline.
    ///
    /// - Throws: ``BenchError`` with the number of the line that is no count.
    package init(_ text: String) throws {
        var counts: [String: Double] = [:]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.contains("\"bench-machine\"") { continue }
            guard let count = try? JSONDecoder().decode(InstructionCount.self, from: Data(line.utf8)),
                count.instructions.isFinite, count.instructions > 0
            else { throw BenchError("line \(index + 1) of the baseline is no count of instructions") }
            counts[count.name] = count.instructions
        }
        guard !counts.isEmpty else { throw BenchError("the baseline has no count of instructions") }
        self.counts = counts
    }

    /// Compares a count with the baseline's; the tolerance is a share of the baseline, above 0.
    package func verdict(of count: InstructionCount, tolerance: Double) -> Verdict {
        guard let before = counts[count.name] else { return .unknown }
        let ratio = count.instructions / before
        if ratio > 1 + tolerance { return .worse(ratio) }
        return ratio < 1 - tolerance ? .better(ratio) : .same(ratio)
    }
}
