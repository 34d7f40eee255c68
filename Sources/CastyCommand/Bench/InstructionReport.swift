import ArgumentParser
import CastyBenchmarks
import Foundation

/// Counts instructions and compares them with a baseline: `casty bench --instructions`.
struct InstructionReport {
    /// Parts of the names of what is counted; everything without.
    let names: [String]
    let json: Bool
    /// The file of an earlier state.
    let baseline: String?
    /// The share by which a count may exceed the baseline.
    let tolerance: Double

    /// Counts and prints.
    ///
    /// - Throws: ``ExitCode`` 1 if something could not be counted, or needs more instructions than the baseline allows.
    func run() throws {
        let before = try baseline.map { path in
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw ValidationError("the baseline \(path) cannot be read")
            }
            do {
                return try InstructionBaseline(text)
            } catch {
                throw ValidationError("\(path): \(error)")
            }
        }
        let counter = try InstructionCounter()
        var failed = false
        for work in CountedWork.all where names.isEmpty || names.contains(where: work.matches) {
            if Output.errorIsTerminal { Output.progress("counting: \(work.name) …") }
            do {
                let count = InstructionCount(
                    name: work.name, operation: work.operation, instructions: try counter.instructions(of: work))
                if Output.errorIsTerminal { Output.progress("") }
                let verdict = before?.verdict(of: count, tolerance: tolerance)
                if case .worse = verdict { failed = true }
                Output.line(json ? count.json : row(count, verdict))
            } catch {
                failed = true
                if Output.errorIsTerminal { Output.progress("") }
                Output.error("casty: \(work.name) could not be counted: \(error)")
            }
        }
        if failed { throw ExitCode(1) }
    }

    private func row(_ count: InstructionCount, _ verdict: InstructionBaseline.Verdict?) -> String {
        let name = count.name + String(repeating: " ", count: max(0, 42 - count.name.count))
        let number = Measurement.text(count.instructions)
        let blanks = String(repeating: " ", count: max(0, 8 - number.count))
        return "\(name) \(blanks)\(number) per \(count.operation)\(text(verdict))"
    }

    private func text(_ verdict: InstructionBaseline.Verdict?) -> String {
        switch verdict {
        case nil: ""
        case .same(let ratio): ", \(percent(ratio)) to the baseline"
        case .worse(let ratio): ", \(percent(ratio)) to the baseline: MORE than allowed"
        case .better(let ratio): ", \(percent(ratio)) to the baseline: keep this as the new one"
        case .unknown: ", not in the baseline"
        }
    }

    private func percent(_ ratio: Double) -> String {
        let change = Int(((ratio - 1) * 100).rounded())
        return change < 0 ? "−\(-change) %" : "+\(change) %"
    }
}
