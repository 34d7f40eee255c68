package import CastyActors
import CastyCore
import Synchronization

/// How one incarnation of an entity reaches its store: fenced, and for a bounded time.
package struct StoreAccess: Sendable {
    /// One call of the store.
    typealias Call<Value: Sendable> =
        @Sendable (any EntityStore, EntityKey, ShardFence) async throws(EntityStoreError) -> Value

    let store: any EntityStore
    private let key: EntityKey
    private let system: ActorSystem
    private let calls: StoreCalls
    private let times: StoreTimes?
    /// How long a call may take, with the time it waits for an earlier one.
    private let limit: Duration
    /// The token of this moment; `nil` when this node may not act for the shard.
    private let fence: @Sendable () -> ShardFence?

    package init(
        _ store: any EntityStore, key: EntityKey, system: ActorSystem, calls: StoreCalls, times: StoreTimes? = nil,
        limit: Duration, fence: @escaping @Sendable () -> ShardFence?
    ) {
        self.store = store
        self.key = key
        self.system = system
        self.calls = calls
        self.times = times
        self.limit = limit
        self.fence = fence
    }

    /// Runs a call with the present token, after any earlier one of the entity.
    ///
    /// A change is acknowledged only if this node may still act for the shard when the store has answered.
    func run<Value: Sendable>(changing: Bool, _ call: @escaping Call<Value>) async throws(EntityStoreError) -> Value {
        let began = times?.begin()
        let result = await bounded(changing: changing, call)
        let hasFailed = if case .failure = result { true } else { false }
        times?.end(changing ? .save : .load, of: key.type, since: began, hasFailed: hasFailed)
        let value = try result.get()
        guard fence() != nil else { throw moved(isOutcomeUnknown: changing) }
        return value
    }

    private func moved(isOutcomeUnknown: Bool) -> EntityStoreError {
        EntityStoreError(
            .stale, "\(key.id) may run on another node by now", isOutcomeUnknown: isOutcomeUnknown)
    }

    private func bounded<Value: Sendable>(
        changing: Bool, _ call: @escaping Call<Value>
    ) async -> Result<Value, EntityStoreError> {
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
            return .success(try await call(store, key, token))
        } catch {
            return .failure(error)
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
