import CastySharding
import Dispatch

/// Writes changes in one transaction, and says of each whether it counts. Runs on the lane's thread.
struct Attempt: Sendable {
    private typealias Answer = Result<Void, EntityStoreError>

    /// A token under which changes of the batch are made, and how the server is asked for it.
    private struct Token {
        let key: EntityKey
        let fence: ShardFence
        let isRaised: Bool
    }

    let lane: PostgresLane
    let statements: Statements

    /// Writes changes together; if the server refuses that, each on its own, so that one that cannot be written fails
    /// alone.
    ///
    /// The time limit of the last one is that of all.
    func write(_ changes: [StateChange], _ raised: ConfirmedTokens) -> [Result<Void, EntityStoreError>] {
        let deadline = changes.map(\.deadline).max() ?? .now()
        return write(changes, raised, by: deadline, isSecond: false)
    }

    private func write(
        _ changes: [StateChange], _ raised: ConfirmedTokens, by deadline: DispatchTime, isSecond: Bool
    ) -> [Answer] {
        var results: [Answer]
        do throws(PostgresError) {
            results = try transact(changes, raised, by: deadline).map { isDone in
                isDone ? .success(()) : .failure(EntityStoreError(.unavailable, "the change was not made"))
            }
        } catch {
            guard changes.count > 1, error.state != nil, !error.endsConnection else {
                return changes.map { .failure(error.storeError(isChange: $0.isWrite)) }
            }
            return changes.flatMap { write([$0], raised, by: deadline, isSecond: isSecond) }
        }
        for (index, change) in changes.enumerated() {
            guard case .failure = results[index] else { continue }
            do throws(EntityStoreError) {
                if try isMade(change, by: deadline) {
                    results[index] = .success(())
                } else {
                    // The server has lost the token, as a copy may that has taken over: it is raised anew, once.
                    raised[change.shard] = nil
                    if !isSecond { results[index] = write([change], raised, by: deadline, isSecond: true)[0] }
                }
            } catch {
                results[index] = .failure(error)
            }
        }
        return results
    }

    /// Runs the transaction.
    ///
    /// - Returns: Whether each change was made. All locks on tokens are taken first, in the order of the shards, so that
    ///   two transactions do not wait for each other.
    private func transact(
        _ changes: [StateChange], _ raised: ConfirmedTokens, by deadline: DispatchTime
    ) throws(PostgresError) -> [Bool] {
        let tokens = tokens(of: changes, raised)
        var all: [Statement] = []
        for type in Set(tokens.filter { !$0.isRaised }.map(\.key.type)).sorted() {
            all.append(statements.lockType(type))
        }
        var asked: [(token: Token, index: Int)] = []
        for token in tokens {
            if !token.isRaised { all.append(statements.dropOtherLayouts(token.fence, for: token.key)) }
            asked.append((token, all.count))
            all.append(
                token.isRaised
                    ? statements.hold(token.fence, for: token.key) : statements.raise(token.fence, for: token.key))
        }
        var deciding: [Int] = []
        for change in changes {
            deciding.append(all.count)
            all += change.statements(statements)
        }
        let rows = try lane.run(all, by: deadline)
        var holding: [TokenShard: ShardFence] = [:]
        for (token, index) in asked where !rows[index].isEmpty {
            holding[TokenShard(token.key)] = token.fence
            raised[TokenShard(token.key)] = token.fence
        }
        return zip(changes, deciding).map { change, index in
            change.isWrite ? !rows[index].isEmpty : holding[change.shard] == change.fence
        }
    }

    /// The tokens of the changes, each once, in the order of their shards.
    private func tokens(of changes: [StateChange], _ raised: ConfirmedTokens) -> [Token] {
        var seen: Set<[String]> = []
        let tokens = changes.compactMap { change -> Token? in
            let name = [change.key.type, "\(change.key.shards)", "\(change.key.shard)", "\(change.fence)"]
            guard seen.insert(name + ["\(change.fence.cluster)"]).inserted else { return nil }
            return Token(key: change.key, fence: change.fence, isRaised: raised[change.shard] == change.fence)
        }
        return tokens.sorted { left, right in
            let (first, second) = (TokenShard(left.key), TokenShard(right.key))
            return first == second ? left.fence.isSuperseded(by: right.fence) : first < second
        }
    }

    /// Finds out why a change was not made.
    ///
    /// - Returns: Whether it had been made before, by a transaction whose answer was lost. If not, no token stands in the
    ///   way.
    /// - Throws: ``EntityStoreError``.
    private func isMade(_ change: StateChange, by deadline: DispatchTime) throws(EntityStoreError) -> Bool {
        let (known, head): (ShardFence?, Rows)
        do throws(PostgresError) {
            let rows = try lane.run(
                [statements.highest(for: change.key), statements.head(of: change.key)], by: deadline)
            (known, head) = (rows[0].token(), rows[1])
        } catch {
            throw error.storeError(isChange: change.isWrite)
        }
        if case .append = change.kind, head.number(1) == change.number { return true }
        guard let known else { return false }
        guard known.cluster == change.fence.cluster else { throw .foreign(known, change.fence) }
        if change.fence.isSuperseded(by: known) { throw .stale(change.key, change.fence, known) }
        guard known == change.fence else { return false }
        switch change.kind {
        case .token, .deleteEvents: return false
        case .state, .running:
            throw EntityStoreError(.stale, "a later change of \(change.key.id) has been saved under the same token")
        case .append(_, let sequence, _):
            throw .conflict(change.key, after: sequence, last: head.number(0) ?? 0)
        }
    }
}
