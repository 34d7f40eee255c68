import CPostgres
import CastySharding
import Dispatch
import Glibc

/// One connection to a server. Its methods wait, but never beyond a given moment; one thread at a time calls them.
///
/// Everything is sent and read without blocking, so that a server that hangs is noticed at the deadline.
final class PostgresConnection {
    private let handle: OpaquePointer
    /// The statements that the server has prepared, and the numbers that name them there.
    private var prepared: [String: Int] = [:]

    /// Opens a connection to a server that also writes: what a standby has may be old.
    ///
    /// - Parameter target: A connection string, in either form of libpq. `connect_timeout` in it is not read; names are
    ///   looked up by the system, which has a time limit of its own.
    init(
        _ target: String, _ limits: SessionLimits = .changes, by deadline: DispatchTime
    ) throws(PostgresError) {
        do throws(EntityStoreError) { try ClientLibrary.open() } catch {
            throw PostgresError(kind: .unreachable, message: error.message)
        }
        guard let handle = Self.start(target) else {
            throw PostgresError(kind: .unreachable, message: "no memory")
        }
        self.handle = handle
        cpg_ignore_notices(handle)
        // The reason for which a server refuses a connection then has its code, whatever language the server speaks.
        _ = cpg_PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        var state = cpg_PQstatus(handle) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
        while state != PGRES_POLLING_OK {
            guard state != PGRES_POLLING_FAILED else {
                throw PostgresError(notOpened: String(cString: cpg_PQerrorMessage(handle)))
            }
            guard wait(state == PGRES_POLLING_READING ? POLLIN : POLLOUT, by: deadline) else {
                throw .noAnswer
            }
            state = cpg_PQconnectPoll(handle)
        }
        _ = cpg_PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        guard cpg_PQsetnonblocking(handle, 1) == 0 else { throw PostgresError(kind: .unreachable, message: message) }
        try prepareSession(limits, by: deadline)
    }

    /// Where several servers are named the one that writes is meant, unless the string says otherwise: what it says
    /// comes last, and counts.
    private static func start(_ target: String) -> OpaquePointer? {
        withArray(of: ["target_session_attrs", "dbname"]) { names in
            withArray(of: ["read-write", target]) { values in cpg_PQconnectStartParams(names, values, 1) }
        }
    }

    /// Texts as C takes them, with an end.
    private static func withArray<Result>(
        of texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return (copies.map { UnsafePointer($0) } + [nil]).withUnsafeBufferPointer { pointers in
            // The array has an end at least, so it has a base.
            body(pointers.baseAddress.unsafelyUnwrapped)
        }
    }

    deinit { cpg_PQfinish(handle) }

    /// A session that sits in a transaction because its process hangs is ended by the
    /// server. Where the server would confirm a commit before it is on disk, it is made to wait, unless the operator
    /// has chosen how many copies a commit waits for.
    private func prepareSession(_ limits: SessionLimits, by deadline: DispatchTime) throws(PostgresError) {
        let readsOnly: Bool
        do throws(PostgresError) {
            let rows = try run(
                [
                    Statement("SET application_name = 'casty'"),
                    Statement("SET client_encoding = 'UTF8'"),
                    // The argument for the fence rests on it, see `Statements`.
                    Statement("SET default_transaction_isolation = 'read committed'"),
                    Statement("SET idle_in_transaction_session_timeout = '1s'"),
                    Statement(
                        """
                        SELECT set_config('synchronous_commit', 'on', false)
                        WHERE current_setting('synchronous_commit') = 'off'
                        """),
                ] + limits.statements + [
                    Statement(
                        "SELECT 'only' WHERE pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'")
                ], by: deadline)
            readsOnly = rows.last?.isEmpty == false
        } catch {
            throw PostgresError(kind: .unreachable, message: error.message)
        }
        if readsOnly { throw PostgresError(notOpened: "the session is read-only") }
    }

    private var message: String {
        let text = String(cString: cpg_PQerrorMessage(handle)).split(separator: "\n").joined(separator: "; ")
        return text.isEmpty ? "the connection to the server is lost" : text
    }

    // MARK: Statements

    /// Runs statements in one transaction, sent together: the time of a single round trip.
    ///
    /// - Returns: The rows of each statement. When this returns, the transaction is durable.
    /// - Throws: ``PostgresError``. If the server has refused a statement, nothing has changed.
    func run(_ statements: [Statement], by deadline: DispatchTime) throws(PostgresError) -> [Rows] {
        guard cpg_PQenterPipelineMode(handle) == 1 else { throw broken() }
        // The server runs what comes between two synchronizations in one transaction, which it commits at the second.
        try prepare(statements)
        for statement in statements { try send(statement) }
        guard cpg_PQpipelineSync(handle) == 1 else { throw broken() }
        var results: [Rows] = []
        var refusal: PostgresError?
        var left = unread + statements.count
        let isNew = unread
        unread = 0
        while left > 0 {
            let (rows, error) = try result(by: deadline)
            left -= 1
            if let error { refusal = refusal ?? error }
            if left < statements.count, let rows { results.append(rows) }
        }
        try synchronize(by: deadline)
        guard cpg_PQexitPipelineMode(handle) == 1 else { throw broken() }
        if let refusal {
            // Statements that the server has not come to prepare do not exist there.
            if isNew > 0 { prepared = prepared.filter { $0.value <= lastPrepared - isNew } }
            throw refusal
        }
        return results
    }

    private var lastPrepared = 0
    /// The answers to come to statements that are sent to be prepared.
    private var unread = 0

    private func prepare(_ statements: [Statement]) throws(PostgresError) {
        for statement in statements where prepared[statement.text] == nil {
            lastPrepared += 1
            guard cpg_PQsendPrepare(handle, "casty_\(lastPrepared)", statement.text, 0, nil) == 1 else {
                throw broken()
            }
            prepared[statement.text] = lastPrepared
            unread += 1
        }
    }

    private func send(_ statement: Statement) throws(PostgresError) {
        guard let number = prepared[statement.text] else { throw broken() }
        // One buffer that holds all values, each with a zero behind it, as text needs.
        var buffer: [UInt8] = []
        var ranges: [(start: Int, count: Int, format: Int32)?] = []
        for parameter in statement.parameters {
            switch parameter {
            case .null: ranges.append(nil)
            case .text(let text):
                let start = buffer.count
                buffer += text.utf8
                ranges.append((start, buffer.count - start, 0))
                buffer.append(0)
            case .bytes(let bytes):
                ranges.append((buffer.count, bytes.count, 1))
                buffer += bytes
                buffer.append(0)
            }
        }
        let lengths = ranges.map { Int32(clamping: $0?.count ?? 0) }
        let formats = ranges.map { $0?.format ?? 0 }
        let isSent = buffer.withUnsafeBufferPointer { buffer in
            let values = ranges.map { range in
                range.flatMap { range in
                    buffer.baseAddress.map {
                        UnsafeRawPointer($0 + range.start).assumingMemoryBound(to: CChar.self)
                    }
                }
            }
            return cpg_PQsendQueryPrepared(
                handle, "casty_\(number)", Int32(ranges.count), values, lengths, formats, 1)
        }
        guard isSent == 1 else { throw broken() }
    }

    // MARK: Results

    /// The next statement's rows, or why the server has refused it.
    private func result(by deadline: DispatchTime) throws(PostgresError) -> (Rows?, PostgresError?) {
        try flush(by: deadline)
        guard let result = cpg_PQgetResult(handle) else { throw broken() }
        defer { cpg_PQclear(result) }
        var answer: (Rows?, PostgresError?)
        switch cpg_PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: answer = (Self.rows(of: result), nil)
        // A statement before it was refused, and that is the error to report.
        case PGRES_PIPELINE_ABORTED: answer = (nil, nil)
        default:
            guard let state = cpg_PQresultErrorField(result, Int32(UnicodeScalar("C").value)) else { throw broken() }
            answer = (nil, PostgresError(kind: .refused(String(cString: state)), message: Self.words(of: result)))
        }
        // Each statement's results end with an empty one.
        try flush(by: deadline)
        guard cpg_PQgetResult(handle) == nil else { throw broken() }
        return answer
    }

    private func synchronize(by deadline: DispatchTime) throws(PostgresError) {
        try flush(by: deadline)
        guard let result = cpg_PQgetResult(handle) else { throw broken() }
        defer { cpg_PQclear(result) }
        guard cpg_PQresultStatus(result) == PGRES_PIPELINE_SYNC else { throw refusedCommit(result) }
    }

    /// A transaction whose commit fails says so where its end was expected.
    private func refusedCommit(_ result: OpaquePointer) -> PostgresError {
        let words = Self.words(of: result)
        return PostgresError(kind: .broken, message: words.isEmpty ? message : words)
    }

    private static func words(of result: OpaquePointer) -> String {
        let primary = cpg_PQresultErrorField(result, Int32(UnicodeScalar("M").value)).map { String(cString: $0) }
        return primary ?? String(cString: cpg_PQresultErrorMessage(result))
    }

    private static func rows(of result: OpaquePointer) -> Rows {
        let columns = 0..<cpg_PQnfields(result)
        return Rows(
            rows: (0..<cpg_PQntuples(result)).map { row in
                columns.map { column in
                    guard cpg_PQgetisnull(result, row, column) == 0, let value = cpg_PQgetvalue(result, row, column)
                    else {
                        return nil
                    }
                    let bytes = UnsafeRawBufferPointer(start: value, count: Int(cpg_PQgetlength(result, row, column)))
                    return [UInt8](bytes)
                }
            })
    }

    /// Sends what is to be sent, and reads until the next result is there.
    private func flush(by deadline: DispatchTime) throws(PostgresError) {
        while true {
            let left = cpg_PQflush(handle)
            guard left >= 0, cpg_PQstatus(handle) == CONNECTION_OK else { throw broken() }
            if cpg_PQisBusy(handle) == 0 { return }
            guard wait(left == 1 ? POLLIN | POLLOUT : POLLIN, by: deadline) else {
                throw PostgresError(kind: .broken, message: "the server has not answered in time")
            }
            guard cpg_PQconsumeInput(handle) == 1 else { throw broken() }
        }
    }

    private func broken() -> PostgresError { PostgresError(kind: .broken, message: message) }

    private func wait(_ events: Int32, by deadline: DispatchTime) -> Bool {
        while true {
            let now = DispatchTime.now()
            guard now < deadline else { return false }
            let nanoseconds = deadline.uptimeNanoseconds - now.uptimeNanoseconds
            var descriptor = pollfd(fd: cpg_PQsocket(handle), events: Int16(truncatingIfNeeded: events), revents: 0)
            let ready = poll(&descriptor, 1, Int32(clamping: nanoseconds / 1_000_000 + 1))
            if ready > 0 { return true }
            // Nothing that a later call could do better.
            if ready < 0, errno != EINTR { return false }
        }
    }
}
