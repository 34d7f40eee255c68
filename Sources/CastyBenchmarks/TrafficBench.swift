import CastySerialization

/// The benchmarks of messages to one kind of receiver on another node.
struct TrafficBench {
    let group: BenchGroup
    /// The receivers, in words.
    let receivers: String
    /// Starts the nodes with a codec, measures, and ends the nodes.
    let with: (CodecID, (Traffic) throws -> Void) throws -> Void

    func tell(
        _ codec: CodecID, _ size: String = "100 bytes", bytes: Int = 100, count: Int, goal: Double,
        peer: Measurement.Peer? = nil
    ) -> BenchCase {
        let name = "tell to \(receivers), \(size), \(codec == .json ? "JSON" : "binary")"
        return BenchCase(group, name) { plan in
            let count = plan.amount(count, quick: count / 5)
            var runs: [Double] = []
            try with(codec) { traffic in
                _ = try traffic.tell(bytes: bytes, count: count)
                runs = try (0..<plan.runs).map { _ in try traffic.tell(bytes: bytes, count: count) }
            }
            return [Measurement(name: name, unit: "messages/s", runs: runs, goal: .atLeast(goal), peer: peer)]
        }
    }

    /// The latency that one caller sees.
    func askAlone(
        p50: Double, p99: Double, peers: (p50: Measurement.Peer, p99: Measurement.Peer)? = nil
    ) -> BenchCase {
        let name = "ask \(receivers), one caller"
        return BenchCase(group, name) { plan in
            let count = plan.amount(20_000, quick: 5000)
            var runs: [LatencyHistogram] = []
            try with(.binary) { traffic in
                _ = try traffic.ask(callers: 1, count: count)
                runs = try (0..<plan.runs).map { _ in try traffic.ask(callers: 1, count: count).latencies }
            }
            return LatencyHistogram.rows(name, runs, p50: p50, p99: p99, peers: peers)
        }
    }

    /// The throughput of 64 callers, and the latency that each of them sees.
    func askTogether(_ count: Int, quick: Int, goal: Double, peer: Measurement.Peer? = nil) -> BenchCase {
        let name = "ask \(receivers), 64 callers"
        return BenchCase(group, name) { plan in
            let count = plan.amount(count, quick: quick)
            var runs: [(latencies: LatencyHistogram, seconds: Double)] = []
            try with(.binary) { traffic in
                _ = try traffic.ask(callers: 64, count: count)
                runs = try (0..<plan.runs).map { _ in try traffic.ask(callers: 64, count: count) }
            }
            let rates = runs.map { Double($0.latencies.count) / $0.seconds }
            return [Measurement(name: name, unit: "calls/s", runs: rates, goal: .atLeast(goal), peer: peer)]
                + LatencyHistogram.rows(name, runs.map(\.latencies))
        }
    }
}
