public import CastySharding
import Glibc

/// The two stores of a node in one folder: the states of its entities, and which of them run.
///
/// ```swift
/// let stores = try SQLiteStores(directory: "/var/lib/shop")
/// let carts = try node.sharding.start(
///     type: "cart", shards: 24, store: stores.entities, remember: stores.remembered) { entity in cart(entity) }
/// ```
///
/// All nodes of a cluster that host a type must use the same store: nodes of one machine name the same folder. A folder
/// on a network file system does not work, because SQLite's locks are not reliable there.
public struct SQLiteStores: Sendable {
    /// The states of entities.
    public let entities: SQLiteEntityStore
    /// Which entities run.
    public let remembered: SQLiteRememberedEntityStore
    /// `sqlite` and the random identity that the file got when it was created: the same for all nodes that share it.
    public let identity: String
    let file: SQLiteFile

    /// Opens the stores in a folder; creates the folder and the file, accessible to their owner only, if they are
    /// missing.
    ///
    /// - Throws: ``EntityStoreError``.
    public init(directory: String) throws(EntityStoreError) {
        if mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw EntityStoreError(.unavailable, "\(directory): \(String(cString: strerror(errno)))")
        }
        file = try SQLiteFile(path: directory + "/casty.sqlite")
        identity = "sqlite \(try file.identity())"
        entities = try SQLiteEntityStore(directory: directory, shared: file)
        remembered = SQLiteRememberedEntityStore(entities)
    }
}
