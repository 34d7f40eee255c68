import CastySharding
import GRDB
import Synchronization

/// The connections by which this process reads one file.
///
/// A read has a connection to itself, so none waits for another one, however long that takes. SQLite's readers do not wait
/// for the writer either. A further connection is opened when all are in use, and stays open for the next time.
final class FileReaders: Sendable {
    private struct State {
        var idle: [DatabaseQueue]
        var count: Int
    }

    /// More than the threads that read at the same time: the lanes of ``ReadLane``, the writer, the compactor, and who
    /// opens the stores.
    static let limit = 8

    private let path: String
    private let configuration: Configuration
    /// What reads where no further connection can be opened.
    private let spare: DatabaseQueue
    private let state: Mutex<State>

    /// - Parameters:
    ///   - spare: An open connection to the file.
    ///   - isIdle: Whether it serves readers only.
    init(_ path: String, _ configuration: Configuration, spare: DatabaseQueue, isIdle: Bool) {
        var configuration = configuration
        // It also keeps SQLite from creating a file where another process has just removed this one.
        configuration.readonly = true
        configuration.label = "casty.states.reader"
        (self.path, self.configuration, self.spare) = (path, configuration, spare)
        state = Mutex(State(idle: isIdle ? [spare] : [], count: isIdle ? 1 : 0))
    }

    /// Reads in one transaction, which sees the file as it is at its beginning.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        guard let connection = take() else { return try spare.read(body) }
        defer { state.withLock { $0.idle.append(connection) } }
        return try connection.read(body)
    }

    /// A connection that no other read has.
    private func take() -> DatabaseQueue? {
        let (idle, mayOpen) = state.withLock { state in
            if let idle = state.idle.popLast() { return (idle as DatabaseQueue?, false) }
            guard state.count < Self.limit else { return (nil, false) }
            state.count += 1
            return (nil, true)
        }
        guard mayOpen else { return idle }
        do {
            let connection = try DatabaseQueue(path: path, configuration: configuration)
            // It opens the log, and fails here where a file was removed or needs a repair that only a writer can do.
            _ = try connection.read { try Int64.fetchOne($0, sql: "SELECT count(*) FROM sqlite_schema") }
            return connection
        } catch {
            state.withLock { $0.count -= 1 }
            return nil
        }
    }
}
