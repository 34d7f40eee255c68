public import CastySharding

/// Records which entities run, in the files of ``SQLiteEntityStore``: each process in its own, with the same sync as the
/// states that are saved at the same time.
public final class SQLiteRememberedEntityStore: RememberedEntityStore {
    private let files: SQLiteEntityStore

    init(_ files: SQLiteEntityStore) {
        self.files = files
    }

    /// Some of a shard's remembered entities, in the order of their bytes.
    public func load(
        _ shard: StoreShard, after cursor: String?, limit: Int, fence: ShardFence
    ) async throws(EntityStoreError) -> RememberedPage {
        try await files.read(.upkeep, shard.entity(""), fence) { sources throws(EntityStoreError) in
            try sources.remembered(shard, after: cursor, limit: limit, for: fence)
        }
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
        try await files.note(runs: runs, shard.entity(change.entity), fence)
    }
}
