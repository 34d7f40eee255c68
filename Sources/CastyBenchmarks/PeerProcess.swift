import CastyActors
import CastyCore
import CastySerialization
import Foundation
import Glibc

/// The other process: a second instance of this program.
final class PeerProcess {
    /// The address on which it listens.
    let address: NodeAddress
    private let process: Process
    private let input = Pipe()

    /// Starts the process, and waits until it listens.
    init(codec: CodecID) throws {
        guard let program = Bundle.main.executableURL else { throw BenchError("this program's file is unknown") }
        let output = Pipe()
        process = Process()
        process.executableURL = program
        process.arguments = ["bench-peer", "--codec", codec.description]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        do {
            address = try Self.readAddress(from: output.fileHandleForReading.fileDescriptor)
        } catch {
            process.terminate()
            process.waitUntilExit()
            throw error
        }
    }

    private static func readAddress(from descriptor: Int32) throws -> NodeAddress {
        var text = ""
        while !text.hasSuffix("\n") {
            var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wanted, 1, 10_000) == 1 else { throw BenchError("the other process says nothing for 10 s") }
            var byte: UInt8 = 0
            guard read(descriptor, &byte, 1) == 1 else { throw BenchError("the other process ended at once") }
            text.unicodeScalars.append(Unicode.Scalar(byte))
        }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, words[0] == "listening", let port = Int(words[1]) else {
            throw BenchError("the other process says \"\(text.dropLast())\"")
        }
        return NodeAddress(host: "127.0.0.1", port: port)
    }

    /// The processor time used by the process, in seconds.
    var processorSeconds: Double {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(process.processIdentifier, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            return 0
        }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Ends the process: first by closing its input, then by a signal.
    func end() {
        try? input.fileHandleForWriting.close()
        let waited = Stopwatch()
        while process.isRunning, waited.seconds < 5 { usleep(1000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }
}
