import CCrashingFiles
import CastyStoreConformance
import Synchronization
import Testing

@testable import CastySQLite

/// A folder whose openers can crash at each write of SQLite's.
final class CrashingFolder: Sendable {
    private let crashes = Mutex(0)

    /// How many openers were to crash.
    var count: Int { crashes.withLock { $0 } }

    /// - Parameter part: What is tested of the stores in the folder.
    func tested<Store>(
        _ folder: Folder, _ part: @escaping @Sendable (SQLiteStores) -> Store
    ) -> TestedStore<Store> {
        let path = folder.path
        return TestedStore(crashing: { [self] write in
            #expect(casty_crashing_install() == 0)
            crashes.withLock { $0 += 1 }
            casty_crashing_begin(path, Int32(write))
            return part(try SQLiteStores(directory: path, compactsEvery: nil))
        }) {
            casty_crashing_end(path)
            return part(try SQLiteStores(directory: path, compactsEvery: nil))
        }
    }
}
