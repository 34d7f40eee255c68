import CastyActors
import CastyCore
import CastySerialization

/// Measures two processes over loopback TCP: this one, and a second instance of it.
enum RemoteBench {
    static var cases: [BenchCase] {
        let bench = TrafficBench(group: .remote, receivers: "another process") { codec, body in
            try withPeer(codec) { node, peer in try body(traffic(from: node, to: peer.address)) }
        }
        return [
            bench.tell(.json, count: 200_000, goal: 150e3), bench.tell(.binary, count: 2_000_000, goal: 1.2e6),
            handWritten, bench.tell(.binary, "1 KB", bytes: 1000, count: 1_000_000, goal: 500e3), processorTime,
            bench.askAlone(p50: 45, p99: 100), bench.askTogether(300_000, quick: 60_000, goal: 150e3),
        ]
    }

    private static func withPeer<Result>(
        _ codec: CodecID, _ body: (RemoteNode, PeerProcess) throws -> Result
    ) throws -> Result {
        let peer = try PeerProcess(codec: codec)
        defer { peer.end() }
        let node = try RemoteNode(codec: codec)
        defer { node.end() }
        return try body(node, peer)
    }

    static func traffic(from node: RemoteNode, to peer: NodeAddress, isWire: Bool = false) -> Traffic {
        let sink = node.reference("sink", at: peer, as: Parcel.self)
        let wireSink = node.reference("wire-sink", at: peer, as: WireParcel.self)
        let oracle = node.reference("oracle", at: peer, as: Question.self)
        return Traffic(
            system: node.system,
            tell: { _, parcel in
                if isWire { wireSink.tell(WireParcel(parcel)) } else { sink.tell(parcel) }
            },
            ask: { context, _, number in
                context.ask(oracle, within: .seconds(10), { Question(number: number, replyTo: $0) }, { .answered($0) })
            })
    }

    /// Messages that encode themselves.
    private static var handWritten: BenchCase {
        let name = "tell to another process, 100 bytes, WireCodable"
        return BenchCase(.remote, name) { plan in
            let count = plan.amount(3_000_000, quick: 600_000)
            let runs = try withPeer(.binary) { node, peer in
                let traffic = traffic(from: node, to: peer.address, isWire: true)
                _ = try traffic.tell(bytes: 100, count: count)
                return try (0..<plan.runs).map { _ in try traffic.tell(bytes: 100, count: count) }
            }
            return [Measurement(name: name, unit: "messages/s", runs: runs, goal: .atLeast(2e6))]
        }
    }

    /// What a message costs both processes together.
    private static var processorTime: BenchCase {
        let name = "processor time of a tell to another process, both ends, 100 bytes, binary"
        return BenchCase(.remote, name) { plan in
            let count = plan.amount(2_000_000, quick: 400_000)
            let runs = try withPeer(.binary) { node, peer in
                let traffic = traffic(from: node, to: peer.address)
                _ = try traffic.tell(bytes: 100, count: count)
                return try (0..<plan.runs).map { _ in
                    let before = Machine.processorSeconds + peer.processorSeconds
                    _ = try traffic.tell(bytes: 100, count: count)
                    return (Machine.processorSeconds + peer.processorSeconds - before) / Double(count) * 1e6
                }
            }
            return [Measurement(name: name, unit: "µs", runs: runs, goal: .atMost(1.3))]
        }
    }
}
