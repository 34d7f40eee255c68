import CastySharding
import CastyStoreConformance
import Testing

@testable import CastyPostgres

@Suite("Events in PostgreSQL", .enabled(if: Server.isThere, Server.absence), .timeLimit(.minutes(10)))
struct PostgresEventTests {
    @Test("It does what every store of events must")
    func conformance() async throws {
        // A server of its own, and one check after the other: transactions of others would hold its queries back.
        let server = try Server.start()
        let target = server.target
        let report = try await ConformanceReport(EventConformance.checks) { _ in
            let schema = Server.schema()
            return TestedStore { try PostgresStores(target, schema: schema, limit: .seconds(30)).entities }
        }
        #expect(report.failures.map(\.description) == [])
        #expect(report.skipped.keys.sorted() == ["crash-points"])
    }

    @Test("A query shows no event that an older open transaction may still precede, and shows it when that has ended")
    func heldBack() async throws {
        // A server of its own: transactions of other tests would hold the query back too.
        let server = try Server.start()
        let store = try PostgresStores(server.target).entities
        try await store.append(
            [EventRecord(payload: [1], manifest: "added")], after: 0, for: key("e-1"), fence: fence())
        let session = try Session(server.target)
        // A number is given to a transaction when it first writes; from then on it holds queries back.
        try session.run("BEGIN; SELECT pg_current_xact_id()")
        try await server.wait("SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_xid IS NOT NULL")
        try await store.append(
            [EventRecord(payload: [2], manifest: "added")], after: 1, for: key("e-1"), fence: fence())
        let before = try await store.events(matching: .all, after: .start, limit: 10)
        #expect(before.events.map(\.event.sequence) == [1])
        #expect(!before.isEnd)
        let waiting = try await store.events(matching: .all, after: before.next, limit: 10)
        #expect(waiting.events.isEmpty)
        #expect(!waiting.isEnd)
        #expect(waiting.next == before.next)
        // The entity itself reads it at once.
        let page = try await store.events(of: key("e-1"), after: 0, limit: 10, fence: fence())
        #expect(page.events.map(\.sequence) == [1, 2])
        try session.run("COMMIT")
        try await server.wait("SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_xid IS NOT NULL")
        let after = try await store.events(matching: .all, after: before.next, limit: 10)
        #expect(after.events.map(\.event.sequence) == [2])
        #expect(after.isEnd)
    }

    @Test("An append that is sent again because its answer was lost is made once")
    func twice() async throws {
        let (server, schema) = (try Server.common(), Server.schema())
        let stores = try PostgresStores(server.target, schema: schema)
        let event = EventRecord(payload: [1], manifest: "added")
        try await stores.entities.append([event], after: 0, for: key("e-1"), fence: fence())
        let change = try #require(UInt64(try server.psql("SELECT change FROM \(schema).journal")))
        let again = await withUnsafeContinuation { done in
            let lane = PostgresLane(server.target, label: "twice")
            lane.begin {
                let attempt = Attempt(lane: lane, statements: Statements(schema: "\(schema)."))
                let same = StateChange(
                    kind: .append([event], after: 0), key: key("e-1"), fence: fence(), number: change,
                    deadline: .after(.seconds(5)), done: done)
                done.resume(returning: attempt.write([same], ConfirmedTokens())[0])
            }
        }
        #expect(throws: Never.self) { try again.get() }
        let page = try await stores.entities.events(of: key("e-1"), after: 0, limit: 10, fence: fence())
        #expect(page.events.map(\.record) == [event])
        #expect(page.last == 1)
    }
}
