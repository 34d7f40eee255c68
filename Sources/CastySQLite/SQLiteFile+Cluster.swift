public import CastyCluster
public import CastyCore
import CastySharding
import GRDB

/// Which cluster the file belongs to: three rows of the table `meta`.
extension SQLiteFile {
    enum MetaKey: String {
        /// A random name of the file itself.
        case store
        /// The name of the cluster.
        case name
        /// The identity of the cluster.
        case cluster
    }

    /// Makes the table, and gives the file its own identity, if it has none.
    static func createMeta(_ database: Database) throws {
        try database.execute(
            sql: "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
        // Sixteen random bytes, drawn by whichever process comes first.
        try database.execute(
            sql: "INSERT OR IGNORE INTO meta (key, value) VALUES (?, lower(hex(randomblob(16))))",
            arguments: [MetaKey.store.rawValue])
    }

    private static func value(_ key: MetaKey, _ database: Database) throws -> String? {
        try String.fetchOne(database, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key.rawValue])
    }

    func identity() throws(EntityStoreError) -> String {
        try read { try Self.value(.store, $0) ?? "" }
    }

    func recallCluster(name: String) throws(EntityStoreError) -> ClusterID? {
        try read { database in try Self.owner(name, path, database) }
    }

    func belong(to id: ClusterID, name: String) throws(EntityStoreError) {
        try write { database in
            if let owner = try Self.owner(name, path, database) {
                guard owner == id else {
                    throw EntityStoreError(
                        .unavailable,
                        "\(path) belongs to cluster \(owner) of \(name), and this node is in cluster \(id): they must not write into the same file"
                    )
                }
                return
            }
            for (key, value) in [(MetaKey.name, name), (.cluster, "\(id)")] {
                try database.execute(
                    sql: "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", arguments: [key.rawValue, value])
            }
        }
    }

    private static func owner(_ name: String, _ path: String, _ database: Database) throws -> ClusterID? {
        guard let text = try value(.cluster, database) else { return nil }
        let known = try value(.name, database) ?? ""
        guard let id = ClusterID(text) else {
            throw EntityStoreError(.corrupt, "\(path) does not say to which cluster it belongs")
        }
        guard known == name else {
            throw EntityStoreError(
                .unavailable,
                "\(path) belongs to cluster \(known) (\(id)), and this node is of cluster \(name): give each cluster a folder of its own"
            )
        }
        return id
    }
}

extension SQLiteStores: ClusterStore {
    /// The cluster that the file belongs to.
    public func recallCluster(name: String) throws -> ClusterID? { try file.recallCluster(name: name) }

    /// The file belongs to this cluster from now on.
    public func belong(to id: ClusterID, name: String) throws { try file.belong(to: id, name: name) }
}
