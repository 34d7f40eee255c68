import CastySharding
import Synchronization

/// A compaction reads and removes in pages. Between two of them it holds nothing that others wait for, and what is in
/// memory does not grow with the logs.
extension Compactor {
    /// The most entities or rows of a page.
    static let pageLimit = 1000

    /// Entities in the order of their stored types and ids, page by page.
    func eachPage(
        of file: StateFile,
        _ page: (EventLogs, (type: String, id: String)?, Int) throws -> [(type: String, id: String)],
        _ body: ([(type: String, id: String)]) throws(EntityStoreError) -> Void
    ) throws(EntityStoreError) {
        var last: (type: String, id: String)?
        while true {
            var entities: [(type: String, id: String)] = []
            try file.readLogs { entities = try page($0, last, Self.pageLimit) }
            guard let next = entities.last else { return }
            try body(entities)
            last = next
            pageIsRead()
        }
    }

    func pageIsRead() { onPage.withLock { $0 }?() }

    /// Removes rows of this file, some in each transaction.
    struct Removal {
        private let compactor: Compactor
        private var rows: [Int64] = []
        /// How many rows were removed.
        private(set) var count = 0

        init(_ compactor: Compactor) { self.compactor = compactor }

        mutating func add(_ more: [Int64]) throws(EntityStoreError) {
            for row in more {
                rows.append(row)
                if rows.count == Compactor.pageLimit { try finish() }
            }
        }

        mutating func finish() throws(EntityStoreError) {
            guard !rows.isEmpty else { return }
            let removed = rows
            try compactor.sources.moves.increment()
            try compactor.own.rewrite { try EventTables.remove(rows: removed, $0) }
            count += removed.count
            rows = []
        }
    }
}
