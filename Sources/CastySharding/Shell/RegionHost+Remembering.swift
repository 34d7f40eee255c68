import CastyActors
import CastyCluster
import CastyCore
import CastyPlacement

extension RegionHost {
    /// The most entities that one call of the store reads.
    private static let pageLimit = 1000

    /// Forwards a request of the core to the store of remembered entities; the answers come as messages to the region.
    ///
    /// Each request acts under the token that the shard has now. So what an earlier run of the shard has asked for, and
    /// the store has not done yet, is refused when this one has read.
    func remember(_ request: StoreRequest, tell region: ActorRef<RegionCommand>) {
        guard let store = hosting?.remembered else {
            return region.tell(.storeFailed(request, EntityStoreError(.unavailable, "\(type) has no such store")))
        }
        guard let version = cores?.version(of: request.shard), let id = cluster.id else {
            let error = EntityStoreError(.stale, "shard \(request.shard) of \(type) does not run here")
            return region.tell(.storeFailed(request, error))
        }
        let token = ShardFence(cluster: id, version)
        let shard = StoreShard(type: type, number: request.shard, of: settings.shardCount)
        let calls = BoundedStoreCalls(
            key: shard.entity(request.entity), system: cluster.system, calls: rememberedCalls, limit: storeLimit
        ) { token }
        Task(executorPreference: cluster.system.tasks) {
            do throws(EntityStoreError) {
                switch request {
                case .load: try await Self.load(shard, store, calls, request, tell: region)
                case .add(let entity, _, _): try await Self.record(.started(entity), shard, store, calls)
                case .remove(let entity, _, _): try await Self.record(.stopped(entity), shard, store, calls)
                }
            } catch {
                return region.tell(.storeFailed(request, error))
            }
            if case .load = request { return }
            region.tell(.stored(request))
        }
    }

    /// Reads page after page, and hands each to the region, which starts its entities meanwhile.
    private static func load(
        _ shard: StoreShard, _ store: any RememberedEntityStore, _ calls: BoundedStoreCalls, _ request: StoreRequest,
        tell region: ActorRef<RegionCommand>
    ) async throws(EntityStoreError) {
        var cursor: String?
        repeat {
            let after = cursor
            let result = await calls.run { _, fence throws(EntityStoreError) in
                try await store.load(shard, after: after, limit: pageLimit, fence: fence)
            }
            let page = try result.get()
            cursor = page.next
            region.tell(.remembered(request, page.entities, isLast: cursor == nil))
        } while cursor != nil
    }

    private static func record(
        _ change: RememberedChange, _ shard: StoreShard, _ store: any RememberedEntityStore, _ calls: BoundedStoreCalls
    ) async throws(EntityStoreError) {
        let result = await calls.run { _, fence throws(EntityStoreError) in
            try await store.record(change, in: shard, fence: fence)
        }
        try result.get()
    }
}

extension StoreRequest {
    /// The entity that it is about; empty where it is about all of the shard.
    fileprivate var entity: String {
        switch self {
        case .load: ""
        case .add(let entity, _, _), .remove(let entity, _, _): entity
        }
    }
}
