import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import CastySharding

/// Measures sharding over loopback TCP: messages from one node to entities on two others.
enum ShardBench {
    static var cases: [BenchCase] {
        let bench = TrafficBench(group: .shards, receivers: "entities elsewhere") { codec, body in
            let nodes = try ShardNodes(3, codec: codec)
            defer { nodes.end() }
            return try body(try traffic(nodes.nodes))
        }
        return [
            bench.tell(.json, count: 200_000, goal: 75e3, peer: python(4200)),
            bench.tell(.binary, count: 1_000_000, goal: 250e3, peer: python(4200)),
            bench.askAlone(p50: 60, p99: 150, peers: (python(710), python(8600))),
            bench.askTogether(200_000, quick: 50_000, goal: 100e3, peer: python(1200)),
        ]
    }

    private static func python(_ value: Double) -> Measurement.Peer {
        Measurement.Peer(name: "Casty for Python v1", value: value)
    }

    /// Each batch goes to one entity, and so does each question.
    static func traffic(_ nodes: [ShardNode]) throws -> Traffic {
        let sinks = try nodes.map { try $0.sinks() }[0]
        let oracles = try nodes.map { try $0.oracles() }[0]
        for type in ["sink", "oracle"] {
            try Machine.wait("not every region of \(type) is registered") {
                nodes.allSatisfy { $0.system.snapshot().sharding.first { $0.type == type }?.registered == true }
            }
        }
        // With a receipt, so that the entities restart their counts.
        let ignorer = try nodes[0].system.spawn(Behavior<Receipt>.ignore)
        let farSinks = try settle("sink", nodes) { sinks.tell($0, Parcel(text: "", receipt: ignorer)) }
        let farOracles = try settle("oracle", nodes) { name in
            oracles.ask(name, within: .seconds(10), { Question(number: 0, replyTo: $0) }) { (_: Result<Answer, _>) in }
        }
        return Traffic(
            system: nodes[0].system,
            tell: { batch, parcel in sinks.tell(farSinks[batch % farSinks.count], parcel) },
            ask: { context, caller, number in
                let me = context.`self`
                oracles.ask(
                    farOracles[(number + caller) % farOracles.count], within: .seconds(10),
                    { Question(number: number, replyTo: $0) }, completion: { me.tell(.answered($0)) })
            })
    }

    /// Starts entities; returns those on nodes other than the first.
    private static func settle(_ type: String, _ nodes: [ShardNode], touch: (String) -> Void) throws -> [String] {
        let names = (1...192).map { "\(type)-\($0)" }
        for name in names { touch(name) }
        func far() -> [String] { names.filter { !nodes[0].sharding.hosts($0, type: type) } }
        // A node that was slow to answer gets its share by rebalancing.
        try Machine.wait("not all entities of \(type) run, or fewer than 64 elsewhere") {
            far().count >= 64
                && names.allSatisfy { name in nodes.contains { $0.sharding.hosts(name, type: type) } }
        }
        return far()
    }
}
