import CastySharding
import Dispatch

/// The tables of the stores, and their version.
struct Schema: Hashable, Sendable {
    /// The version of the tables; tables of a later version are refused and not changed.
    static let version = 3

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

    /// Creates what is missing, and brings tables of an earlier version to this one. Many processes may do so at once:
    /// an advisory lock lets one after the other.
    ///
    /// - Parameter limit: How long each step may take, but for the change of earlier tables, which has a limit of its own.
    /// - Throws: ``EntityStoreError``; `unavailable` where a later version of the program has made the tables.
    func prepare(_ lane: PostgresLane, within limit: Duration) throws(EntityStoreError) {
        do throws(PostgresError) {
            var found = try version(lane, .after(limit))
            if found == nil {
                try create(lane, .after(limit))
                found = try version(lane, .after(limit))
            }
            if let earlier = found, earlier < Self.version {
                try migrate(lane)
                found = try version(lane, .after(limit))
            }
            guard let found, found >= Self.version else {
                throw Self.refusal("the tables in schema \(name) do not say their version")
            }
            guard found == Self.version else {
                throw Self.refusal(
                    """
                    the tables in schema \(name) have been made by a later version of this program: \
                    they have version \(found), and this one knows \(Self.version)
                    """)
            }
        } catch {
            throw error.storeError(isChange: false)
        }
    }

    private static func refusal(_ message: String) -> PostgresError {
        PostgresError(kind: .refused("casty"), message: message)
    }

    /// The version of the tables; `nil` where there are none, or another process is about to make them.
    private func version(_ lane: PostgresLane, _ deadline: DispatchTime) throws(PostgresError) -> Int? {
        guard try exists("meta", lane, deadline) else { return nil }
        let rows = try lane.run([value(of: .version)], by: deadline)[0]
        guard let text = rows.text(0) else { return nil }
        guard let version = Int(text), version >= 1 else {
            throw Self.refusal("the tables in schema \(name) have the version '\(text)', which is none")
        }
        return version
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

    private var lock: Statement {
        Statement("SELECT pg_advisory_xact_lock(hashtext('casty schema'), hashtext($1::text))", [.text(name)])
    }

    /// Brings tables of an earlier version to this one, while nodes of that version may go on, see
    /// ``changesOfEarlierTables``.
    private func migrate(_ lane: PostgresLane) throws(PostgresError) {
        try lane.run(
            [lock] + changesOfEarlierTables.map { Statement($0) } + [
                Statement(
                    "UPDATE \(prefix)meta SET value = $1::text WHERE key = 'version' AND value IN ('1', '2')",
                    [.number(Self.version)])
            ], by: .after(Self.migrationLimit))
    }

    /// How long the change of tables to another version may take.
    private static let migrationLimit = Duration.seconds(600)

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
}

extension Optional<Character> {
    fileprivate var isDigit: Bool { self.map { $0.isNumber } ?? false }
}
