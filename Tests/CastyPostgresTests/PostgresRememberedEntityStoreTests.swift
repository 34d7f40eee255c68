import CastyCore
import CastySharding
import CastyStoreConformance
import Testing

@testable import CastyPostgres

@Suite("Remembered entities in PostgreSQL", .enabled(if: Server.isThere, Server.absence), .timeLimit(.minutes(10)))
struct PostgresRememberedEntityStoreTests {
    private static let shard = StoreShard(type: "account", number: 0, of: 1)

    private static func all(_ store: PostgresRememberedEntityStore, _ sequence: UInt64 = 1) async throws -> [String] {
        try await store.load(shard, after: nil, limit: 100, fence: fence(sequence)).entities
    }

    /// Sends a change of an entity as a server does it that comes to it late.
    ///
    /// - Returns: Whether the server has made it.
    private static func late(
        _ server: Server, _ schema: String, runs: Bool, _ id: String, change: UInt64, further: [Statement] = []
    ) throws -> Bool {
        let statements = Statements(schema: "\"\(schema)\".")
        let lane = PostgresLane(server.target, label: "late")
        let sent =
            [
                statements.order(of: key(id), fence(), change: change),
                statements.note(runs: runs, key(id), fence(), change: change),
            ] + further
        let rows = try lane.wait {
            Result { () throws(PostgresError) in try lane.run(sent, by: .after(.seconds(30))) }
        }
        .get()
        return !rows[0].isEmpty
    }

    @Test("It does what every store of remembered entities must", arguments: RememberedConformance.checks)
    func conformance(check: RememberedConformance.Check) async throws {
        let (target, schema) = (try Server.common().target, Server.schema())
        let outcome = try await check.run { try PostgresStores(target, schema: schema, limit: .seconds(30)).remembered }
        #expect((outcome == .passed) == (check.name != "crash-points"))
    }

    @Test("A change that the server comes to after a later one undoes nothing")
    func late() async throws {
        let (server, schema) = (try Server.common(), Server.schema())
        let store = try PostgresStores(server.target, schema: schema).remembered
        let first = ChangeNumbers.next()
        try await store.record(.started("a"), in: Self.shard, fence: fence())
        let second = ChangeNumbers.next()
        try await store.record(.stopped("a"), in: Self.shard, fence: fence())
        #expect(try Self.late(server, schema, runs: true, "a", change: first) == false)
        #expect(try await Self.all(store) == [])
        try await store.record(.started("a"), in: Self.shard, fence: fence())
        #expect(try Self.late(server, schema, runs: false, "a", change: second) == false)
        #expect(try await Self.all(store) == ["a"])
        // One that is sent twice is made once.
        let same = ChangeNumbers.next()
        for _ in 0..<2 { #expect(try Self.late(server, schema, runs: false, "a", change: same)) }
        #expect(try await Self.all(store) == [])
    }

    @Test("A later change waits for an earlier one that the server is at work on, and has the last word")
    func together() async throws {
        let (server, schema) = (try Server.common(), Server.schema())
        let store = try PostgresStores(server.target, schema: schema, limit: .seconds(30)).remembered
        try await store.record(.started("b"), in: Self.shard, fence: fence())
        let early = ChangeNumbers.next()
        let isOver = Flag()
        async let slow = onThread {
            defer { isOver.set() }
            return try Self.late(
                server, schema, runs: true, "a", change: early,
                further: [Statement("SELECT 'casty early \(schema)', pg_sleep(5)")])
        }
        let isAtWork = """
            SELECT count(*) = 1 FROM pg_stat_activity
            WHERE query LIKE '%casty early \(schema)%' AND wait_event = 'PgSleep'
            """
        while try server.psql(isAtWork) != "t" {
            try #require(!isOver.isSet, "the earlier change is over too soon")
            try await Task.sleep(for: .milliseconds(5))
        }
        try await store.record(.stopped("a"), in: Self.shard, fence: fence())
        #expect(try await slow)
        #expect(try await Self.all(store) == ["b"])
    }

    @Test("Numbers of changes that are older than a day are removed, with the first change and every thousandth")
    func forgetting() async throws {
        let (server, schema) = (try Server.common(), Server.schema())
        let store = try PostgresStores(server.target, schema: schema, limit: .seconds(30)).remembered
        for number in 0..<9 { try await store.record(.started("o-\(number)"), in: Self.shard, fence: fence()) }
        let count = "SELECT count(*) FROM \(schema).remembered_change"
        try server.psql("UPDATE \(schema).remembered_change SET change = change - 86401 * 1000000000::numeric")
        try await store.record(.started("n-1"), in: Self.shard, fence: fence())
        #expect(try server.psql(count) == "10")
        let again = try PostgresStores(server.target, schema: schema, limit: .seconds(30)).remembered
        try await again.record(.started("n-1"), in: Self.shard, fence: fence())
        #expect(try server.psql(count) == "1")
        // What runs is not forgotten with the number of its change.
        #expect(try await Self.all(store) == ["n-1"] + (0..<9).map { "o-\($0)" })
        let turns = ForgettingTurns()
        #expect((0..<2001).map { _ in turns.next() }.indices(of: true) == RangeSet([0..<1, 1000..<1001, 2000..<2001]))
    }

    @Test("The next owner's change counts though its clock is behind")
    func clocks() async throws {
        let (server, schema) = (try Server.common(), Server.schema())
        let store = try PostgresStores(server.target, schema: schema).remembered
        try await store.record(.started("c"), in: Self.shard, fence: fence(1))
        try server.psql("UPDATE \(schema).remembered_change SET change = change + 3600 * 1000000000::numeric")
        let refused = await #expect(throws: EntityStoreError.self) {
            try await store.record(.stopped("c"), in: Self.shard, fence: fence(1))
        }
        #expect(refused?.code == .stale)
        #expect(try await Self.all(store, 2) == ["c"])
        try await store.record(.stopped("c"), in: Self.shard, fence: fence(2))
        #expect(try await Self.all(store, 2) == [])
    }
}
