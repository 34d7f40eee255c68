import CastySerialization

/// The benchmarks of messages to one kind of receiver on another node.
struct TrafficBench {
    let group: BenchGroup
    /// The receivers, in words.
    let receivers: String
    /// Starts the nodes with a codec, measures, and ends the nodes.
    let with: (CodecID, (Traffic) throws -> [[Double]]) throws -> [[Double]]

    func tell(
        _ codec: CodecID, _ size: String = "100 bytes", bytes: Int = 100, count: Int, goal: Double,
        peer: Measurement.Peer? = nil
    ) -> BenchCase {
        let name = "tell to \(receivers), \(size), \(codec == .json ? "JSON" : "binary")"
        return BenchCase(group, name) { plan in
            let count = plan.amount(count, quick: count / 5)
            let runs = try with(codec) { traffic in
                _ = try traffic.tell(bytes: bytes, count: count)
                return [try (0..<plan.runs).map { _ in try traffic.tell(bytes: bytes, count: count) }]
            }
            return [Measurement(name: name, unit: "messages/s", runs: runs[0], goal: .atLeast(goal), peer: peer)]
        }
    }

    /// The latency that one caller sees.
    func askAlone(
        p50: Double, p99: Double, peers: (p50: Measurement.Peer, p99: Measurement.Peer)? = nil
    ) -> BenchCase {
        let name = "ask \(receivers), one caller"
        return BenchCase(group, name) { plan in
            let count = plan.amount(20_000, quick: 5000)
            let runs = try with(.binary) { traffic in
                _ = try traffic.ask(callers: 1, count: count)
                return try (0..<plan.runs).map { _ in try traffic.ask(callers: 1, count: count).times.sorted() }
            }
            return [
                Measurement(
                    name: "\(name), p50", unit: "µs", runs: runs.map { $0.quantile(0.5) }, goal: .atMost(p50),
                    peer: peers?.p50),
                Measurement(
                    name: "\(name), p99", unit: "µs", runs: runs.map { $0.quantile(0.99) }, goal: .atMost(p99),
                    peer: peers?.p99),
            ]
        }
    }

    /// The throughput of 64 callers.
    func askTogether(_ count: Int, quick: Int, goal: Double, peer: Measurement.Peer? = nil) -> BenchCase {
        let name = "ask \(receivers), 64 callers"
        return BenchCase(group, name) { plan in
            let count = plan.amount(count, quick: quick)
            let runs = try with(.binary) { traffic in
                _ = try traffic.ask(callers: 64, count: count)
                return [
                    try (0..<plan.runs).map { _ in
                        let (times, seconds) = try traffic.ask(callers: 64, count: count)
                        return Double(times.count) / seconds
                    }
                ]
            }
            return [Measurement(name: name, unit: "calls/s", runs: runs[0], goal: .atLeast(goal), peer: peer)]
        }
    }
}
