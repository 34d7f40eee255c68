import CastyCore
import CastySharding
import Dispatch
import Synchronization

/// Saves of a store of entities' states: how many a second, and how long one takes.
enum SaveBench {
    static func cases(_ stores: BenchStores) -> [BenchCase] {
        [1, 64].map { entities in
            let name = "save, \(entities) \(entities == 1 ? "entity" : "entities")"
            return BenchCase(.store, name) { plan in
                let saves = plan.amount(200 * (entities + 9), quick: 40 * (entities + 9))
                var (rates, latencies, sizes): ([Double], [LatencyHistogram], [Double]) = ([], [], [])
                // The first run warms up.
                for run in 0...plan.runs {
                    var measured: (rate: Double, latencies: LatencyHistogram)?
                    let size = try stores.groupSize {
                        measured = try saveAll(saves / entities, of: entities, in: stores.entities)
                    }
                    guard run > 0, let measured else { continue }
                    rates.append(measured.rate)
                    latencies.append(measured.latencies)
                    if let size { sizes.append(size) }
                }
                return [Measurement(name: name, unit: "/s", runs: rates)] + LatencyHistogram.rows(name, latencies)
                    + (sizes.isEmpty
                        ? [] : [Measurement(name: name + ", in a transaction", unit: "saves", runs: sizes)])
            }
        }
    }

    /// Saves a state of 100 bytes again and again, for several entities at once, each waiting for its own.
    private static func saveAll(
        _ count: Int, of entities: Int, in store: any EntityStore
    ) throws -> (rate: Double, latencies: LatencyHistogram) {
        let collected = Collected()
        let done = DispatchSemaphore(value: 0)
        let began = DispatchTime.now()
        for entity in 0..<entities {
            Task.detached {
                await saveOne(entity, count, in: store, collected)
                done.signal()
            }
        }
        for _ in 0..<entities { done.wait() }
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - began.uptimeNanoseconds) / 1e9
        if let failure = collected.failure { throw failure }
        return (Double(count * entities) / seconds, collected.latencies)
    }

    private static func saveOne(_ entity: Int, _ count: Int, in store: any EntityStore, _ collected: Collected) async {
        let key = EntityKey(type: "bench", id: "bench-\(entity)", shards: 24)
        let fence = ShardFence(cluster: ClusterID(high: 0, low: 1), upNumber: 1, start: 1, sequence: 1)
        var state = [UInt8](repeating: 7, count: 100)
        for step in 0..<count {
            state[0] = UInt8(truncatingIfNeeded: step)
            let began = DispatchTime.now()
            do throws(EntityStoreError) {
                try await store.save(state, for: key, fence: fence)
            } catch {
                return collected.fail(BenchError("\(error)"))
            }
            let taken = DispatchTime.now().uptimeNanoseconds - began.uptimeNanoseconds
            collected.record(nanoseconds: Int64(clamping: taken))
        }
    }

    /// What the tasks of a run have found.
    private final class Collected: Sendable {
        private let state = Mutex((latencies: LatencyHistogram(), failure: BenchError?.none))

        var latencies: LatencyHistogram { state.withLock { $0.latencies } }
        var failure: BenchError? { state.withLock { $0.failure } }
        func record(nanoseconds: Int64) { state.withLock { $0.latencies.record(nanoseconds: nanoseconds) } }
        func fail(_ error: BenchError) { state.withLock { $0.failure = error } }
    }
}
