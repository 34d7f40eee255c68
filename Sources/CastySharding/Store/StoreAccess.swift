package import CastyActors
import CastyCore

/// How one incarnation of an entity reaches its store: fenced, and for a bounded time.
package struct StoreAccess: Sendable {
    /// One call of the store.
    typealias Call<Value: Sendable> =
        @Sendable (any EntityStore, EntityKey, ShardFence) async throws(EntityStoreError) -> Value

    let store: any EntityStore
    private let calls: BoundedStoreCalls
    private let times: StoreTimes?

    package init(
        _ store: any EntityStore, key: EntityKey, system: ActorSystem, calls: StoreCalls, times: StoreTimes? = nil,
        limit: Duration, fence: @escaping @Sendable () -> ShardFence?
    ) {
        self.store = store
        self.times = times
        self.calls = BoundedStoreCalls(key: key, system: system, calls: calls, limit: limit, fence: fence)
    }

    /// Runs a call with the present token, after any earlier one of the entity.
    ///
    /// A change is acknowledged only if this node may still act for the shard when the store has answered.
    func run<Value: Sendable>(changing: Bool, _ call: @escaping Call<Value>) async throws(EntityStoreError) -> Value {
        let began = times?.begin()
        let store = store
        let result = await calls.run { key, fence throws(EntityStoreError) in try await call(store, key, fence) }
        let hasFailed = if case .failure = result { true } else { false }
        times?.end(changing ? .save : .load, of: calls.key.type, since: began, hasFailed: hasFailed)
        let value = try result.get()
        guard calls.fence() != nil else { throw calls.moved(isOutcomeUnknown: changing) }
        return value
    }
}
