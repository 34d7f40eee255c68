import CPostgres
import CastySharding
import Synchronization

/// The client library of PostgreSQL, libpq, which a process opens when it first names a store in a server.
enum ClientLibrary {
    #if os(macOS)
        private static let name = "libpq.5.dylib"
    #else
        private static let name = "libpq.so.5"
    #endif
    private static let isOpen = Mutex(false)

    /// Opens the library, if that has not been done.
    ///
    /// - Throws: Where it is not installed, or too old; once it is installed, the next call succeeds.
    static func open() throws(EntityStoreError) {
        // Under the lock, so that a thread that finds it open sees all that was written for it.
        try isOpen.withLock { isOpen throws(EntityStoreError) in
            if isOpen { return }
            try open(name)
            isOpen = true
        }
    }

    /// Opens a library of any name in its stead.
    static func open(_ name: String) throws(EntityStoreError) {
        let problem = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 500) { buffer -> String? in
            guard let start = buffer.baseAddress, cpg_open(name, start, buffer.count) != 0 else { return nil }
            return String(cString: start)
        }
        guard let problem else { return }
        throw EntityStoreError(
            .unavailable,
            """
            PostgreSQL's client library cannot be used (\(problem)): install libpq 14 or later, on Debian and Ubuntu by \
            apt-get install libpq5
            """)
    }
}
