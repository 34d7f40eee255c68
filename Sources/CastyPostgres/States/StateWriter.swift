import CastySharding
import Dispatch

/// Sends changes to the server: all that wait go into one transaction, and share its sync.
final class StateWriter: Sendable {
    private let lane: PostgresLane
    private let statements: Statements
    private let limit: Duration
    /// The tokens that the server has confirmed. It is asked again with each change, so this only saves work.
    private let raised = ConfirmedTokens()
    private let batches: Batches<StateChange>

    init(_ lane: PostgresLane, _ statements: Statements, limit: Duration) {
        (self.lane, self.statements, self.limit) = (lane, statements, limit)
        let attempt = Attempt(lane: lane, statements: statements)
        let raised = raised
        batches = Batches(lane, limit: 256) { changes in
            let changes = Self.alive(changes)
            guard !changes.isEmpty else { return [] }
            for (change, result) in zip(changes, attempt.write(changes, raised)) {
                change.done.resume(returning: result)
            }
            return []
        }
    }

    /// The changes whose time is not over. The others fail without being sent: the server would make them when their
    /// callers have given up, and those behind them would be late in turn.
    private static func alive(_ changes: [StateChange]) -> [StateChange] {
        let now = DispatchTime.now()
        return changes.filter { change in
            if now < change.deadline { return true }
            let error = EntityStoreError(
                .unavailable, "the server has taken all the time limit for changes before this one, which was not sent")
            change.done.resume(returning: .failure(error))
            return false
        }
    }

    /// The number of transactions until now, and of the changes in them.
    var counts: (batches: Int, items: Int) { batches.counts }

    /// Raises the token of a shard, unless the server has confirmed it before.
    func raise(_ fence: ShardFence, for key: EntityKey) async throws(EntityStoreError) {
        if raised[TokenShard(key)] == fence { return }
        try await change(.token, key, fence)
    }

    /// The server does not know the token any more.
    func forget(_ key: EntityKey) { raised[TokenShard(key)] = nil }

    /// Saves a state, or that there is none.
    func put(_ state: [UInt8]?, for key: EntityKey, _ fence: ShardFence) async throws(EntityStoreError) {
        try await change(.state(state), key, fence)
    }

    /// Makes a change, together with others that wait.
    func change(_ kind: StateChange.Kind, _ key: EntityKey, _ fence: ShardFence) async throws(EntityStoreError) {
        let number = ChangeNumbers.next()
        let deadline = DispatchTime.after(limit)
        let result = await withUnsafeContinuation { continuation in
            batches.add(
                StateChange(
                    kind: kind, key: key, fence: fence, number: number, deadline: deadline, done: continuation))
        }
        try result.get()
    }
}
