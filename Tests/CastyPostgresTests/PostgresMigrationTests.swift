import CastyCore
import CastySharding
import Testing

@testable import CastyPostgres

@Suite("Versions of the tables in PostgreSQL", .enabled(if: Server.isThere, Server.absence), .timeLimit(.minutes(10)))
struct PostgresMigrationTests {
    /// The statement with which the program of version 1 saves, with a token of one shard.
    private static func save(_ schema: String, _ state: String, _ id: String, change: UInt64) -> Statement {
        Statement(
            """
            WITH held AS (
                SELECT FROM "\(schema)".fence
                WHERE type = $1::bytea AND shards = $2::int AND shard = $3::int AND cluster = $4::text
                    AND (up, start, sequence) = ($5::bigint, $6::bigint, $7::numeric)
                FOR SHARE)
            INSERT INTO "\(schema)".state AS known (type, id, state, up, start, sequence, change)
            SELECT $1::bytea, $8::bytea, $9::bytea, $5::bigint, $6::bigint, $7::numeric, $10::numeric FROM held
            ON CONFLICT (type, id) DO UPDATE SET
                state = excluded.state, up = excluded.up, start = excluded.start, sequence = excluded.sequence,
                change = excluded.change
                WHERE (known.up, known.start, known.sequence, known.change)
                    <= (excluded.up, excluded.start, excluded.sequence, excluded.change)
            RETURNING 'saved'
            """,
            [
                .utf8("account"), .number(1), .number(0), .text("\(fence().cluster)"), .number(1), .number(1),
                .number(1), .utf8(id), .utf8(state), .number(change),
            ])
    }

    /// Tables as the program of version 1 has made them, with a state.
    private static func old(_ server: Server) async throws -> String {
        let schema = Server.schema()
        let store = try PostgresStores(server.target, schema: schema).entities
        try await store.save(bytes("1"), for: key("m-1"), fence: fence())
        try server.psql("ALTER TABLE \(schema).state DROP COLUMN wake")
        try server.psql("UPDATE \(schema).meta SET value = '1' WHERE key = 'version'")
        return schema
    }

    private static func at(_ seconds: Int64) -> WallTime { WallTime(milliseconds: seconds * 1000) }

    @Test("Tables of version 1 become those of this version, whoever of many comes first, and keep their states")
    func forwards() async throws {
        let server = try Server.common()
        let schema = try await Self.old(server)
        let target = server.target
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { _ = try PostgresStores(target, schema: schema) } }
            try await group.waitForAll()
        }
        #expect(try server.psql("SELECT value FROM \(schema).meta WHERE key = 'version'") == "2")
        let store = try PostgresStores(target, schema: schema).entities
        #expect(try await store.load(key("m-1"), fence: fence()) == bytes("1"))
        try await store.save(bytes("2"), for: key("m-1"), fence: fence(), wakeAt: Self.at(5))
        let wakes = try await store.wakes(of: "account", through: Self.at(5), after: nil, limit: 9)
        #expect(wakes == [EntityWake(at: Self.at(5), id: "m-1")])
    }

    @Test("The change waits for a transaction that has the table, and others go on meanwhile")
    func waits() async throws {
        let server = try Server.common()
        let (schema, target) = (try await Self.old(server), server.target)
        let session = try Session(target)
        try session.run("BEGIN; SELECT count(*) FROM \(schema).state")
        async let opened = Self.open(target, schema)
        // The change has asked for the table, and is refused after the time limit for locks, again and again.
        try await server.wait(
            """
            SELECT count(*) > 0 FROM pg_locks
            WHERE relation = '\(schema).state'::regclass AND NOT granted AND mode = 'AccessExclusiveLock'
            """)
        #expect(try server.psql("SELECT value FROM \(schema).meta WHERE key = 'version'") == "1")
        // Longer than any other step of opening may take.
        try await Task.sleep(for: .seconds(6))
        try session.run("COMMIT")
        let store = try await opened.entities
        #expect(try await store.load(key("m-1"), fence: fence()) == bytes("1"))
    }

    private static func open(_ target: String, _ schema: String) async throws -> PostgresStores {
        try await Task.detached { try PostgresStores(target, schema: schema) }.value
    }

    @Test("A node of version 1 that goes on saves what this version reads, and leaves the times as they are")
    func both() async throws {
        let server = try Server.common()
        let schema = try await Self.old(server)
        let old = PostgresLane(server.target, label: "version 1")
        func save(_ state: String, _ id: String) throws {
            let number = ChangeNumbers.next()
            let rows = try old.wait {
                Result { () throws(PostgresError) in
                    try old.run([Self.save(schema, state, id, change: number)], by: .after(.seconds(5)))
                }
            }
            .get()
            #expect(rows[0].text(0) == "saved")
        }
        try save("old 1", "m-1")
        let store = try PostgresStores(server.target, schema: schema).entities
        #expect(try await store.load(key("m-1"), fence: fence()) == bytes("old 1"))
        try await store.save(bytes("new"), for: key("m-1"), fence: fence(), wakeAt: Self.at(7))
        try save("old 2", "m-1")
        try save("old", "m-2")
        #expect(try await store.load(key("m-1"), fence: fence()) == bytes("old 2"))
        #expect(try await store.load(key("m-2"), fence: fence()) == bytes("old"))
        let wakes = try await store.wakes(of: "account", through: Self.at(7), after: nil, limit: 9)
        #expect(wakes == [EntityWake(at: Self.at(7), id: "m-1")])
    }

    @Test("Tables of a later version, or of none, are refused in words and not changed", arguments: ["3", "", "two"])
    func backwards(version: String) async throws {
        let server = try Server.common()
        let schema = Server.schema()
        _ = try PostgresStores(server.target, schema: schema)
        try server.psql("UPDATE \(schema).meta SET value = '\(version)' WHERE key = 'version'")
        let error = #expect(throws: EntityStoreError.self) { try PostgresStores(server.target, schema: schema) }
        let words =
            version == "3" ? "they have version 3, and this one knows 2" : "the version '\(version)', which is none"
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(try server.psql("SELECT value FROM \(schema).meta WHERE key = 'version'") == version)
    }
}
