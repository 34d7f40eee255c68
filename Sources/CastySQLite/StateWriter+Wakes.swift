import CastyCore
import CastySharding
import GRDB

/// Times in the log, see ``LoggedWakes``; inside the transaction that writes what they are set with.
extension StateWriter {
    /// A time that a change has written into the log.
    struct LoggedWake: Sendable {
        /// The index of the change in its group.
        let change: Int
        let key: EntityKey
        /// The number of its row in the file.
        let row: Int64
    }

    /// Says in the log when an entity must run again.
    ///
    /// The row before stays until this one is acknowledged: while a next owner may not have seen this one, that one may
    /// count.
    ///
    /// - Returns: The number of the row in the file.
    func setWake(
        _ time: WallTime?, of key: EntityKey, _ fence: ShardFence, _ database: Database
    ) throws -> Int64 {
        try EventRow(wakeAt: time, key: key, fence: fence).insert(into: file.number, database)
    }

    /// Says it where the log says something else.
    func changeWake(
        to time: WallTime?, of key: EntityKey, _ fence: ShardFence, _ database: Database
    ) throws -> Int64? {
        let open = EventLogs(present: file.number, database)
        guard
            try sources.consistently({ () throws(EntityStoreError) in
                try sources.loggedWake(of: key, in: open)?.wakeAt != time
            })
        else { return nil }
        return try setWake(time, of: key, fence, database)
    }
}
