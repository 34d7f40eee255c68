import CastyActors
public import CastyCore
import CastyPlacement
import Synchronization

/// What an operator may do with the shards of a type, from any node: the coordinator does it, and answers.
///
/// What lasts, pins, drains and the pause, is copied to every region and outlives the coordinator.
extension ShardRegion {
    /// Moves a shard to a node, once: where the shards are out of balance then, the next round may move it again.
    ///
    /// Returns when the move has begun; nothing of what its entities are told meanwhile is lost.
    ///
    /// - Parameters:
    ///   - shard: The shard, 0..<``shardCount``.
    ///   - node: The node that shall host it.
    ///   - timeout: How long to wait for the answer.
    /// - Throws: ``ShardCommandError``.
    public func move(shard: Int, to node: NodeAddress, within timeout: Duration = .seconds(10))
        async throws(ShardCommandError)
    {
        try await command(.move(shard: shard, to: node), within: timeout)
    }

    /// Ties a shard to a node: it moves there, and whenever that node hosts shards it lives there.
    ///
    /// - Parameters:
    ///   - shard: The shard, 0..<``shardCount``.
    ///   - node: The node; also its later incarnations at the same address.
    ///   - timeout: How long to wait for the answer.
    /// - Throws: ``ShardCommandError``.
    public func pin(shard: Int, to node: NodeAddress, within timeout: Duration = .seconds(10))
        async throws(ShardCommandError)
    {
        try await command(.pin(shard: shard, to: node), within: timeout)
    }

    /// Unties a shard.
    ///
    /// - Parameters:
    ///   - shard: The shard, 0..<``shardCount``.
    ///   - timeout: How long to wait for the answer.
    /// - Throws: ``ShardCommandError``.
    public func unpin(shard: Int, within timeout: Duration = .seconds(10)) async throws(ShardCommandError) {
        try await command(.unpin(shard: shard), within: timeout)
    }

    /// Moves all shards off a node, and gives it none until it is undrained or restarted.
    ///
    /// - Parameters:
    ///   - node: The node.
    ///   - timeout: How long to wait for the answer.
    /// - Returns: How many shards are to leave it.
    /// - Throws: ``ShardCommandError``.
    @discardableResult
    public func drain(_ node: NodeAddress, within timeout: Duration = .seconds(10)) async throws(ShardCommandError)
        -> Int
    {
        try await command(.drain(node), within: timeout)
    }

    /// Lets a drained node host shards again.
    ///
    /// - Parameters:
    ///   - node: The node.
    ///   - timeout: How long to wait for the answer.
    /// - Throws: ``ShardCommandError``.
    public func undrain(_ node: NodeAddress, within timeout: Duration = .seconds(10)) async throws(ShardCommandError) {
        try await command(.undrain(node), within: timeout)
    }

    /// Plans and begins a round of rebalancing now, also while it is paused.
    ///
    /// - Parameter timeout: How long to wait for the answer.
    /// - Returns: How many shards are to move.
    /// - Throws: ``ShardCommandError``.
    @discardableResult
    public func rebalance(within timeout: Duration = .seconds(10)) async throws(ShardCommandError) -> Int {
        try await command(.rebalance, within: timeout)
    }

    /// Lets no shard move for balance alone until ``resumeRebalancing(within:)``.
    ///
    /// - Parameter timeout: How long to wait for the answer.
    /// - Throws: ``ShardCommandError``.
    public func pauseRebalancing(within timeout: Duration = .seconds(10)) async throws(ShardCommandError) {
        try await command(.pause, within: timeout)
    }

    /// Lets shards move for balance again.
    ///
    /// - Parameter timeout: How long to wait for the answer.
    /// - Throws: ``ShardCommandError``.
    public func resumeRebalancing(within timeout: Duration = .seconds(10)) async throws(ShardCommandError) {
        try await command(.resume, within: timeout)
    }

    @discardableResult
    private func command(_ command: OperatorCommand, within timeout: Duration) async throws(ShardCommandError) -> Int {
        let (scheduler, actor) = (system.world.scheduler, actor)
        let answer: CommandAnswer? = await withCheckedContinuation { continuation in
            let waiting = WaitingOperator(continuation)
            let timer = scheduler.schedule(after: timeout) { waiting.resume(with: nil) }
            actor.tell(
                .command(command) { answer in
                    timer.cancel()
                    waiting.resume(with: answer)
                })
        }
        switch answer {
        case .accepted(let moves)?: return moves
        case .refused(let refusal)?: throw ShardCommandError(refusal)
        case nil: throw ShardCommandError(.timedOut, "no coordinator has answered within \(timeout)")
        }
    }
}

/// Who waits for an answer, and goes on once: with it, or without.
private final class WaitingOperator: Sendable {
    private let continuation: Mutex<CheckedContinuation<CommandAnswer?, Never>?>

    init(_ continuation: CheckedContinuation<CommandAnswer?, Never>) {
        self.continuation = Mutex(continuation)
    }

    func resume(with answer: CommandAnswer?) {
        continuation.withLock { $0.take() }?.resume(returning: answer)
    }
}
