import ArgumentParser
import CastyInvariants
import CastyMembership
import CastyScenario
import CastyTestbed
import Glibc

/// Reads scenario files, and ends the program with the documented exit code if one is invalid.
enum ScenarioFile {
    /// A file that could not be read.
    static let noInput = ExitCode(66)
    /// A scenario with errors.
    static let badData = ExitCode(65)

    static func read(_ path: String) throws -> Scenario {
        let text: String
        switch contents(of: path) {
        case .success(let bytes):
            guard let decoded = String(validating: bytes, as: UTF8.self) else {
                Output.error("\(path):1: the file is not UTF-8 text; expected a scenario")
                throw badData
            }
            text = decoded
        case .failure(let error):
            Output.error("\(path): \(error.reason)")
            throw noInput
        }
        let scenario: Scenario
        do {
            scenario = try Scenario.parse(text, file: path)
        } catch {
            Output.error("\(error)")
            throw badData
        }
        guard !scenario.statements.isEmpty else {
            Output.error("\(path): the scenario has no command; expected at least one, as `nodes 3`")
            throw badData
        }
        return scenario
    }

    /// Rejects settings that cannot work, or are not safe, before the run.
    static func check(_ scenario: Scenario, preset: Preset?) throws {
        let problems = TestClusterSettings(scenario, preset: preset).membership.problems
        guard !problems.isEmpty else { return }
        for problem in problems { Output.error("\(scenario.file): the settings cannot work: \(problem)") }
        throw badData
    }

    private struct ReadError: Error {
        let reason: String
    }

    private static func contents(of path: String) -> Result<[UInt8], ReadError> {
        func failure() -> Result<[UInt8], ReadError> { .failure(ReadError(reason: String(cString: strerror(errno)))) }
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return failure() }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        // Reading stops at the limit for scenarios; the parser reports the error.
        while bytes.count <= Scenario.longestFile {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { return failure() }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return .success(bytes)
    }
}
