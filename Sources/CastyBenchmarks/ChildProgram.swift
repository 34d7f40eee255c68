import Foundation
import Glibc

/// The output of a program that has ended.
struct ChildOutput: Sendable {
    let status: Int32
    let output: String
    /// What the program wrote to its standard error, at most its last lines.
    let errors: String
}

/// Runs a program and waits for its end.
enum ChildProgram {
    /// The most bytes of a program's standard error that are read back.
    private static let errorLimit: UInt64 = 16_384

    /// Runs a program that is looked up in `PATH`, with no input.
    ///
    /// Its standard error goes through a file: a program that fills one pipe while the other is read would never end.
    ///
    /// - Throws: ``BenchError`` if there is no such program, or if it cannot be started.
    static func run(_ arguments: [String]) throws -> ChildOutput {
        let folder = FileManager.default.temporaryDirectory
        let file = folder.appendingPathComponent("casty-bench-\(getpid())-\(UUID().uuidString).err")
        guard FileManager.default.createFile(atPath: file.path, contents: nil) else {
            throw BenchError("no file can be made in \(folder.path)")
        }
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        do {
            process.standardError = try FileHandle(forWritingTo: file)
            try process.run()
        } catch {
            throw BenchError("\(arguments.first ?? "") could not be started: \(error.localizedDescription)")
        }
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        if process.terminationStatus == 127 {
            throw BenchError("\(arguments.first ?? "") is not installed, or not in PATH")
        }
        return ChildOutput(
            status: process.terminationStatus, output: String(decoding: text, as: UTF8.self), errors: tail(of: file))
    }

    private static func tail(of file: URL) -> String {
        guard let handle = try? FileHandle(forReadingFrom: file) else { return "" }
        defer { try? handle.close() }
        let end = (try? handle.seekToEnd()) ?? 0
        try? handle.seek(toOffset: end - min(end, errorLimit))
        return String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
    }
}
