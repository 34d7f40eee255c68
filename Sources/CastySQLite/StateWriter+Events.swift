import CastySharding
import GRDB

/// Events in this process's file.
///
/// The rule for states, that the row with the highest token counts, does not suffice for a log: a former owner's event
/// that came too late would come to light when its number is reached. So a new owner of a shard writes down how
/// far it has seen the other logs, after its token and before its first event; what came later does not count, see
/// ``EventRow``.
extension StateWriter {
    /// Writes down a token, and then what its owner has seen of the other files, unless that is on disk already.
    func takeOver(_ fence: ShardFence, for key: EntityKey) async throws(EntityStoreError) {
        try await raise(fence, for: key)
        if hasTakenOver(key, fence) { return }
        try await change(.takeover, key, fence)
    }

    /// Carries out a change of the log inside the transaction that writes it.
    func write(
        _ kind: Change.Kind, of key: EntityKey, _ fence: ShardFence, _ database: Database
    ) throws -> Result<Void, EntityStoreError> {
        let open = EventLogs(present: file.number, database)
        switch kind {
        case .token, .state, .running: break
        case .takeover:
            let known = try open.takeovers(type: key.type, id: key.id)
            // What was seen first stays.
            if known.contains(where: { $0.fence == fence && $0.shards == key.shards }) { break }
            var row = EventRow(kind: .takeover, key: key, fence: fence)
            let ends = try sources.consistently { () throws(EntityStoreError) in try sources.ends(besides: file.number)
            }
            row.payload = Array(ends.description.utf8)
            try row.insert(into: file.number, database)
        case .append(let records, let sequence, _):
            let last = try last(of: key, in: open).event
            guard last == sequence else { return .failure(.conflict(key, after: sequence, last: last)) }
            for (index, record) in records.enumerated() {
                try EventRow(record, number: sequence + UInt64(index) + 1, key: key, fence: fence)
                    .insert(into: file.number, database)
            }
        case .deletion(let sequence):
            let (last, deleted) = try last(of: key, in: open)
            let through = min(sequence, last)
            guard through > deleted else { break }
            var row = EventRow(kind: .deletion, key: key, fence: fence)
            row.number = through
            try row.insert(into: file.number, database)
            // What this deletion covers may have been read already by a next owner, for whom it comes too late. What
            // the one before covers has not.
            try EventTables.remove(
                type: key.type, id: key.id, through: deleted, deletionsBelow: deleted, database)
        }
        return .success(())
    }

    private func last(
        of key: EntityKey, in open: EventLogs
    ) throws(EntityStoreError) -> (event: UInt64, deleted: UInt64) {
        try sources.consistently { () throws(EntityStoreError) in
            let takeovers = try sources.takeovers(type: key.type, id: key.id, in: open)
            return try sources.last(type: key.type, id: key.id, takeovers, in: open)
        }
    }
}
