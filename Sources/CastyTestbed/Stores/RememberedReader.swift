import CastySimulator

/// Reads the remembered entities of one type from the disk, and reads them again only after a change.
final class RememberedReader {
    private let store: JournalStore
    private let disk: SimulatedDisk
    private let type: String
    private let shards: Int
    private let files: [String]
    private var latest: (changes: UInt64, entities: [String])?

    init(_ disk: SimulatedDisk, type: String, shards: Int, oracle: DurableOracle) {
        // No fault is injected into this path to the disk: it has no node.
        store = JournalStore(disk, node: "reader", oracle: oracle)
        self.disk = disk
        self.type = type
        self.shards = shards
        files = JournalStore.names(type: type, shards: shards)
    }

    /// The names of the entities, sorted.
    var entities: [String] {
        let changes = disk.changes(of: files)
        if let latest, latest.changes == changes { return latest.entities }
        let entities = (try? store.remembered(type: type, shards: shards)) ?? []
        latest = (changes, entities)
        return entities
    }
}
