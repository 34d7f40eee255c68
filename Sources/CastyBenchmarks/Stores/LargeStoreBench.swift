import CastyCore
import CastySharding
import Dispatch
import Synchronization

/// Ten million states in one store: how long they take to write, how large they are, and how long one takes to be read.
enum LargeStoreBench {
    /// How many states are saved at the same time.
    private static let together = 2048
    private static let fence = ShardFence(cluster: ClusterID(high: 0, low: 1), upNumber: 1, start: 1, sequence: 1)

    static func cases(_ stores: BenchStores) -> [BenchCase] {
        [
            BenchCase(.store, "large: ten million states") { plan in
                let count = plan.amount(10_000_000, quick: 100_000)
                let saved = Shared(0)
                let written = Stopwatch()
                try run(together) { worker in
                    for number in stride(from: worker, to: count, by: together) {
                        let state = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 100)
                        try await stores.entities.save(state, for: key(number), fence: fence)
                        let done = saved.value.wrappingAdd(1, ordering: .relaxed).newValue
                        if done.isMultiple(of: 500_000) { plan.progress("store: \(done) of \(count) states …") }
                    }
                }
                let seconds = written.seconds
                let size = stores.size()
                let latencies = LatencyHistogram.Sum()
                try run(1) { _ in
                    var (number, histogram) = (1, LatencyHistogram())
                    for _ in 0..<20_000 {
                        // Steps by a prime reach all parts of the store.
                        number = (number + 7_368_787) % count
                        let watch = Stopwatch()
                        let state = try await stores.entities.load(key(number), fence: fence)
                        histogram.record(nanoseconds: watch.nanoseconds)
                        guard state?.count == 100 else { throw BenchError("state \(number) is missing") }
                    }
                    latencies.add(histogram)
                }
                let name = "\(Measurement.text(Double(count))) states"
                return [
                    Measurement(name: name + ": saves", unit: "/s", runs: [Double(count) / seconds]),
                    Measurement(name: name + ": time", unit: "s", runs: [seconds]),
                ]
                    + (size.map { [Measurement(name: name + ": size", unit: "MB", runs: [Double($0) / 1e6])] } ?? [])
                    + Array(LatencyHistogram.rows(name + ": load", [latencies.value]).prefix(2))
            }.onRequest()
        ]
    }

    private static func key(_ number: Int) -> EntityKey {
        EntityKey(type: "bench-large", id: "bench-large-\(number)", shards: 24)
    }

    private static func run(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void) throws {
        let (done, failure) = (DispatchSemaphore(value: 0), Failure())
        for worker in 0..<count {
            Task.detached {
                do { try await body(worker) } catch { failure.note(error) }
                done.signal()
            }
        }
        for _ in 0..<count { done.wait() }
        try failure.check()
    }
}
