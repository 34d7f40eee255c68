import CastyCore
import CastySharding
import Testing

@testable import CastyPostgres

@Suite("Reads from PostgreSQL", .enabled(if: Server.isThere, Server.absence), .timeLimit(.minutes(10)))
struct PostgresReadTests {
    /// What becomes of something that runs beside a test.
    private static func begin<Answer: Sendable>(
        _ over: Flag, _ body: @escaping @Sendable () async throws -> Answer
    ) -> Task<Answer, any Error> {
        Task {
            defer { over.set() }
            return try await body()
        }
    }

    @Test("A query of events that waits for a locked table delays no load, no save, and no reminder")
    func heldQuery() async throws {
        let (server, schema) = (try Server.common(), Server.schema())
        let store = try PostgresStores(server.target, schema: schema, limit: .seconds(60)).entities
        try await store.save(bytes("1"), for: key("q-1"), fence: fence(), wakeAt: WallTime(milliseconds: 5))
        let session = try Session(server.target)
        try session.run("BEGIN; LOCK TABLE \(schema).event")
        let isOver = Flag()
        let query = Self.begin(isOver) { try await store.events(matching: .all, after: .start, limit: 10) }
        try await server.wait(
            "SELECT count(*) > 0 FROM pg_locks WHERE relation = '\(schema).event'::regclass AND NOT granted")
        for step in 0..<20 {
            try await store.save(bytes("\(step)"), for: key("q-2"), fence: fence())
            #expect(try await store.load(key("q-2"), fence: fence()) == bytes("\(step)"))
        }
        let wakes = try await store.wakes(of: "account", through: WallTime(milliseconds: 9), after: nil, limit: 9)
        #expect(wakes.map(\.id) == ["q-1"])
        #expect(!isOver.isSet, "the query has been answered while the table was locked")
        try session.run("COMMIT")
        #expect(try await query.value.isEnd)
    }

    @Test("A query that takes too long is stopped by the server, and the connection is used for the next one")
    func slowQuery() async throws {
        let (server, schema) = (try Server.common(), Server.schema())
        let store = try PostgresStores(server.target, schema: schema, limit: .seconds(2)).entities
        let pid = try await store.queries.read([Statement("SELECT pg_backend_pid()::text")])[0].text(0)
        let error = await #expect(throws: EntityStoreError.self) {
            _ = try await store.queries.read([Statement("SELECT 'casty slow', pg_sleep(1000)")])
        }
        #expect(error?.code == .unavailable)
        #expect(error?.isOutcomeUnknown == false)
        #expect(error?.message.contains("statement timeout") == true, "\(error?.message ?? "")")
        let next = try await store.queries.read([Statement("SELECT pg_backend_pid()::text")])[0].text(0)
        #expect(next == pid)
        let running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%casty slow%' AND pid = \(pid ?? "0")"
        #expect(try server.psql(running) == "0")
    }

    @Test(
        "Of loads that share a round trip those are answered that the server does not refuse, and the others fail alone"
    )
    func refusedLoad() async throws {
        let (server, schema) = (try Server.common(), Server.schema())
        let store = try PostgresStores(server.target, schema: schema, limit: .seconds(60)).entities
        for number in 0..<8 {
            try await store.save(bytes("\(number)"), for: key("r-\(number)"), fence: fence(1))
        }
        // Another node has taken a shard: a load under the former token fails, and it shows when the answer is there.
        try await store.save(bytes("0"), for: key("s-1", type: "taken"), fence: fence(1))
        let other = try PostgresStores(server.target, schema: schema).entities
        #expect(try await other.load(key("s-1", type: "taken"), fence: fence(2)) == bytes("0"))
        // While the lane is at work all others come together.
        let isOver = Flag()
        let slow = Self.begin(isOver) { try await store.loads.read([Statement("SELECT 'casty lane', pg_sleep(5)")]) }
        let isAtWork =
            "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%casty lane%' AND wait_event = 'PgSleep'"
        while try server.psql(isAtWork) != "t" {
            try #require(!isOver.isSet, "the lane is at work too shortly")
            try await Task.sleep(for: .milliseconds(5))
        }
        let loads = (0..<8).map { number in
            Task { try await store.load(key("r-\(number)"), fence: fence(1)) }
        }
        let stale = Task { await code { _ = try await store.load(key("s-1", type: "taken"), fence: fence(1)) } }
        let refused = Task { try await store.read([Statement("SELECT 1 / 0")], of: key("r-1"), fence(1)) }
        while store.loads.waiting < 10, !isOver.isSet { try await Task.sleep(for: .milliseconds(5)) }
        #expect(store.loads.waiting == 10)
        _ = try await slow.value
        for (number, load) in loads.enumerated() { #expect(try await load.value == bytes("\(number)")) }
        #expect(await stale.value == .stale)
        let error = await #expect(throws: EntityStoreError.self) { _ = try await refused.value }
        #expect(error?.message.contains("division by zero") == true, "\(error?.message ?? "")")
    }

    @Test("Loads from a locked table wait for it, and those from other tables are answered meanwhile")
    func heldLoad() async throws {
        let (server, schema) = (try Server.common(), Server.schema())
        let store = try PostgresStores(server.target, schema: schema, limit: .seconds(60)).entities
        let event = EventRecord(payload: [1], manifest: "added")
        try await store.append([event], after: 0, for: key("h-1"), fence: fence())
        try await store.save(bytes("1"), for: key("h-2"), fence: fence())
        let session = try Session(server.target)
        try session.run("BEGIN; LOCK TABLE \(schema).event")
        let isOver = Flag()
        let held = (0..<5).map { _ in
            Self.begin(isOver) { try await store.events(of: key("h-1"), after: 0, limit: 9, fence: fence()) }
        }
        try await server.wait(
            "SELECT count(*) > 0 FROM pg_locks WHERE relation = '\(schema).event'::regclass AND NOT granted")
        for _ in 0..<5 { #expect(try await store.load(key("h-2"), fence: fence()) == bytes("1")) }
        #expect(!isOver.isSet, "events have been read while their table was locked")
        try session.run("COMMIT")
        for load in held { #expect(try await load.value.events.map(\.record) == [event]) }
    }

    @Test("A read whose time is over before its turn fails without being sent, and the connection stays")
    func lateRead() async throws {
        let (server, schema) = (try Server.common(), Server.schema())
        let lane = PostgresLane(server.target, label: "late read")
        let reader = Reader(lane, batch: 1, limit: .milliseconds(800))
        _ = try PostgresStores(server.target, schema: schema)
        let pid = try await reader.read([Statement("SELECT pg_backend_pid()::text")])[0].text(0)
        let isBusy = Flag()
        lane.begin {
            _ = try? lane.run([Statement("SELECT pg_sleep(1.5)")], by: .after(.seconds(20)))
            isBusy.set()
        }
        let error = await #expect(throws: EntityStoreError.self) { _ = try await reader.read([Statement("SELECT 1")]) }
        #expect(isBusy.isSet)
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("before this one") == true, "\(error?.message ?? "")")
        #expect(try await reader.read([Statement("SELECT pg_backend_pid()::text")])[0].text(0) == pid)
    }
}
