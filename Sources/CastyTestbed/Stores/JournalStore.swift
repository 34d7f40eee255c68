package import CastySharding
package import CastySimulator
import Synchronization

/// The stores of one node of a testbed, on a disk that all nodes share: one journal per entity, and one per shard for
/// its remembered entities.
package final class JournalStore: EntityStore, RememberedEntityStore {
    /// A longer journal is rewritten.
    private static let tidyLength = 4096

    private let disk: SimulatedDisk
    private let node: String
    private let oracle: DurableOracle
    private let journals = Mutex<[String: Journal]>([:])

    package init(_ disk: SimulatedDisk, node: String, oracle: DurableOracle) {
        self.disk = disk
        self.node = node
        self.oracle = oracle
    }

    private func use<Result: Sendable>(
        _ name: String, _ body: (Journal) throws(EntityStoreError) -> Result
    ) throws(EntityStoreError) -> Result {
        try journals.withLock { journals throws(EntityStoreError) in
            let journal = journals[name] ?? Journal(disk, name: name, node: node)
            journals[name] = journal
            return try body(journal)
        }
    }

    // MARK: States

    package func load(type: String, id: String) throws(EntityStoreError) -> [UInt8]? {
        let state = try use("\(type)/\(id)") { journal throws(EntityStoreError) in try journal.read().last }
        oracle.loaded(state, of: id, on: node)
        return state
    }

    package func save(_ state: [UInt8], type: String, id: String) throws(EntityStoreError) {
        oracle.writes(state, of: id, on: node)
        try use("\(type)/\(id)") { journal throws(EntityStoreError) in
            if journal.length > Self.tidyLength {
                try journal.rewrite([state])
            } else {
                try journal.append(state)
            }
        }
        oracle.wrote(state, of: id, on: node)
    }

    // MARK: Remembered entities

    package func load(
        type: String, shard: Int, of count: Int,
        completion: @escaping @Sendable (Result<[String], EntityStoreError>) -> Void
    ) {
        completion(
            Result { () throws(EntityStoreError) in
                try use(Self.name(type, shard)) { journal throws(EntityStoreError) in
                    try Self.entities(journal.read())
                }
            })
    }

    package func record(
        _ change: RememberedChange, type: String, shard: Int, of count: Int,
        completion: @escaping @Sendable (Result<Void, EntityStoreError>) -> Void
    ) {
        completion(
            Result { () throws(EntityStoreError) in
                try use(Self.name(type, shard)) { journal throws(EntityStoreError) in
                    if journal.length > Self.tidyLength {
                        let left = try Self.entities(journal.read())
                        try journal.rewrite(left.map { Self.record(of: .started($0)) })
                    }
                    try journal.append(Self.record(of: change))
                }
            })
    }

    /// The remembered entities of all shards, by name.
    func remembered(type: String, shards: Int) throws(EntityStoreError) -> [String] {
        var all: [String] = []
        for shard in 0..<shards {
            all += try use(Self.name(type, shard)) { journal throws(EntityStoreError) in
                try Self.entities(journal.read())
            }
        }
        return all.sorted()
    }

    /// The names of the files of remembered entities.
    static func names(type: String, shards: Int) -> [String] { (0..<shards).map { name(type, $0) } }

    private static func name(_ type: String, _ shard: Int) -> String { "\(type) remembered \(shard)" }

    private static func record(of change: RememberedChange) -> [UInt8] {
        switch change {
        case .started(let id): Array("+\(id)".utf8)
        case .stopped(let id): Array("-\(id)".utf8)
        }
    }

    private static func entities(_ records: [[UInt8]]) -> [String] {
        var entities: Set<String> = []
        for record in records {
            let id = String(decoding: record.dropFirst(), as: UTF8.self)
            if record.first == UInt8(ascii: "+") { entities.insert(id) } else { entities.remove(id) }
        }
        return entities.sorted()
    }
}
