import ArgumentParser
import CastyActors
import CastyBenchmarks
import CastyCore
import CastySerialization
import Glibc

/// The program in its part as the other process. It ends when its input does, so it never outlives who started it.
struct BenchPeer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-peer", abstract: "The other process of a measurement.", shouldDisplay: false)

    @Option var codec: String

    func run() throws {
        let node = try RemoteNode(codec: codec == CodecID.json.description ? .json : .binary)
        defer { node.end() }
        try node.offer()
        Output.line("listening \(node.system.address.port)")
        var byte: UInt8 = 0
        while read(STDIN_FILENO, &byte, 1) > 0 {}
    }
}
