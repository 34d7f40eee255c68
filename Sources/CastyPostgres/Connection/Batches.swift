import Synchronization

/// Collects what comes while a lane is at work, and hands it over together: many callers share one round trip, and one
/// sync of the server's disk.
final class Batches<Item: Sendable>: Sendable {
    private struct State {
        var waiting: [Item] = []
        var isAtWork = false
        var batches = 0
        var items = 0
    }

    private let lane: PostgresLane
    private let limit: Int
    private let work: @Sendable ([Item]) -> [Item]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limit: The most items of a batch.
    ///   - work: Does one batch, on the lane's thread, and gives the items that must come again, behind those that wait.
    init(_ lane: PostgresLane, limit: Int, work: @escaping @Sendable ([Item]) -> [Item]) {
        self.lane = lane
        self.limit = limit
        self.work = work
    }

    /// Adds an item to the next batch.
    func add(_ item: Item) {
        let begins = state.withLock { state in
            state.waiting.append(item)
            defer { state.isAtWork = true }
            return !state.isAtWork
        }
        if begins { lane.begin { self.workOff() } }
    }

    /// The number of batches until now, and of the items in them.
    var counts: (batches: Int, items: Int) { state.withLock { ($0.batches, $0.items) } }

    /// The number of items that wait for a batch.
    var waiting: Int { state.withLock { $0.waiting.count } }

    private func workOff() {
        let batch = state.withLock { state in
            let batch = Array(state.waiting.prefix(limit))
            state.waiting.removeFirst(batch.count)
            state.isAtWork = !batch.isEmpty
            state.batches += batch.isEmpty ? 0 : 1
            state.items += batch.count
            return batch
        }
        guard !batch.isEmpty else { return }
        let again = work(batch)
        if !again.isEmpty { state.withLock { $0.waiting += again } }
        lane.begin { self.workOff() }
    }
}
