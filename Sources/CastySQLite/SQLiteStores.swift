public import CastySharding
import Glibc

/// The two stores of a node in one folder: what its entities know, and which of them run.
///
/// ```swift
/// let stores = try SQLiteStores(directory: "/var/lib/shop")
/// let carts = try node.sharding.start(
///     type: "cart", shards: 24, store: stores.entities, remember: stores.remembered) { entity in cart(entity) }
/// ```
///
/// All nodes of a cluster that host a type must reach one and the same store: nodes of one machine name the same folder. A folder on a network file
/// system does not do, because SQLite's locks do not hold there.
public struct SQLiteStores: Sendable {
    /// The states of entities.
    public let entities: SQLiteEntityStore
    /// Which entities run.
    public let remembered: SQLiteRememberedEntityStore
    /// `sqlite` and a random name that the file got when it was made: the same for all nodes that share it.
    public let identity: String
    let file: SQLiteFile

    /// Opens the stores in a folder, and makes folder and file, for their owner only, if there are none.
    ///
    /// - Throws: ``EntityStoreError``.
    public init(directory: String) throws(EntityStoreError) {
        if mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw EntityStoreError(.unavailable, "\(directory): \(String(cString: strerror(errno)))")
        }
        file = try SQLiteFile(path: directory + "/casty.sqlite")
        identity = "sqlite \(try file.identity())"
        entities = SQLiteEntityStore(file: file)
        remembered = SQLiteRememberedEntityStore(file: file)
    }
}
