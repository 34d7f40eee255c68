import CastyActors
import CastyCluster
public import CastyCore
import CastyMembership
import CastyPlacement
import Synchronization

/// Operator commands for the shards of a type, from any node: the coordinator executes them, and answers.
///
/// Pins, drains and the pause are copied to every region, so they outlive the coordinator.
extension ShardRegion {
    /// Moves a shard to a node, once: if the shards are out of balance afterwards, the next round may move it again.
    ///
    /// Returns when the move has begun. Messages to its entities are not lost meanwhile.
    ///
    /// - Parameters:
    ///   - shard: The shard, 0..<``shardCount``.
    ///   - node: The node to move it to.
    ///   - timeout: How long to wait for the answer.
    /// - Throws: ``ShardCommandError``.
    public func move(shard: Int, to node: NodeAddress, within timeout: Duration = .seconds(10))
        async throws(ShardCommandError)
    {
        try await command(.move(shard: shard, to: node), within: timeout)
    }

    /// Pins a shard to a node: it moves there, and runs there whenever that node hosts shards.
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

    /// Unpins a shard.
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
    /// - Returns: The number of shards that are to leave it.
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

    /// Plans and starts a round of rebalancing now, even while rebalancing is paused.
    ///
    /// - Parameter timeout: How long to wait for the answer.
    /// - Returns: The number of shards that are to move.
    /// - Throws: ``ShardCommandError``.
    @discardableResult
    public func rebalance(within timeout: Duration = .seconds(10)) async throws(ShardCommandError) -> Int {
        try await command(.rebalance, within: timeout)
    }

    /// Stops moves for balance alone until ``resumeRebalancing(within:)``.
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
        let deadline = system.now + timeout
        let patience = system.now + min(timeout, Self.patience)
        while true {
            do {
                return try await attempt(command, within: max(.zero, deadline - system.now))
            } catch {
                guard mayPass(error.code, command), system.now + Self.pause < patience,
                    (try? await system.sleep(for: Self.pause)) != nil
                else { throw error }
            }
        }
    }

    /// Whether a refusal may end by itself: right after its start a node has no coordinator, and the coordinator has
    /// not heard yet of every member that hosts the type.
    private func mayPass(_ code: ShardCommandError.Code, _ command: OperatorCommand) -> Bool {
        if code == .noCoordinator { return true }
        guard code == .noSuchNode, let node = command.node else { return false }
        return host.cluster.state.members.contains { $0.node.address == node }
    }

    /// The time from one attempt to the next.
    private static var pause: Duration { .milliseconds(50) }

    /// How long a refusal that may end by itself is taken for one.
    private static var patience: Duration { .seconds(2) }

    private func attempt(_ command: OperatorCommand, within timeout: Duration) async throws(ShardCommandError) -> Int {
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

extension OperatorCommand {
    /// The node that a shard is to run on; `nil` for other commands.
    fileprivate var node: NodeAddress? {
        switch self {
        case .move(_, let node), .pin(_, let node): node
        case .unpin, .drain, .undrain, .rebalance, .pause, .resume: nil
        }
    }
}

/// A caller that waits for an answer, and is resumed once: with it, or without.
private final class WaitingOperator: Sendable {
    private let continuation: Mutex<CheckedContinuation<CommandAnswer?, Never>?>

    init(_ continuation: CheckedContinuation<CommandAnswer?, Never>) {
        self.continuation = Mutex(continuation)
    }

    func resume(with answer: CommandAnswer?) {
        continuation.withLock { $0.take() }?.resume(returning: answer)
    }
}
