import CastyCore
import CastyObservability
import CastyPlacement

/// The results of a filter in the shard pane: entities of any shard of the type, and the shard for exactly that id.
struct EntitySearch {
    /// A running entity and its location.
    struct Match: Hashable {
        let shard: Int
        let owner: String
        let entity: EntitySnapshot
    }

    let text: String
    /// By id.
    let matches: [Match]
    /// The shard that an entity with exactly this id belongs to, whether it runs or not.
    let home: ShardCell
    /// The number of running entities that no snapshot lists: only one page of each shard's entities is known here.
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

    /// The shard for the cursor: that of the entity with exactly this id, of the first result, or the one where the id
    /// would run.
    var shard: Int {
        let found = matches.first { $0.entity.id == text } ?? matches.first
        return found?.shard ?? home.shard
    }

    /// The shards of the results.
    var shards: Set<Int> { matches.isEmpty ? [home.shard] : Set(matches.map(\.shard)) }
}
