import CastyActors
import CastyLive
import CastySerialization

/// Work whose processor instructions are counted.
///
/// Instructions depend on the code alone, not on what else the machine does: the same program gives the same count
/// within a few per cent, so that a regression is seen on a busy machine too.
package struct CountedWork: Sendable {
    /// The name of the figure; the one of the measured figure of the same work, if there is one.
    package let name: String
    /// One operation, in the singular.
    package let operation: String
    /// The two numbers of operations that are counted: the difference leaves out the start and the end of the program.
    package let amounts: ClosedRange<Int>
    /// Does this number of operations in this process.
    package let perform: @Sendable (Int) throws -> Void

    /// All work that is counted.
    package static var all: [CountedWork] { local + remote + sharded + coder + simulated }

    package func matches(_ word: String) -> Bool { name.lowercased().contains(word.lowercased()) }

    private static var local: [CountedWork] {
        [
            local("tell, one to one", "message", 100_000...500_000) { try $0.tell(senders: 1) },
            local("tell, eight to one", "message", 80_000...400_000) { try $0.tell(senders: 8) },
            local("ping-pong, one pair", "round trip", 20_000...100_000, of: 4) { try $0.pingPong() },
            local("ring of 1000", "hop", 20_000...100_000, of: 2) { try $0.ring() },
            local("spawn, with one message each", "actor", 5_000...25_000, of: 20) { try $0.spawn() },
            local("ask from an actor", "ask", 5_000...25_000, of: 20) { try $0.askTimes() },
        ]
    }

    /// Work of ``LocalBench``, one operation of which stands for some of its messages.
    private static func local(
        _ name: String, _ operation: String, _ amounts: ClosedRange<Int>, of messages: Int = 1,
        _ run: @escaping @Sendable (LocalBench) throws -> some Any
    ) -> CountedWork {
        CountedWork(name: name, operation: operation, amounts: amounts) { count in
            // One worker: a second one would look for work in vain meanwhile, and its looks would be counted.
            let world = LiveWorld(workers: 1)
            defer { world.shutdown() }
            _ = try run(LocalBench(world: world, messages: count * messages))
        }
    }

    /// Both ends run in this process, so the count is the sum of both.
    private static var remote: [CountedWork] {
        [
            remote("tell over loopback, 100 bytes, binary", .binary, "message", 10_000...50_000) {
                _ = try $0.tell(bytes: 100, count: $1)
            },
            remote("tell over loopback, 1 KB, binary", .binary, "message", 10_000...50_000) {
                _ = try $0.tell(bytes: 1000, count: $1)
            },
            remote("tell over loopback, 100 bytes, JSON", .json, "message", 5_000...20_000) {
                _ = try $0.tell(bytes: 100, count: $1)
            },
            remote("ask over loopback, 64 callers", .binary, "ask", 6_400...32_000) {
                _ = try $0.ask(callers: 64, count: $1)
            },
        ]
    }

    private static func remote(
        _ name: String, _ codec: CodecID, _ operation: String, _ amounts: ClosedRange<Int>,
        _ run: @escaping @Sendable (Traffic, Int) throws -> Void
    ) -> CountedWork {
        CountedWork(name: name, operation: operation, amounts: amounts) { count in
            let receiver = try RemoteNode(codec: codec, workers: 1)
            defer { receiver.end() }
            try receiver.offer()
            let sender = try RemoteNode(codec: codec, workers: 1)
            defer { sender.end() }
            try run(RemoteBench.traffic(from: sender, to: receiver.system.address), count)
        }
    }

    /// The count is the sum of both nodes; the membership of the two runs beside it, and is less than one per cent.
    private static var sharded: [CountedWork] {
        [
            sharded("tell to entities elsewhere, 100 bytes, binary", "message", 10_000...50_000) {
                _ = try $0.tell(bytes: 100, count: $1)
            },
            sharded("ask entities elsewhere, 64 callers", "ask", 6_400...32_000) {
                _ = try $0.ask(callers: 64, count: $1)
            },
        ]
    }

    private static func sharded(
        _ name: String, _ operation: String, _ amounts: ClosedRange<Int>,
        _ run: @escaping @Sendable (Traffic, Int) throws -> Void
    ) -> CountedWork {
        CountedWork(name: name, operation: operation, amounts: amounts) { count in
            let nodes = try ShardNodes(2, workers: 1)
            defer { nodes.end() }
            try run(ShardBench.traffic(nodes.nodes), count)
        }
    }

    private static var coder: [CountedWork] {
        [
            CountedWork(name: "binary coder, 100 bytes", operation: "encode and decode", amounts: 5_000...25_000) {
                let codec = BinarySerializer()
                let parcel = Parcel(text: String(repeating: "x", count: 100), receipt: nil)
                for _ in 0..<$0 {
                    let bytes = try codec.encode(parcel)
                    guard try codec.decode(Parcel.self, from: bytes).text.utf8.count == 100 else {
                        throw BenchError("the binary coder gives back another text")
                    }
                }
            }
        ]
    }

    private static var simulated: [CountedWork] {
        [3, 5].map { count in
            CountedWork(name: "simulation of \(count) nodes", operation: "virtual second", amounts: 2...12) {
                _ = try SimulationBench.run(nodes: count, for: .seconds($0))
            }
        }
    }
}
