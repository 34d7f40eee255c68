import ArgumentParser
import CastyConsole
import Foundation
import Glibc

/// Finds and reads the configuration file, and ends the program with the documented exit code if it is bad.
enum ConfigFile {
    /// A file that was named but cannot be read.
    private static let noInput: Int32 = 66
    /// A file with errors.
    private static let badConfiguration: Int32 = 78
    /// The most bytes of a file.
    private static let longest = 1 << 20

    /// Where the file is if the command line does not say; `nil` without a home.
    static func path(_ environment: [String: String]) -> String? {
        // A relative path in the variable has to be ignored, says the XDG specification.
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") { return folder + "/casty/config" }
        guard let home = environment["HOME"], !home.isEmpty else { return nil }
        return home + "/.config/casty/config"
    }

    /// The settings of a file, or of the one in its usual place if it exists.
    ///
    /// - Parameter named: The file that the command line names.
    static func read(named: String?, _ environment: [String: String]) throws -> ConsoleOptions {
        guard let path = named ?? path(environment) else { return ConsoleOptions() }
        let text: String
        do throws(ReadError) {
            text = try self.text(at: path)
        } catch {
            if named == nil, error.isMissing { return ConsoleOptions() }
            Output.error(error.message)
            throw ExitCode(error.exitCode)
        }
        let config = ConsoleConfig(text)
        guard config.problems.isEmpty else {
            for problem in config.problems { Output.error("\(path):\(problem)") }
            throw ExitCode(badConfiguration)
        }
        return config.options
    }

    /// A file that cannot be read.
    struct ReadError: Error {
        /// What to print.
        let message: String
        let exitCode: Int32
        /// Whether there is no such file.
        var isMissing = false
    }

    /// The text of a file with settings.
    static func text(at path: String) throws(ReadError) -> String {
        let data: Data
        do throws(SystemError) {
            data = try contents(of: path)
        } catch {
            throw ReadError(
                message: "casty: the configuration \(path) cannot be read: \(String(cString: strerror(error.code)))",
                exitCode: noInput, isMissing: error.code == ENOENT || error.code == ENOTDIR)
        }
        guard data.count <= longest, let text = String(validating: data, as: UTF8.self) else {
            throw ReadError(
                message: "\(path):1: the file is no UTF-8 text of at most a mebibyte; expected settings",
                exitCode: badConfiguration)
        }
        return text
    }

    private struct SystemError: Error {
        let code: Int32
    }

    private static func contents(of path: String) throws(SystemError) -> Data {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(code: errno) }
        defer { close(descriptor) }
        var data = Data()
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while data.count <= longest {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError(code: errno) }
            if count == 0 { break }
            data.append(contentsOf: chunk[..<count])
        }
        return data
    }
}
