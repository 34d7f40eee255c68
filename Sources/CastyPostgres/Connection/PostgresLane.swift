import Dispatch
import Synchronization

/// One connection to the server and the thread that uses it: opens it when it is needed, and again when it broke.
///
/// After a failed attempt the next one waits, 20 ms at first and twice as long each time, up to 500 ms: a server that
/// starts again is found soon, and one that is away for long is not overrun.
final class PostgresLane: Sendable {
    /// The connection; the queue's thread alone uses it.
    private final class Holder: @unchecked Sendable {
        var connection: PostgresConnection?
        var pause = PostgresLane.firstPause
        var opensAt = DispatchTime.now()
    }

    private static let firstPause = 0.02
    private static let longestPause = 0.5

    private let target: String
    private let limits: SessionLimits
    private let queue: DispatchQueue
    /// Runs when a lock was waited for in vain.
    private let remedy: Statement?
    private let holder = Holder()

    /// - Parameters:
    ///   - target: The connection string.
    ///   - label: Names the thread.
    ///   - limits: What the server's session waits for.
    ///   - remedy: Runs when a lock was waited for in vain, before the statements are sent again.
    init(_ target: String, label: String, limits: SessionLimits = .changes, remedy: Statement? = nil) {
        self.target = target
        self.limits = limits
        self.remedy = remedy
        queue = DispatchQueue(label: label)
    }

    deinit {
        // The connection is closed on the thread that uses it.
        let holder = holder
        queue.async { holder.connection = nil }
    }

    /// Runs `work` on the lane's thread, after all that was begun before.
    func begin(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }

    /// Runs `body` on the lane's thread, and waits for it on this one.
    func wait<Answer>(_ body: () -> Answer) -> Answer { queue.sync(execute: body) }

    /// Runs statements in one transaction; on the lane's thread only.
    ///
    /// A connection that breaks is opened anew, and the statements are sent again until the deadline has passed. So they
    /// MUST be such that they may run twice, and that a run which the server had not finished when the connection broke
    /// does no harm after the second.
    ///
    /// - Parameter isRead: Whether they only read. Then a refusal is passed on at once, also one because of a lock.
    /// - Returns: The rows of each statement.
    /// - Throws: ``PostgresError``; for changes `broken` if they were sent at any time and not refused since.
    @discardableResult
    func run(
        _ statements: [Statement], by deadline: DispatchTime, isRead: Bool = false
    ) throws(PostgresError) -> [Rows] {
        var interrupted: PostgresError?
        var reason: PostgresError?
        while true {
            do throws(PostgresError) {
                return try connection(by: deadline).run(statements, by: deadline)
            } catch {
                // The last attempt is cut off by the deadline, and says nothing; an earlier one may say why.
                let failure = error == .noAnswer ? reason ?? error : error
                reason = failure
                if isRead, !failure.endsConnection { throw failure }
                // A refusal after an earlier run was interrupted says nothing about that run.
                if failure.kind == .broken { interrupted = failure }
                let outcome = isRead ? failure : interrupted?.because(of: failure) ?? failure
                guard failure.endsConnection || failure.isConflict else { throw outcome }
                if failure.endsConnection { fail() }
                if failure.state == "55P03", let remedy { _ = try? holder.connection?.run([remedy], by: deadline) }
                guard DispatchTime.now() < deadline else { throw outcome }
            }
        }
    }

    private func connection(by deadline: DispatchTime) throws(PostgresError) -> PostgresConnection {
        if let connection = holder.connection { return connection }
        // An attempt that would begin after the deadline is not waited for.
        let moment = min(holder.opensAt, deadline)
        let now = DispatchTime.now()
        if moment > now {
            Self.sleep(nanoseconds: moment.uptimeNanoseconds - now.uptimeNanoseconds)
        }
        let connection = try PostgresConnection(target, limits, by: deadline)
        holder.connection = connection
        holder.pause = Self.firstPause
        return connection
    }

    private func fail() {
        // One that has worked before may be opened at once; else the pause grows.
        let hasWorked = holder.connection != nil
        holder.connection = nil
        guard !hasWorked else { return }
        holder.opensAt = .now() + holder.pause
        holder.pause = min(holder.pause * 2, Self.longestPause)
    }

    private static func sleep(nanoseconds: UInt64) {
        _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .nanoseconds(Int(clamping: nanoseconds)))
    }
}
