import CastySharding
import Foundation
import Testing

@testable import CastyPostgres

@Suite("Failover of a PostgreSQL server", .enabled(if: Server.isThere, Server.absence), .timeLimit(.minutes(10)))
struct PostgresFailoverTests {
    private static func copyAlone(_ both: String) -> String {
        both.replacingOccurrences(of: "port=5432,5433", with: "port=5433,5433")
    }

    @Test("No load is answered by a standby, which may lack what was acknowledged; once it is promoted it is used")
    func standby() async throws {
        let server = try Server.start()
        let both = try server.standby()
        let copy = Self.copyAlone(both)
        let patient = try PostgresStores(both, limit: .seconds(60)).entities
        let hasty = try PostgresStores(both + "&target_session_attrs=any", limit: .seconds(4)).entities
        try await patient.save(bytes("1"), for: key("f-1"), fence: fence())
        try await server.wait(
            "SELECT count(*) = 1 AND bool_and(replay_lsn >= pg_current_wal_lsn()) FROM pg_stat_replication")
        // The copy gets what follows, and does not show it yet.
        try server.psql("SELECT pg_wal_replay_pause()", to: copy)
        try await hasty.save(bytes("2"), for: key("f-1"), fence: fence())
        #expect(try await hasty.load(key("f-1"), fence: fence()) == bytes("2"))
        let isSent = "SELECT bool_and(flush_lsn >= pg_current_wal_lsn()) FROM pg_stat_replication"
        try await server.wait(isSent)
        server.control("stop")
        #expect(try server.psql("SELECT convert_from(state, 'UTF8') FROM casty.state", to: copy) == "1")
        let refused = await #expect(throws: EntityStoreError.self) {
            _ = try await hasty.load(key("f-1"), fence: fence())
        }
        #expect(refused?.code == .unavailable)
        #expect(refused?.message.contains("the one that writes") == true, "\(refused?.message ?? "")")
        let unsaved = await #expect(throws: EntityStoreError.self) {
            try await hasty.save(bytes("3"), for: key("f-1"), fence: fence())
        }
        #expect(unsaved?.code == .unavailable)
        #expect(unsaved?.message.contains("the one that writes") == true, "\(unsaved?.message ?? "")")
        // What is under way meanwhile is made by the server that takes over.
        let saved = Task { try await patient.save(bytes("4"), for: key("f-1"), fence: fence()) }
        try server.psql("SELECT pg_wal_replay_resume()", to: copy)
        server.control("promote")
        try await saved.value
        #expect(try await patient.load(key("f-1"), fence: fence()) == bytes("4"))
        #expect(try server.psql("SELECT convert_from(state, 'UTF8') FROM casty.state", to: copy) == "4")
    }

    @Test("Where the server takes no more connections a call fails in words, and succeeds when there is room again")
    func connections() async throws {
        let server = try Server.start()
        try server.psql("CREATE ROLE few LOGIN CONNECTION LIMIT 2; GRANT CREATE ON DATABASE postgres TO few")
        let target = server.target.replacingOccurrences(of: "user=casty", with: "user=few")
        let store = try PostgresStores(target, limit: .seconds(2)).entities
        // One connection is there, for the tables; the second is for changes.
        try await store.save(bytes("1"), for: key("c-1"), fence: fence())
        let refused = await #expect(throws: EntityStoreError.self) {
            _ = try await store.load(key("c-1"), fence: fence())
        }
        #expect(refused?.code == .unavailable)
        #expect(refused?.isOutcomeUnknown == false)
        let message = refused?.message ?? ""
        #expect(message.contains("too many connections for role") && message.contains("max_connections"), "\(message)")
        #expect(!message.contains("53300") && !message.contains("LOCATION"), "\(message)")
        try await store.save(bytes("2"), for: key("c-1"), fence: fence())
        try server.psql("ALTER ROLE few CONNECTION LIMIT 9")
        #expect(try await store.load(key("c-1"), fence: fence()) == bytes("2"))
    }

    @Test("Sessions that an operator ends are opened again, and what they were at is made once, on disk")
    func ended() async throws {
        let server = try Server.start()
        try server.psql("ALTER SYSTEM SET synchronous_commit = off")
        try server.psql("SELECT pg_reload_conf()")
        let store = try PostgresStores(server.target, limit: .seconds(30)).entities
        let isOver = Flag()
        let operations = Task {
            for _ in 0..<8 {
                try server.psql(
                    """
                    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'casty'
                    """)
            }
            isOver.set()
        }
        var count: UInt64 = 0
        while !isOver.isSet {
            let event = EventRecord(payload: [UInt8(truncatingIfNeeded: count)], manifest: "added")
            try await store.append([event], after: count, for: key("e-1"), fence: fence())
            count += 1
            try await store.save(bytes("\(count)"), for: key("e-1"), fence: fence())
            #expect(try await store.load(key("e-1"), fence: fence()) == bytes("\(count)"))
        }
        try await operations.value
        #expect(count > 0)
        let page = try await store.events(of: key("e-1"), after: 0, limit: Int(count) + 1, fence: fence())
        #expect(page.last == count)
        #expect(page.events.count == Int(count))
        let setting = [Statement("SELECT current_setting('synchronous_commit')")]
        #expect(try await store.loads.read(setting)[0].text(0) == "on")
    }

    @Test(
        "Why a connection is refused is said without codes and places in the server's source",
        arguments: [
            (
                "failed: FATAL:  57P03: the database system is starting up\nLOCATION:  ProcessStartup, postmaster.c:2341\n",
                "failed: FATAL:  the database system is starting up"
            ),
            (
                "a failed: Connection refused\n\tIs it running?\nb failed: FATAL:  28P01: no\nLOCATION:  x",
                "a failed: Connection refused; \tIs it running?; b failed: FATAL:  no"
            ),
            ("", "the server has closed the connection"),
            ("at 127.0.0.1: 5432: no", "at 127.0.0.1: 5432: no"),
        ])
    func words(report: String, words: String) {
        let error = PostgresError(notOpened: report)
        #expect(error == PostgresError(kind: .unreachable, message: words))
    }
}
