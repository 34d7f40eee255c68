import Foundation
import Glibc
import Synchronization
import Testing

/// A session of `psql`, in which a test holds a transaction open behind the stores' back.
final class Session {
    private let process = Process()
    private let (input, output) = (Pipe(), Pipe())

    init(_ target: String) throws {
        // A write to a session that has ended is an error, and not the end of the tests.
        signal(SIGPIPE, SIG_IGN)
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["psql", target, "-qtAX", "-v", "ON_ERROR_STOP=1"]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// Runs statements, and waits for their end.
    ///
    /// - Throws: Where the session, or the server's part of it, has ended.
    func run(_ sql: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data("\(sql);\n\\echo done\n".utf8))
        var line = ""
        while let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty {
            let letter = String(decoding: byte, as: UTF8.self)
            if letter != "\n" {
                line += letter
            } else if line == "done" {
                return
            } else {
                line = ""
            }
        }
        throw SessionEnded()
    }

    struct SessionEnded: Error {}

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}

extension Server {
    /// Waits until a query gives `t`, a minute at most.
    func wait(_ sql: String) async throws {
        for _ in 0..<3000 {
            if try psql(sql) == "t" { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("in vain: \(sql)")
        throw WaitedInVain()
    }

    private struct WaitedInVain: Error {}
}

/// Something that has happened, or not yet.
final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}
