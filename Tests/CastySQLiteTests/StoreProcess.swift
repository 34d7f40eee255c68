import Foundation
import Testing

/// Another process that uses a folder.
struct StoreProcess: Sendable {
    let process: Process
    private let output: Pipe
    private let input: Pipe

    /// - Parameters:
    ///   - arguments: What comes after the folder, see `Tests/StoreWriter`.
    ///   - environment: Added to this process's.
    init(_ folder: Folder, _ arguments: [String], environment: [String: String] = [:]) throws {
        process = Process()
        output = Pipe()
        input = Pipe()
        // The product stands beside the bundle of the tests.
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "StoreWriter")
        process.arguments = [folder.path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = output
        process.standardInput = input
        try process.run()
    }

    /// The next bytes of its output; `nil` at the end.
    func read(upTo count: Int = 64) throws -> Data? {
        guard let piece = try output.fileHandleForReading.read(upToCount: count), !piece.isEmpty else { return nil }
        return piece
    }

    /// Lets it begin, where it waits for that.
    func begin() throws { try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8)) }

    /// All lines until it ends.
    func lines() throws -> [String] {
        var text = Data()
        while let piece = try read() { text += piece }
        process.waitUntilExit()
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Whether the kernel has stopped it.
    var isStopped: Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return false }
        return stat[end...].dropFirst(2).first == "T"
    }

    var wasKilled: Bool { process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL }
}
