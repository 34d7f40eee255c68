import CastyCore
import CastyPlacement
import Synchronization

/// A store in memory: it outlives the nodes of its process, but not the process.
public final class InMemoryRememberedEntityStore: RememberedEntityStore {
    private struct Content {
        var shards: [StoreShard: Set<String>] = [:]
        /// The number of shards by which the entities of a type are sorted.
        var counts: [String: Int] = [:]
        var fences = FenceTable()

        /// Sorts the entities of a type again where its number of shards has changed.
        mutating func sort(_ type: String, by count: Int) {
            let former = counts.updateValue(count, forKey: type) ?? count
            guard former != count else { return }
            for number in 0..<former {
                for id in shards.removeValue(forKey: StoreShard(type: type, number: number, of: former)) ?? [] {
                    let shard = StoreShard(type: type, number: StableHash.shard(of: id, count: count), of: count)
                    shards[shard, default: []].insert(id)
                }
            }
        }
    }

    private let content = Mutex(Content())

    /// Creates an empty store.
    public init() {}

    /// Some of a shard's remembered entities, in order.
    ///
    /// - Complexity: O(*n* log *n*) in the number of entities of the shard.
    public func load(
        _ shard: StoreShard, after cursor: String?, limit: Int, fence: ShardFence
    ) async throws(EntityStoreError) -> RememberedPage {
        try content.withLock { content throws(EntityStoreError) in
            try content.fences.pass(fence, for: shard.entity(""))
            content.sort(shard.type, by: shard.count)
            let left = (content.shards[shard] ?? []).filter { id in cursor.map { $0 < id } ?? true }.sorted()
            let page = Array(left.prefix(max(1, limit)))
            return RememberedPage(page, next: page.count < left.count ? page.last : nil)
        }
    }

    /// The ids of all remembered entities of a type, in order.
    public func all(type: String) -> [String] {
        content.withLock { content in
            content.shards.filter { $0.key.type == type }.flatMap(\.value).sorted()
        }
    }

    /// Records a change.
    public func record(
        _ change: RememberedChange, in shard: StoreShard, fence: ShardFence
    ) async throws(EntityStoreError) {
        try content.withLock { content throws(EntityStoreError) in
            try content.fences.pass(fence, for: shard.entity(change.entity))
            content.sort(shard.type, by: shard.count)
            switch change {
            case .started(let id): content.shards[shard, default: []].insert(id)
            case .stopped(let id): content.shards[shard]?.remove(id)
            }
        }
    }
}
