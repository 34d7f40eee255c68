import CastyCluster
import CastyCore
import CastyMembership
import Synchronization

/// Lets tasks wait until a node is up, or has ended.
final class NodeWatch: Sendable {
    /// How a wait ended.
    enum Outcome: Sendable {
        case isUp, ended, timedOut, cancelled
    }

    private struct State {
        var hasEnded = false
        var waiting: [Int: CheckedContinuation<Outcome, Never>] = [:]
        var cancelled: Set<Int> = []
        var next = 0
        var lookupProblem: String?
    }

    private let cluster: Cluster
    private let state = Mutex(State())

    init(_ cluster: Cluster) {
        self.cluster = cluster
        cluster.follow { [weak self] in self?.look() }
    }

    /// Why no seed is known yet.
    var lookupProblem: String? {
        get { state.withLock { $0.lookupProblem } }
        set { state.withLock { $0.lookupProblem = newValue } }
    }

    private var isUp: Bool {
        switch cluster.state.member(cluster.system.unique)?.status {
        case .up?, .weaklyUp?: true
        case .joining?, .leaving?, .exiting?, .down?, nil: false
        }
    }

    func wait(within limit: Duration) async -> Outcome {
        let number = state.withLock { state in
            defer { state.next += 1 }
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let wasCancelled = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return true }
                    state.waiting[number] = continuation
                    return false
                }
                if wasCancelled { return continuation.resume(returning: .cancelled) }
                _ = cluster.system.world.scheduler.schedule(after: limit) { [weak self] in
                    self?.end(number, .timedOut)
                }
                look()
            }
        } onCancel: {
            if !end(number, .cancelled) { state.withLock { _ = $0.cancelled.insert(number) } }
        }
    }

    /// Ends waits whose condition holds.
    private func look() {
        let isUp = isUp
        let (hasEnded, numbers) = state.withLock { ($0.hasEnded, $0.waiting.keys.sorted()) }
        guard !numbers.isEmpty, isUp || hasEnded else { return }
        for number in numbers { end(number, hasEnded ? .ended : .isUp) }
    }

    func ended() {
        state.withLock { $0.hasEnded = true }
        look()
    }

    @discardableResult
    private func end(_ number: Int, _ outcome: Outcome) -> Bool {
        let continuation = state.withLock { $0.waiting.removeValue(forKey: number) }
        continuation?.resume(returning: outcome)
        return continuation != nil
    }
}
