import CastyCore
import CastySharding
import CastyStoreConformance
import Testing

@testable import CastyPostgres

@Suite("States in PostgreSQL", .enabled(if: Server.isThere, Server.absence), .timeLimit(.minutes(10)))
struct PostgresEntityStoreTests {
    @Test("It does what every store must", arguments: StoreConformance.checks)
    func conformance(check: StoreConformance.Check) async throws {
        let (target, schema) = (try Server.common().target, Server.schema())
        let outcome = try await check.run { try PostgresStores(target, schema: schema, limit: .seconds(30)).entities }
        #expect((outcome == .passed) == (check.name != "crash-points"))
    }

    @Test("Eight that open the same missing schema at once all find it, with one identity")
    func openers() async throws {
        let (target, schema) = (try Server.common().target, Server.schema())
        let identities = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 { group.addTask { try PostgresStores(target, schema: schema).identity } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(identities.count == 1)
        #expect(identities.first?.hasPrefix("postgres ") == true)
        #expect(identities.first?.utf8.count == 9 + 32)
        #expect(try PostgresStores(target, schema: Server.schema()).identity != identities.first)
    }

    @Test("What cannot name a schema, or a server, is refused")
    func refused() async throws {
        let server = try Server.common()
        for name in ["", "1st", "a\"b", "Ä", String(repeating: "a", count: 64)] {
            #expect(throws: EntityStoreError.self) { try PostgresStores(server.target, schema: name) }
        }
        let wrong = #expect(throws: EntityStoreError.self) { try PostgresStores("postgres://host?colour=red") }
        #expect(wrong?.message.contains("colour") == true)
        let absent = #expect(throws: EntityStoreError.self) {
            try PostgresStores("postgres:///postgres?host=/nowhere&user=casty")
        }
        #expect(absent?.code == .unavailable)
        #expect(absent?.isOutcomeUnknown == false)
    }

    @Test("Changes that wait together share a transaction")
    func groups() async throws {
        let store = try PostgresStores(Server.common().target, schema: Server.schema()).entities
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    for step in 0..<5 {
                        try await store.save(bytes("\(step)"), for: key("g-\(number)", shards: 8), fence: fence())
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(store.groups.changes == 64 * 5)
        #expect(store.groups.transactions < 64 * 5 / 4)
    }

    @Test("A change that the server refuses fails alone, and those beside it are saved")
    func alone() async throws {
        let (server, schema) = (try Server.common(), Server.schema())
        let store = try PostgresStores(server.target, schema: schema).entities
        try await store.save(bytes("0"), for: key("a-0"), fence: fence())
        try server.psql("ALTER TABLE \(schema).state ADD CHECK (state <> 'bad')")
        let codes = await withTaskGroup(of: (Int, EntityStoreError.Code?).self) { group in
            for number in 0..<20 {
                group.addTask {
                    let state = bytes(number == 7 ? "bad" : "good")
                    return (number, await code { try await store.save(state, for: key("a-\(number)"), fence: fence()) })
                }
            }
            return await group.reduce(into: [Int: EntityStoreError.Code?]()) { $0[$1.0] = .some($1.1) }
        }
        for number in 0..<20 {
            #expect(codes[number] == .some(number == 7 ? .unavailable : nil))
            let state = try await store.load(key("a-\(number)"), fence: fence())
            #expect(state == (number == 7 ? nil : bytes("good")))
        }
    }

    @Test("A save that the server still has to do after its connection was given up cannot replace a later one")
    func late() async throws {
        let (server, schema) = (try Server.common(), Server.schema())
        let stores = try PostgresStores(server.target, schema: schema)
        let early = ChangeNumbers.next()
        try await stores.entities.save(bytes("new"), for: key("l-1"), fence: fence())
        let statement = Statements(schema: "\"\(schema)\".").save(bytes("old"), for: key("l-1"), fence(), change: early)
        let lane = PostgresLane(server.target, label: "late")
        let rows = try lane.wait {
            Result { () throws(PostgresError) in try lane.run([statement], by: .after(.seconds(5))) }
        }
        .get()
        #expect(rows == [Rows(rows: [])])
        #expect(try await stores.entities.load(key("l-1"), fence: fence()) == bytes("new"))
    }

    @Test("A change whose time is over before its turn is not sent, and its outcome is known")
    func notSent() async throws {
        let (server, schema) = (try Server.common(), Server.schema())
        let store = try PostgresStores(server.target, schema: schema, limit: .seconds(30)).entities
        try await store.save(bytes("1"), for: key("n-1"), fence: fence())
        let lane = PostgresLane(server.target, label: "not sent")
        let writer = StateWriter(lane, Statements(schema: "\"\(schema)\"."), limit: .milliseconds(800))
        lane.begin { _ = try? lane.run([Statement("SELECT pg_sleep(1.5)")], by: .after(.seconds(20))) }
        let error = await #expect(throws: EntityStoreError.self) {
            try await writer.put(bytes("2"), for: key("n-1"), fence())
        }
        #expect(error?.code == .unavailable)
        #expect(error?.isOutcomeUnknown == false)
        #expect(error?.message.contains("was not sent") == true, "\(error?.message ?? "")")
        #expect(try await store.load(key("n-1"), fence: fence()) == bytes("1"))
    }

    @Test("A token that the server has lost is raised again")
    func lostToken() async throws {
        let (server, schema) = (try Server.common(), Server.schema())
        let store = try PostgresStores(server.target, schema: schema).entities
        try await store.save(bytes("1"), for: key("t-1"), fence: fence())
        try server.psql("DELETE FROM \(schema).fence")
        try await store.save(bytes("2"), for: key("t-1"), fence: fence())
        try server.psql("DELETE FROM \(schema).fence")
        #expect(try await store.load(key("t-1"), fence: fence()) == bytes("2"))
        #expect(try server.psql("SELECT count(*) FROM \(schema).fence") == "1")
    }

    @Test("Tokens are compared as numbers, and the highest of another number of shards counts")
    func numbers() async throws {
        let store = try PostgresStores(Server.common().target, schema: Server.schema()).entities
        let ids = (0..<40).map { "n-\($0)" }
        let (one, two) = (key(ids[0], shards: 4), try #require(ids.map { key($0, shards: 4) }.first { $0.shard != 0 }))
        let other =
            one.shard == two.shard ? try #require(ids.map { key($0, shards: 4) }.first { $0.shard != one.shard }) : two
        try await store.save(bytes("1"), for: one, fence: fence(9))
        try await store.save(bytes("1"), for: one, fence: fence(10))
        try await store.save(bytes("1"), for: other, fence: fence(9))
        #expect(await code { try await store.save(bytes("2"), for: one, fence: fence(9)) } == .stale)
        let anew = key(ids[0], shards: 6)
        #expect(await code { try await store.save(bytes("2"), for: anew, fence: fence(9)) } == .stale)
        try await store.save(bytes("3"), for: anew, fence: fence(11))
        #expect(await code { _ = try await store.load(one, fence: fence(10)) } == .stale)
    }

    @Test("A process that hangs in the middle of a transaction keeps its lock only until another one needs it")
    func hung() async throws {
        let (server, schema) = (try Server.common(), Server.schema())
        let store = try PostgresStores(server.target, schema: schema, limit: .seconds(10)).entities
        try await store.save(bytes("1"), for: key("h-1"), fence: fence(1))
        let session = try Session(server.target)
        try session.run("SET application_name = 'casty'; BEGIN; SELECT FROM \(schema).fence FOR SHARE")
        // The next owner takes the token, which the hung session has locked.
        #expect(try await store.load(key("h-1"), fence: fence(2)) == bytes("1"))
        try await store.save(bytes("2"), for: key("h-1"), fence: fence(2))
        #expect(throws: (any Error).self, "the session that hung goes on") { try session.run("COMMIT") }
    }
}
