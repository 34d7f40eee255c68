import CastySharding
import Dispatch

/// Sends statements that only read, over a lane that nothing else uses: all that wait share one round trip.
///
/// Reads do not depend on each other. Where the server refuses one, or holds it because its table is locked, the others
/// are answered all the same: the batch is then sent again read by read.
final class Reader: Sendable {
    private struct Read: Sendable {
        let statements: [Statement]
        let deadline: DispatchTime
        let done: UnsafeContinuation<Result<[Rows], EntityStoreError>, Never>

        /// Reads with the same texts use the same tables.
        var texts: [String] { statements.map(\.text) }
    }

    private let limit: Duration
    private let batches: Batches<Read>

    /// - Parameters:
    ///   - batch: The most reads that share a round trip. Queries that may take long come one at a time.
    ///   - limit: How long a read may take, with the time in which it waits for others.
    init(_ lane: PostgresLane, batch: Int, limit: Duration) {
        self.limit = limit
        batches = Batches(lane, limit: batch) { Self.read($0, lane) }
    }

    /// The number of reads that wait for the lane.
    var waiting: Int { batches.waiting }

    /// Runs statements that only read, in one transaction.
    ///
    /// - Returns: The rows of each statement.
    func read(_ statements: [Statement]) async throws(EntityStoreError) -> [Rows] {
        let result = await withUnsafeContinuation { continuation in
            batches.add(Read(statements: statements, deadline: .after(limit), done: continuation))
        }
        return try result.get()
    }

    /// Answers reads.
    ///
    /// - Returns: Those that the server has held, and whose time is not over: they come again.
    private static func read(_ batch: [Read], _ lane: PostgresLane) -> [Read] {
        let reads = alive(batch)
        guard let deadline = reads.map(\.deadline).max() else { return [] }
        do throws(PostgresError) {
            var answers = try lane.run(reads.flatMap(\.statements), by: deadline, isRead: true)[...]
            for read in reads {
                read.done.resume(returning: .success(Array(answers.prefix(read.statements.count))))
                answers = answers.dropFirst(read.statements.count)
            }
            return []
        } catch {
            if reads.count > 1, error.state != nil, !error.endsConnection { return readSingly(reads, lane) }
            return reads.filter { comesAgain($0, after: error) }
        }
    }

    /// Answers each read on its own. Once the server has held one, those that use the same tables wait for the next
    /// batch: so a locked table costs the lane one short wait, and not one for each read.
    private static func readSingly(_ reads: [Read], _ lane: PostgresLane) -> [Read] {
        var held: [[String]] = []
        return reads.filter { read in
            if held.contains(read.texts) { return true }
            do throws(PostgresError) {
                let rows = try lane.run(read.statements, by: read.deadline, isRead: true)
                read.done.resume(returning: .success(rows))
                return false
            } catch {
                if error.isConflict { held.append(read.texts) }
                return comesAgain(read, after: error)
            }
        }
    }

    /// Whether a read that has failed is sent again; if not, its caller gets the error.
    private static func comesAgain(_ read: Read, after error: PostgresError) -> Bool {
        if error.isConflict, DispatchTime.now() < read.deadline { return true }
        read.done.resume(returning: .failure(error.storeError(isChange: false)))
        return false
    }

    /// The reads whose time is not over; the others fail without being sent.
    private static func alive(_ reads: [Read]) -> [Read] {
        let now = DispatchTime.now()
        return reads.filter { read in
            if now < read.deadline { return true }
            let error = EntityStoreError(
                .unavailable, "the server has taken all the time limit for reads before this one")
            read.done.resume(returning: .failure(error))
            return false
        }
    }
}
