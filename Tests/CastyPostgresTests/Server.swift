import CastyCore
import CastyPostgres
import CastySharding
import Foundation
import Synchronization
import Testing

/// A PostgreSQL server for tests: one that the environment names in `CASTY_POSTGRES`, or one of its own, which ends with
/// the process of the tests.
///
/// Each test uses a schema of its own.
final class Server: Sendable {
    /// Whether a server can be started; where the tests must not be skipped, it is taken for granted.
    static let isThere =
        run(["bin"]) == 0 || ProcessInfo.processInfo.environment["CASTY_MUST_TEST_POSTGRES"] != nil
    static let absence: Comment = "no PostgreSQL server is installed: apt-get install postgresql"

    private static let shared = Mutex<Server?>(nil)
    private static let schemas = Mutex(0)

    let target: String
    /// The server ends when this is closed, at the latest with this process.
    private let input: FileHandle?

    private init(target: String, input: FileHandle?) {
        (self.target, self.input) = (target, input)
    }

    /// The server that all tests share, which none may stop.
    static func common() throws -> Server {
        try shared.withLock { server in
            if let server { return server }
            let new =
                if let target = ProcessInfo.processInfo.environment["CASTY_POSTGRES"] {
                    Server(target: target, input: nil)
                } else {
                    try start()
                }
            server = new
            return new
        }
    }

    /// A server for one test, which may stop it.
    ///
    /// - Parameter isEncrypted: Whether it is reached over TCP, with TLS and a password only.
    static func start(isEncrypted: Bool = false) throws -> Server {
        let process = Process()
        process.executableURL = script
        process.arguments = isEncrypted ? ["run", "tls"] : ["run"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var text = Data()
        while !text.contains(10), let piece = try output.fileHandleForReading.read(upToCount: 1), !piece.isEmpty {
            text += piece
        }
        let target = String(decoding: text, as: UTF8.self).trimmingCharacters(in: .newlines)
        try #require(target.hasPrefix("postgres://"), "the server has not started")
        return Server(target: target, input: input.fileHandleForWriting)
    }

    /// Starts a copy that follows this server.
    ///
    /// - Returns: The string that names both.
    func standby() throws -> String {
        let target = Self.output(["standby", target])
        try #require(target.contains(",5433"), "the copy has not started")
        return target
    }

    deinit { try? input?.close() }

    /// Does to the server what the script calls `restart`, `stop` or `start`.
    func control(_ verb: String) {
        let status = Self.run([verb, target])
        #expect(status == 0, "\(verb) of the server")
    }

    /// A name for a schema that no other test has.
    static func schema() -> String {
        let number = schemas.withLock { number in
            number += 1
            return number
        }
        return "test_\(ProcessInfo.processInfo.processIdentifier)_\(number)"
    }

    /// Runs SQL behind the stores' back, and gives what it prints.
    @discardableResult
    func psql(_ sql: String, to target: String? = nil) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["psql", target ?? self.target, "-qtAX", "-v", "ON_ERROR_STOP=1", "-c", sql]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "psql: \(sql)")
        return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: ".ci/postgres")

    /// Runs the script, and gives what it prints.
    private static func output(_ arguments: [String]) -> String {
        let process = Process()
        process.executableURL = script
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        do { try process.run() } catch { return "" }
        let text = (try? output.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    /// Runs the script, and gives its exit code.
    private static func run(_ arguments: [String]) -> Int32 {
        let process = Process()
        process.executableURL = script
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return 69 }
        process.waitUntilExit()
        return process.terminationStatus
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func fence(_ sequence: UInt64 = 1) -> ShardFence {
    ShardFence(cluster: ClusterID(high: 1, low: 1), upNumber: 1, start: 1, sequence: sequence)
}

func key(_ id: String, type: String = "account", shards: Int = 1) -> EntityKey {
    EntityKey(type: type, id: id, shards: shards)
}

/// The code of the error that `body` throws.
func code(_ body: () async throws -> Void) async -> EntityStoreError.Code? {
    do { try await body() } catch { return (error as? EntityStoreError)?.code }
    return nil
}
