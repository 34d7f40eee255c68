import CastyTestSupport
import Testing

@testable import CastyPostgres

@Suite("Remembered entities in PostgreSQL", .enabled(if: Server.isThere, Server.absence), .timeLimit(.minutes(10)))
struct PostgresRememberedEntityStoreTests {
    @Test("It does what every store of remembered entities must")
    func conformance() async throws {
        let (target, schema) = (try Server.common().target, Server.schema())
        let conformance = RememberedConformance { try PostgresStores(target, schema: schema).remembered }
        #expect(try await conformance.violations() == [])
    }
}
