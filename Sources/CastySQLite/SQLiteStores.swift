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
    /// - Parameters:
    ///   - directory: The folder.
    ///   - compaction: How often ``compact()`` is called while the stores are open; `nil` for never.
    /// - Throws: ``EntityStoreError``.
    public init(directory: String, compactsEvery compaction: Duration? = .seconds(300)) throws(EntityStoreError) {
        if mkdir(directory, 0o700) == 0 {
            // What is saved in it is not there after a crash of the machine unless the folder is. A process may create
            // folders where it may not read.
            try? Directory.sync(directory + "/..")
        } else if errno != EEXIST {
            throw EntityStoreError(.unavailable, "\(directory): \(String(cString: strerror(errno)))")
        }
        file = try SQLiteFile(path: directory + "/casty.sqlite")
        identity = "sqlite \(try file.identity())"
        entities = try SQLiteEntityStore(directory: directory, shared: file)
        remembered = SQLiteRememberedEntityStore(entities)
        if let compaction { entities.compactor.schedule(every: compaction) }
    }

    /// Moves what the files of gone processes hold into this process's file and removes those files, and removes from
    /// this file what the files of other processes supersede: states and times of entities that have moved, deleted
    /// events, and notes on owners that nothing depends on any more.
    ///
    /// Other processes read and write meanwhile. One process of a folder compacts at a time. One that dies or hangs in
    /// the middle loses nothing; while it hangs, no other compacts. A file that has something wrong in it is left
    /// as it is. The times at which this runs by itself leave a file alone until its process has been gone for two of
    /// them: a process that starts again takes a file back.
    ///
    /// - Throws: ``EntityStoreError``, after which everything is there that was there before.
    /// - Complexity: O(*n*) in the rows of the gone processes' files, and in the rows of this one where its shards have
    ///   moved since the last time.
    @discardableResult
    public func compact() async throws(EntityStoreError) -> SQLiteCompaction {
        try await entities.compactor.compact()
    }
}
