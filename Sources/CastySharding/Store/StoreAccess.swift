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
    private let times: StoreTimes?
    /// How long a call may take.
    private let limit: Duration
    /// The token of this moment; `nil` when this node may not act for the shard.
    private let fence: @Sendable () -> ShardFence?

    package init(
        _ store: any EntityStore, key: EntityKey, system: ActorSystem, times: StoreTimes? = nil, limit: Duration,
        fence: @escaping @Sendable () -> ShardFence?
    ) {
        self.store = store
        self.key = key
        self.system = system
        self.times = times
        self.limit = limit
        self.fence = fence
    }

    /// Runs a call with the present token.
    ///
    /// A change is acknowledged only if this node may still act for the shard when the store has answered.
    func run<Value: Sendable>(changing: Bool, _ call: @escaping Call<Value>) async throws(EntityStoreError) -> Value {
        guard let token = fence() else { throw moved(isOutcomeUnknown: false) }
        let (store, key) = (store, key)
        let began = times?.begin()
        let value: Value
        do throws(EntityStoreError) {
            value = try await bounded { () async throws(EntityStoreError) in try await call(store, key, token) }
            times?.end(changing ? .save : .load, of: key.type, since: began, hasFailed: false)
        } catch {
            times?.end(changing ? .save : .load, of: key.type, since: began, hasFailed: true)
            throw error
        }
        guard fence() != nil else { throw moved(isOutcomeUnknown: changing) }
        return value
    }

    private func moved(isOutcomeUnknown: Bool) -> EntityStoreError {
        EntityStoreError(
            .stale, "\(key.id) may run on another node by now", isOutcomeUnknown: isOutcomeUnknown)
    }

    private func bounded<Value: Sendable>(
        _ call: @escaping @Sendable () async throws(EntityStoreError) -> Value
    ) async throws(EntityStoreError) -> Value {
        let answer = FirstAnswer<Value>()
        let (system, limit, id) = (system, limit, key.id)
        let result = await withUnsafeContinuation { continuation in
            answer.await(continuation)
            let timer = system.world.scheduler.schedule(after: limit) {
                answer.give(
                    .failure(EntityStoreError(.timeout, "the store has not answered for \(id) within \(limit)")))
            }
            Task(executorPreference: system.tasks) {
                let result: Result<Value, EntityStoreError>
                do throws(EntityStoreError) {
                    result = .success(try await call())
                } catch {
                    result = .failure(error)
                }
                timer.cancel()
                answer.give(result)
            }
        }
        return try result.get()
    }
}

/// The first of two answers: that of the store, or that of its time limit.
private final class FirstAnswer<Value: Sendable>: Sendable {
    private typealias Continuation = UnsafeContinuation<Result<Value, EntityStoreError>, Never>

    private let waiting = Mutex<Continuation?>(nil)

    func await(_ continuation: UnsafeContinuation<Result<Value, EntityStoreError>, Never>) {
        waiting.withLock { $0 = continuation }
    }

    func give(_ result: Result<Value, EntityStoreError>) {
        let continuation = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        continuation?.resume(returning: result)
    }
}
