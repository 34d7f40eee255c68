import ArgumentParser
import CastyConsole
import CastyCore
import CastyObservability
import Glibc

/// Reads and writes recordings of running clusters.
enum RecordingFile {
    private struct ReadError: Error {
        let reason: String
    }

    /// The largest file that is read.
    private static let largest = 2 << 30

    /// The recording in a file; `nil` if the file is something else, as a scenario.
    ///
    /// - Throws: `ExitCode` 65 or 66, after printing the reason, if it is a recording that cannot be read.
    static func read(_ path: String) throws -> Recording? {
        guard let bytes = try? contents(of: path, atMost: 64), Recording.isRecording(bytes) else { return nil }
        let whole: [UInt8]
        do {
            whole = try contents(of: path, atMost: largest + 1)
        } catch {
            Output.error("\(path): \(error.reason)")
            throw ScenarioFile.noInput
        }
        guard whole.count <= largest else {
            Output.error(
                "\(path): the recording has more than 2 GiB; a part of it that begins with its first bytes can be read")
            throw ScenarioFile.badData
        }
        do {
            return try Recording(whole)
        } catch {
            Output.error("\(path): the recording cannot be read: \(error)".printable)
            throw ScenarioFile.badData
        }
    }

    private static func contents(of path: String, atMost limit: Int) throws(ReadError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw ReadError(reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < limit {
            let count = Glibc.read(descriptor, &chunk, min(chunk.count, limit - bytes.count))
            guard count >= 0 else { throw ReadError(reason: String(cString: strerror(errno))) }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }
}

/// A file that grows: each piece is written at once, so that a killed recorder leaves all earlier ones whole.
final class GrowingFile: Sendable {
    private let descriptor: Int32

    /// - Returns: `nil` if the file cannot be made; `errno` says why.
    init?(_ path: String) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    /// Appends bytes.
    ///
    /// - Returns: Why it failed; `nil` if it did not.
    func append(_ bytes: [UInt8]) -> String? {
        var left = bytes[...]
        while !left.isEmpty {
            let count = left.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return String(cString: strerror(errno)) }
            left = left.dropFirst(count)
        }
        return nil
    }
}
