import CastyCore
import CastyPlacement
public import CastySharding

/// Records in a table of PostgreSQL which entities run, in the transactions and under the tokens of
/// ``PostgresEntityStore``.
public final class PostgresRememberedEntityStore: RememberedEntityStore {
    private let entities: PostgresEntityStore
    private let turns = ForgettingTurns()

    init(_ entities: PostgresEntityStore) {
        self.entities = entities
    }

    /// Some of a shard's remembered entities, in the order of their bytes.
    ///
    /// Entities that were recorded under another number of shards are found by a search of the whole type, so a page
    /// may be empty and not be the last.
    public func load(
        _ shard: StoreShard, after cursor: String?, limit: Int, fence: ShardFence
    ) async throws(EntityStoreError) -> RememberedPage {
        let limit = max(1, limit)
        let statement = entities.statements.remembered(shard, after: cursor, limit: limit)
        let ids = try await entities.read([statement], of: shard.entity(""), fence)[1].texts(0)
        let here = ids.filter { StableHash.shard(of: $0, count: shard.count) == shard.number }
        return RememberedPage(here, next: ids.count == limit ? ids.last : nil)
    }

    /// Records a change.
    public func record(
        _ change: RememberedChange, in shard: StoreShard, fence: ShardFence
    ) async throws(EntityStoreError) {
        let runs =
            switch change {
            case .started: true
            case .stopped: false
            }
        try await entities.writer.change(.running(runs, forgets: turns.next()), shard.entity(change.entity), fence)
    }
}
