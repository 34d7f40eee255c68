import CastySharding
import Dispatch

/// The tables of the stores, and their version.
struct Schema: Hashable, Sendable {
    /// The version of the tables; tables of a later version are refused and not changed.
    static let version = 1

    let name: String
    /// The quoted name with a dot.
    let prefix: String

    /// - Parameter name: 1…63 bytes of lower-case letters, digits and `_`, and no digit first.
    init(_ name: String) throws(EntityStoreError) {
        let isName = name.utf8.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || $0 == UInt8(ascii: "_")
        }
        guard isName, (1...63).contains(name.utf8.count), !name.first.isDigit else {
            throw EntityStoreError(
                .unavailable, "'\(name)' cannot name a schema: take up to 63 lower-case letters, digits and underscores"
            )
        }
        self.name = name
        prefix = "\"\(name)\"."
    }

    /// Creates what is missing. Many processes may do so at once: an advisory lock lets one after the other.
    ///
    /// - Throws: ``EntityStoreError``; `unavailable` where a later version of the program has made the tables.
    func prepare(_ lane: PostgresLane, by deadline: DispatchTime) throws(EntityStoreError) {
        do throws(PostgresError) {
            if try !exists("meta", lane, deadline) { try create(lane, deadline) }
            let found: Int? = try lane.run([value(of: .version)], by: deadline)[0].number(0)
            guard let found, found <= Self.version else {
                throw PostgresError(
                    kind: .refused("casty"),
                    message: "the tables in schema \(name) have been made by a later version of this program")
            }
        } catch {
            throw error.storeError(isChange: false)
        }
    }

    private func exists(_ table: String, _ lane: PostgresLane, _ deadline: DispatchTime) throws(PostgresError) -> Bool {
        let rows = try lane.run(
            [
                Statement(
                    "SELECT 'found' FROM pg_tables WHERE schemaname = $1::text AND tablename = $2::text",
                    [.text(name), .text(table)])
            ], by: deadline)
        return !rows[0].isEmpty
    }

    private func create(_ lane: PostgresLane, _ deadline: DispatchTime) throws(PostgresError) {
        let schema = try lane.run(
            [Statement("SELECT 'found' FROM pg_namespace WHERE nspname = $1::text", [.text(name)])], by: deadline)
        // Creating a schema that exists needs a permission that a role without one may well do without.
        let makesSchema = schema[0].isEmpty ? [Statement("CREATE SCHEMA IF NOT EXISTS \"\(name)\"")] : []
        let lock = Statement(
            "SELECT pg_advisory_xact_lock(hashtext('casty schema'), hashtext($1::text))", [.text(name)])
        try lane.run([lock] + makesSchema + tables.map { Statement($0) }, by: deadline)
        try lane.run(
            [
                // Sixteen random bytes, those of the process that comes first.
                Statement(
                    """
                    INSERT INTO \(prefix)meta (key, value) SELECT 'store', replace(gen_random_uuid()::text, '-', '')
                    ON CONFLICT DO NOTHING
                    """),
                Statement(
                    "INSERT INTO \(prefix)meta (key, value) VALUES ('version', $1::text) ON CONFLICT DO NOTHING",
                    [.number(Self.version)]),
            ], by: deadline)
    }

    /// What the table `meta` says.
    enum Key: String {
        case version
        /// A random identity of these tables.
        case store
        /// The name of the cluster.
        case name
        /// The identity of the cluster.
        case cluster
    }

    func value(of key: Key) -> Statement {
        Statement("SELECT value FROM \(prefix)meta WHERE key = $1::text", [.text(key.rawValue)])
    }

    private var tables: [String] {
        [
            "CREATE TABLE IF NOT EXISTS \(prefix)meta (key text PRIMARY KEY, value text NOT NULL)",
            """
            CREATE TABLE IF NOT EXISTS \(prefix)fence (
                type bytea, shards int, shard int, cluster text NOT NULL, up bigint NOT NULL, start bigint NOT NULL,
                sequence numeric(20) NOT NULL, PRIMARY KEY (type, shards, shard))
            """,
            // A row is replaced with each save: room in its page spares a change of the index.
            """
            CREATE TABLE IF NOT EXISTS \(prefix)state (
                type bytea, id bytea, state bytea, up bigint NOT NULL, start bigint NOT NULL,
                sequence numeric(20) NOT NULL, change numeric(20) NOT NULL, PRIMARY KEY (type, id))
                WITH (fillfactor = 70)
            """,
            """
            CREATE TABLE IF NOT EXISTS \(prefix)remembered (
                type bytea, id bytea, shards int NOT NULL, shard int NOT NULL, PRIMARY KEY (type, id))
            """,
            "CREATE INDEX IF NOT EXISTS remembered_by_shard ON \(prefix)remembered (type, shards, shard)",
            """
            CREATE TABLE IF NOT EXISTS \(prefix)journal (
                type bytea, id bytea, last bigint NOT NULL, change numeric(20) NOT NULL, PRIMARY KEY (type, id))
            """,
            """
            CREATE TABLE IF NOT EXISTS \(prefix)event (
                type bytea, id bytea, sequence bigint, payload bytea NOT NULL, manifest bytea NOT NULL,
                version bigint NOT NULL, tags text NOT NULL, xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
                position bigint NOT NULL GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (type, id, sequence))
            """,
            "CREATE INDEX IF NOT EXISTS event_in_order ON \(prefix)event (xid, position)",
            "CREATE INDEX IF NOT EXISTS event_by_tag ON \(prefix)event USING gin (string_to_array(tags, ','))",
            "CREATE TABLE IF NOT EXISTS \(prefix)lease (name text PRIMARY KEY, record text NOT NULL)",
        ]
    }
}

extension Optional<Character> {
    fileprivate var isDigit: Bool { self.map { $0.isNumber } ?? false }
}
