import CastyCore
public import CastySharding
import Dispatch

/// The stores of a cluster in a PostgreSQL database: for nodes on many machines.
///
/// ```swift
/// let stores = try PostgresStores("postgres://shop@db.internal/shop?sslmode=verify-full")
/// node.host(carts, state: .durable(stores.entities)) { entity in cart(entity) }
/// ```
///
/// All nodes of a cluster name the same database and schema; what they reach is compared when a node joins. The tables
/// belong to one cluster, and refuse another one.
///
/// ## What the server must do
///
/// Version 13 or later, with `fsync` and `full_page_writes` on, as they are by default: what is acknowledged is then on
/// its disk. Where a copy takes over, it has what was acknowledged only if the server waits for it
/// (`synchronous_standby_names`). Name all servers in the connection string; one that only reads is not used.
/// Connections are protected as the string says: `sslmode=verify-full` for any server beyond this machine. A pooler in
/// between must give each connection a session of its own.
///
/// ## Connections
///
/// A node opens up to six: one for changes, one for loads, one for queries of events, one for reminders that are due, one
/// for its own affairs, and one for the majority lease. Each is opened when it is first used; to the server each is a
/// process. So a query that takes long, or that the server holds, delays no load and no reminder.
public struct PostgresStores: Sendable {
    /// The states of entities.
    public let entities: PostgresEntityStore
    /// Which entities run.
    public let remembered: PostgresRememberedEntityStore
    let target: String
    let tables: OwnedTables

    /// Opens the stores; creates the schema and the tables if they are missing.
    ///
    /// Blocks until the server has answered, for 5 s at most; where tables of an earlier version are changed, until that
    /// is done.
    ///
    /// - Parameters:
    ///   - target: A connection string: `postgres://USER@HOST/DATABASE?…`, or `host=… dbname=…`.
    ///   - schema: Where the tables are: up to 63 lower-case letters, digits and underscores.
    ///   - limit: How long a call may take, with the time to open a connection again. Choose it shorter than half the
    ///     lease of entities, which is where the runtime stops waiting.
    /// - Throws: ``EntityStoreError``.
    public init(
        _ target: String, schema: String = "casty", limit: Duration = .seconds(2)
    ) throws(EntityStoreError) {
        let schema = try Schema(schema)
        let statements = Statements(schema: schema.prefix)
        let control = PostgresLane(target, label: "casty.postgres.control")
        let opening = Duration.seconds(5)
        // Without this a wrong word in the string would be reported after all attempts.
        try ConnectionString.check(target)
        let identity = try control.call { () throws(EntityStoreError) in
            try schema.prepare(control, within: opening)
            return try control.text(schema.value(of: .store), by: .after(opening)) ?? ""
        }
        self.target = target
        tables = OwnedTables(identity: "postgres \(identity)", schema: schema, control: control, limit: limit)
        entities = PostgresEntityStore(
            StoreLanes(target, remedy: statements.endStopped, limit: limit), statements, tables, limit: limit)
        remembered = PostgresRememberedEntityStore(entities)
    }
}

extension PostgresLane {
    /// Runs `body` on the lane's thread, and waits for it on this one.
    func call<Answer>(_ body: () throws(EntityStoreError) -> Answer) throws(EntityStoreError) -> Answer {
        try wait { Result { () throws(EntityStoreError) in try body() } }.get()
    }

    /// The text in the first column of the only row; on the lane's thread.
    func text(_ statement: Statement, by deadline: DispatchTime) throws(EntityStoreError) -> String? {
        do throws(PostgresError) {
            return try run([statement], by: deadline)[0].text(0)
        } catch {
            throw error.storeError(isChange: false)
        }
    }
}
