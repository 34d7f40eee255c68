/// How long a session of the server waits for a lock, and works on one statement.
struct SessionLimits: Hashable, Sendable {
    /// A change waits for the lock of a token or a row, shortly; how long it works is bounded by the client.
    static let changes = SessionLimits(lock: .milliseconds(500), statement: nil)

    /// How long a lock is waited for.
    let lock: Duration
    /// How long the server works on a statement; `nil` for any time.
    let statement: Duration?

    /// Those of a session that only reads. A read waits for no row, and for a table only while that is being altered; then
    /// it makes way for the others after a moment.
    ///
    /// - Parameter statement: The server stops a statement after this time, and keeps the connection.
    static func reads(statement: Duration) -> SessionLimits {
        SessionLimits(lock: .milliseconds(100), statement: statement)
    }

    /// What sets them in a session.
    var statements: [Statement] {
        var all = [Statement("SET lock_timeout = '\(Self.milliseconds(lock))ms'")]
        if let statement { all.append(Statement("SET statement_timeout = '\(Self.milliseconds(statement))ms'")) }
        return all
    }

    /// At least one: zero would be no limit.
    private static func milliseconds(_ duration: Duration) -> Int32 {
        let (seconds, attoseconds) = duration.components
        let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 1000)
        guard !isTooLong else { return .max }
        return max(1, Int32(clamping: whole + attoseconds / 1_000_000_000_000_000))
    }
}
