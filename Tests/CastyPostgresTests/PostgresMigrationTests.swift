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

    /// Tables as the program of an earlier version has made them, with a state and an entity that runs.
    private static func old(_ server: Server, version: Int = 1) async throws -> String {
        let schema = Server.schema()
        let stores = try PostgresStores(server.target, schema: schema)
        try await stores.entities.save(bytes("1"), for: key("m-1"), fence: fence())
        try await stores.remembered.record(.started("m-1"), in: Self.shard, fence: fence())
        try server.psql("DROP TABLE \(schema).remembered_change; DROP INDEX \(schema).remembered_in_shard")
        try server.psql("CREATE INDEX remembered_by_shard ON \(schema).remembered (type, shards, shard)")
        if version == 1 { try server.psql("ALTER TABLE \(schema).state DROP COLUMN wake") }
        try server.psql("UPDATE \(schema).meta SET value = '\(version)' WHERE key = 'version'")
        return schema
    }

    private static let shard = StoreShard(type: "account", number: 0, of: 1)

    private static func at(_ seconds: Int64) -> WallTime { WallTime(milliseconds: seconds * 1000) }

    @Test(
        "Tables of an earlier version become those of this one, whichever of many nodes comes first, and keep what they have",
        arguments: [1, 2])
    func forwards(version: Int) async throws {
        let server = try Server.common()
        let schema = try await Self.old(server, version: version)
        let target = server.target
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { _ = try PostgresStores(target, schema: schema) } }
            try await group.waitForAll()
        }
        #expect(try server.psql("SELECT value FROM \(schema).meta WHERE key = 'version'") == "3")
        let indices = "SELECT string_agg(indexname, ',' ORDER BY indexname) FROM pg_indexes"
        let names = try server.psql("\(indices) WHERE schemaname = '\(schema)' AND tablename LIKE 'remembered%'")
        #expect(
            names == "remembered_change_by_age,remembered_change_pkey,remembered_in_shard,remembered_pkey")
        let stores = try PostgresStores(target, schema: schema)
        let running = try await stores.remembered.load(Self.shard, after: nil, limit: 9, fence: fence())
        #expect(running == RememberedPage(["m-1"]))
        let store = stores.entities
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
        try await onThread { try PostgresStores(target, schema: schema) }
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

    @Test("A node of version 2 that goes on finds what runs, and what it records is found")
    func rememberedByBoth() async throws {
        let server = try Server.common()
        let schema = try await Self.old(server, version: 2)
        let store = try PostgresStores(server.target, schema: schema).remembered
        try await store.record(.started("m-2"), in: Self.shard, fence: fence())
        try await store.record(.stopped("m-1"), in: Self.shard, fence: fence())
        // The statements of version 2.
        let query = "SELECT string_agg(convert_from(id, 'UTF8'), ',' ORDER BY id) FROM \(schema).remembered"
        #expect(try server.psql(query) == "m-2")
        try server.psql(
            """
            INSERT INTO \(schema).remembered (type, id, shards, shard) VALUES ('account', 'm-1', 1, 0)
            ON CONFLICT (type, id) DO UPDATE SET shards = excluded.shards, shard = excluded.shard
            """)
        try server.psql("DELETE FROM \(schema).remembered WHERE type = 'account' AND id = 'm-2'")
        let page = try await store.load(Self.shard, after: nil, limit: 9, fence: fence())
        #expect(page == RememberedPage(["m-1"]))
    }

    @Test("Tables of a later version, or of none, are refused in words and not changed", arguments: ["4", "", "two"])
    func backwards(version: String) async throws {
        let server = try Server.common()
        let schema = Server.schema()
        _ = try PostgresStores(server.target, schema: schema)
        try server.psql("UPDATE \(schema).meta SET value = '\(version)' WHERE key = 'version'")
        let error = #expect(throws: EntityStoreError.self) { try PostgresStores(server.target, schema: schema) }
        let words =
            version == "4" ? "they have version 4, and this one knows 3" : "the version '\(version)', which is none"
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(try server.psql("SELECT value FROM \(schema).meta WHERE key = 'version'") == version)
    }
}
