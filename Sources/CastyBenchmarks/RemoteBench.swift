import CastyActors
import CastyCore
import CastySerialization

/// Measures two processes over loopback TCP: this one, and a second instance of it.
enum RemoteBench {
    static var cases: [BenchCase] {
        let bench = TrafficBench(group: .remote, receivers: "another process") { codec, body in
            let peer = try PeerProcess(codec: codec)
            defer { peer.end() }
            let node = try RemoteNode(codec: codec)
            defer { node.end() }
            return try body(traffic(from: node, to: peer.address))
        }
        return [
            bench.tell(.json, count: 200_000, goal: 150e3), bench.tell(.binary, count: 2_000_000, goal: 1.5e6),
            bench.tell(.binary, "1 KB", bytes: 1000, count: 1_000_000, goal: 500e3), bench.askAlone(p50: 40, p99: 100),
            bench.askTogether(300_000, quick: 60_000, goal: 150e3),
        ]
    }

    static func traffic(from node: RemoteNode, to peer: NodeAddress) -> Traffic {
        let sink = node.reference("sink", at: peer, as: Parcel.self)
        let oracle = node.reference("oracle", at: peer, as: Question.self)
        return Traffic(
            system: node.system, tell: { _, parcel in sink.tell(parcel) },
            ask: { context, _, number in
                context.ask(oracle, within: .seconds(10), { Question(number: number, replyTo: $0) }, { .answered($0) })
            })
    }
}
