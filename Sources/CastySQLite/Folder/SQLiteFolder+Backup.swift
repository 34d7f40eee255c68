public import CastySharding
import GRDB
import Glibc

extension SQLiteFolder {
    /// Copies the folder while nodes may use it.
    ///
    /// What is promised: everything that was acknowledged before the call is in the copy, and of each entity a state
    /// that was its latest at some moment of the call. Each file is copied as it was at one moment, but not all at the
    /// same: of two entities, one may be from the beginning of the call and the other from its end. An entity's events
    /// are copied whole where its shard does not move between processes during the call. Fencing tokens are
    /// copied too, so a cluster that is started on the copy goes on with higher ones. No node compacts the folder
    /// meanwhile: what it removes from one file may be in another that was copied before.
    ///
    /// The copy is made beside the target and gets its name when it is complete and on disk, so a folder with the
    /// target's name is a whole copy.
    ///
    /// - Parameter target: Where to copy to; must not exist yet.
    /// - Returns: The names of the copied files.
    /// - Throws: ``EntityStoreError``; also if a file was written by a later version, or if a node compacts the folder for
    ///   more than a minute. Nothing has the target's name then.
    public func backup(to target: String) throws(EntityStoreError) -> [String] {
        try backup(to: target) { _ in }
    }

    /// - Parameter onCopied: Called with the name of each file after it was copied; for tests.
    func backup(
        to target: String, onCopied: (String) throws(EntityStoreError) -> Void
    ) throws(EntityStoreError) -> [String] {
        let lock = try MoveCounter.existing(in: path)
        try lock?.waitForLock(attempts: 6000)
        defer { lock?.unlock() }
        let partial = target + ".partial"
        var info = stat()
        for path in [target, partial] where lstat(path, &info) == 0 {
            throw EntityStoreError(.unavailable, "\(path) exists already")
        }
        try Self.attempt(partial, mkdir(partial, 0o700))
        // All are open before the first is copied: what a node folds into another file meanwhile is copied from where it
        // was.
        let sources = try files().map { (_, file) throws(EntityStoreError) in try file.get() }
        for source in sources {
            let path = "\(partial)/\(source.name)"
            try SQLiteFile.create(path)
            try SQLiteFile.run(path) {
                let copy = try DatabaseQueue(path: path)
                try source.queue.backup(to: copy)
                try copy.close()
            }
            try Directory.sync(path)
            try onCopied(source.name)
        }
        try Directory.sync(partial)
        try Self.attempt(target, rename(partial, target))
        try Directory.sync(target + "/..")
        return sources.map(\.name)
    }

    private static func attempt(_ path: String, _ result: Int32) throws(EntityStoreError) {
        guard result < 0 else { return }
        throw EntityStoreError(
            errno == ENOSPC || errno == EDQUOT ? .full : .unavailable, "\(path): \(String(cString: strerror(errno)))")
    }
}
