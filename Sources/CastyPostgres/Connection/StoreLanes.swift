/// The connections of the stores of one process. Each is opened when it is first used.
struct StoreLanes: Sendable {
    /// All changes.
    let changes: PostgresLane
    /// Reads of single entities and shards.
    let loads: PostgresLane
    /// Queries over the events of all entities.
    let queries: PostgresLane
    /// Queries for reminders that are due.
    let wakes: PostgresLane

    /// - Parameters:
    ///   - remedy: Runs when a change has waited for a lock in vain.
    ///   - limit: How long a call may take. The server stops a load after a third of it, so that it and those beside it can
    ///     be sent once more, and a query a little before the client gives up, so that the connection survives.
    init(_ target: String, remedy: Statement, limit: Duration) {
        changes = PostgresLane(target, label: "casty.postgres.write", remedy: remedy)
        loads = PostgresLane(target, label: "casty.postgres.read", limits: .reads(statement: limit / 3))
        queries = PostgresLane(target, label: "casty.postgres.query", limits: .reads(statement: limit / 4 * 3))
        wakes = PostgresLane(target, label: "casty.postgres.wakes", limits: .reads(statement: limit / 4 * 3))
    }
}
