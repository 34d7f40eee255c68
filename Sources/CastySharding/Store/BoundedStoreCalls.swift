import CastyActors
import CastyCore
import Synchronization

/// Calls of a store for one key: one after the other, each fenced and for a bounded time.
struct BoundedStoreCalls: Sendable {
    /// One call of the store.
    typealias Call<Value: Sendable> = @Sendable (EntityKey, ShardFence) async throws(EntityStoreError) -> Value

    let key: EntityKey
    let system: ActorSystem
    let calls: StoreCalls
    /// How long a call may take, with the time it waits for an earlier one.
    let limit: Duration
    /// The token of this moment; `nil` when this node may not act for the shard.
    let fence: @Sendable () -> ShardFence?

    func moved(isOutcomeUnknown: Bool) -> EntityStoreError {
        EntityStoreError(
            .stale, "\(key.id) may run on another node by now", isOutcomeUnknown: isOutcomeUnknown)
    }

    /// Runs a call with the present token, after any earlier one of the key; gives it up after the limit.
    func run<Value: Sendable>(_ call: @escaping Call<Value>) async -> Result<Value, EntityStoreError> {
        let answer = FirstAnswer<Value>()
        let (calls, key) = (calls, key)
        let ticket = calls.ticket()
        return await withUnsafeContinuation { continuation in
            answer.await(continuation)
            let timer = system.world.scheduler.schedule(after: limit) { [self] in
                guard let hasBegun = answer.giveUp(with: { .failure(late(hasBegun: $0)) }) else { return }
                if !hasBegun { calls.giveUp(key, ticket) }
            }
            // Not in the entity's own task, which is given up with its incarnation: whatever happens to that, the call
            // runs to its end, and lets the next one begin.
            Task(executorPreference: system.tasks) { [self] in
                // Without a suspension when the entity has no other call: the usual case costs no turn more.
                var mayBegin = calls.enter(key, ticket)
                if mayBegin == nil { mayBegin = await calls.wait(key, ticket) }
                guard mayBegin == true else { return }
                let result = await perform(call, for: answer)
                timer.cancel()
                answer.give(result)
                calls.leave(key)
            }
        }
    }

    private func perform<Value>(
        _ call: Call<Value>, for answer: FirstAnswer<Value>
    ) async -> Result<Value, EntityStoreError> {
        // The token of the moment in which the store is called.
        guard answer.begin(), let token = fence() else { return .failure(moved(isOutcomeUnknown: false)) }
        do throws(EntityStoreError) {
            return .success(try await call(key, token))
        } catch {
            // A new coordinator has confirmed this owner meanwhile, and another call of the shard came first with the
            // higher token. What was surely not done is done under that one.
            guard error.code == .stale, !error.isOutcomeUnknown, let later = fence(), token.isSuperseded(by: later)
            else { return .failure(error) }
            do throws(EntityStoreError) {
                return .success(try await call(key, later))
            } catch {
                return .failure(error)
            }
        }
    }

    private func late(hasBegun: Bool) -> EntityStoreError {
        hasBegun
            ? EntityStoreError(.timeout, "the store has not answered for \(key.id) within \(limit)")
            : EntityStoreError(
                .unavailable, "the store still works on an earlier call for \(key.id), after \(limit)")
    }
}

/// The first of two answers: that of the store, or that of its time limit.
private final class FirstAnswer<Value: Sendable>: Sendable {
    typealias Continuation = UnsafeContinuation<Result<Value, EntityStoreError>, Never>

    private struct State {
        var waiting: Continuation?
        var hasBegun = false
    }

    private let state = Mutex(State())

    func await(_ continuation: Continuation) {
        state.withLock { $0.waiting = continuation }
    }

    /// Notes that the store is called now.
    ///
    /// - Returns: Whether its answer is still waited for.
    func begin() -> Bool {
        state.withLock { state in
            guard state.waiting != nil else { return false }
            state.hasBegun = true
            return true
        }
    }

    /// Gives an answer, unless there was one.
    func give(_ result: Result<Value, EntityStoreError>) {
        let waiting = state.withLock { state in
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(returning: result)
    }

    /// Answers without the store, unless there was an answer; from then on the store is not called.
    ///
    /// - Parameter result: The answer, given whether the store has been called.
    /// - Returns: Whether the store has been called; `nil` if there was an answer.
    func giveUp(with result: (_ hasBegun: Bool) -> Result<Value, EntityStoreError>) -> Bool? {
        let (waiting, hasBegun) = state.withLock { state in
            defer { state.waiting = nil }
            return (state.waiting, state.hasBegun)
        }
        guard let waiting else { return nil }
        waiting.resume(returning: result(hasBegun))
        return hasBegun
    }
}
