import CastyCluster
import Dispatch
import Synchronization

/// Asks whether the store of a node can be reached, on a thread of its own: the store may take long, or hang.
final class StoreProbe: Sendable {
    private typealias Waiting = @Sendable (String?) -> Void

    private struct State {
        var isAsking = false
        var waiting: [(number: UInt64, answer: Waiting)] = []
        var next: UInt64 = 0
    }

    /// How long the store may take.
    private static let patience = DispatchTimeInterval.seconds(2)

    private let store: any ClusterStore
    private let cluster: String
    private let queue = DispatchQueue(label: "casty.store-probe")
    private let state = Mutex(State())

    init(_ store: any ClusterStore, cluster: String) {
        self.store = store
        self.cluster = cluster
    }

    /// Calls back once: with `nil` where the store answers, else with the reason. All who ask meanwhile share a call.
    func check(_ answer: @escaping @Sendable (String?) -> Void) {
        let (number, isFirst) = state.withLock { state -> (UInt64, Bool) in
            state.next += 1
            state.waiting.append((state.next, answer))
            defer { state.isAsking = true }
            return (state.next, !state.isAsking)
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.patience) { [self] in
            take(number)?("the store has not answered within 2 s")
        }
        guard isFirst else { return }
        queue.async { [self] in
            var reason: String?
            do { _ = try store.recallCluster(name: cluster) } catch { reason = "the store cannot be used: \(error)" }
            for waiting in takeAll() { waiting(reason) }
        }
    }

    private func take(_ number: UInt64) -> Waiting? {
        state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.number == number }) else { return nil }
            return state.waiting.remove(at: index).answer
        }
    }

    private func takeAll() -> [Waiting] {
        state.withLock { state in
            state.isAsking = false
            defer { state.waiting = [] }
            return state.waiting.map(\.answer)
        }
    }
}
