import ArgumentParser
import CastyActors
import CastyBenchmarks
import CastyCore
import CastySerialization
import Glibc

/// The program as the other process of a benchmark. It ends when its input ends, so it never outlives its parent.
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
