import Foundation
import Glibc

/// Counts the processor instructions of this program's work, with valgrind's cachegrind.
///
/// Cachegrind runs all threads on one processor, one after the other, and counts what each executes in user space. The
/// processor's own counters would be quicker, but virtual machines rarely offer them.
package final class InstructionCounter {
    /// A copy of this program without its debugging information, which valgrind cannot read in full.
    private let program: URL

    /// Prepares the copy of this program.
    ///
    /// - Throws: ``BenchError`` if a needed tool is missing.
    package init() throws {
        guard let original = Bundle.main.executableURL else { throw BenchError("this program's file is unknown") }
        program = FileManager.default.temporaryDirectory
            .appendingPathComponent("casty-counted-\(getpid())-\(UUID().uuidString)")
        let copied = try ChildProgram.run(["strip", "-o", program.path, original.path])
        guard copied.status == 0 else { throw BenchError("no copy for the counter: \(copied.errors)") }
    }

    deinit {
        try? FileManager.default.removeItem(at: program)
    }

    /// The instructions of one operation.
    package func instructions(of work: CountedWork) throws -> Double {
        let small = try count(work.name, operations: work.amounts.lowerBound)
        let large = try count(work.name, operations: work.amounts.upperBound)
        guard large > small else { throw BenchError("more operations need fewer instructions: \(small), \(large)") }
        return Double(large - small) / Double(work.amounts.upperBound - work.amounts.lowerBound)
    }

    private func count(_ name: String, operations: Int) throws -> UInt64 {
        let ended = try ChildProgram.run([
            "valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", program.path,
            "bench-work", name, "\(operations)",
        ])
        guard ended.status == 0, let count = Self.total(in: ended.errors) else {
            throw BenchError("no count: \(ended.errors.split(separator: "\n").suffix(6).joined(separator: "\n"))")
        }
        return count
    }

    /// The sum that cachegrind prints at its end, as in `I refs: 2,574,494,971`.
    static func total(in text: String) -> UInt64? {
        for line in text.split(separator: "\n").reversed() {
            guard let range = line.firstRange(of: "refs:"), line[..<range.lowerBound].hasSuffix("I   ") else {
                continue
            }
            return UInt64(line[range.upperBound...].filter { $0 != "," && !$0.isWhitespace })
        }
        return nil
    }
}
