import CastyCore
import CastyObservability
import CastyPlacement

/// What a filter of the shard pane finds: entities of any shard of the type, and the shard of just that id.
struct EntitySearch {
    /// An entity that runs, and where.
    struct Match: Hashable {
        let shard: Int
        let owner: String
        let entity: EntitySnapshot
    }

    let text: String
    /// By id.
    let matches: [Match]
    /// The shard that an entity of just this id belongs to, whether it runs or not.
    let home: ShardCell
    /// How many entities run that no snapshot lists: only a page of each shard's is known here.
    let unlisted: Int

    /// `nil` without a text or without shards.
    init?(_ text: String?, in shards: ShardReading) {
        guard let text = text?.trimmingBlanks, !text.isEmpty, !shards.cells.isEmpty else { return nil }
        self.text = text
        let filter = TextFilter(text)
        home = shards.cells[StableHash.shard(of: text, count: shards.cells.count)]
        unlisted = shards.cells.reduce(0) { $0 + max(0, $1.entities - $1.listed.count) }
        matches =
            shards.cells.flatMap { cell in
                cell.listed.lazy.filter { filter.matches([$0.id]) }
                    .map { Match(shard: cell.shard, owner: cell.owner ?? "-", entity: $0) }
            }
            .sorted { ($0.entity.id, $0.shard) < ($1.entity.id, $1.shard) }
    }

    /// Where the cursor goes: to the entity of just this id, to the first that is found, or to where the id would run.
    var shard: Int {
        let found = matches.first { $0.entity.id == text } ?? matches.first
        return found?.shard ?? home.shard
    }

    /// The shards that hold what was found.
    var shards: Set<Int> { matches.isEmpty ? [home.shard] : Set(matches.map(\.shard)) }
}
