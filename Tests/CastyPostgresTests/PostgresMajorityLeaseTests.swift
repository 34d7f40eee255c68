import CastyCluster
import CastyMembership
import CastySharding
import Testing

@testable import CastyPostgres

@Suite("A lease in PostgreSQL", .enabled(if: Server.isThere, Server.absence), .timeLimit(.minutes(10)))
struct PostgresMajorityLeaseTests {
    private static func claim(
        _ owner: String, _ losers: [String] = [], for duration: Duration = .seconds(3600)
    ) -> LeaseClaim {
        LeaseClaim(owner: owner, losers: losers, duration: duration, memory: .seconds(7200))
    }

    private static func ask(_ lease: PostgresMajorityLease, _ claim: LeaseClaim) async -> Result<Bool, LeaseError> {
        await withCheckedContinuation { continuation in lease.acquire(claim) { continuation.resume(returning: $0) } }
    }

    @Test("Of many that ask at once over connections of their own one gets it")
    func one() async throws {
        let stores = try PostgresStores(Server.common().target, schema: Server.schema())
        let granted = await withTaskGroup(of: Bool.self) { group in
            for number in 1...20 {
                group.addTask {
                    let lease = PostgresMajorityLease(stores, limit: .seconds(30))
                    return await Self.ask(lease, Self.claim("n\(number)")) == .success(true)
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(granted == 1)
    }

    @Test("It is renewed, released, withdrawn, and runs out; leases of two names have nothing to do with each other")
    func lifecycle() async throws {
        let stores = try PostgresStores(Server.common().target, schema: Server.schema())
        let (first, second) = (PostgresMajorityLease(stores), PostgresMajorityLease(stores))
        #expect(await Self.ask(first, Self.claim("a", ["b"])) == .success(true))
        #expect(await Self.ask(first, Self.claim("a", ["c"])) == .success(true))
        #expect(await Self.ask(second, Self.claim("d")) == .success(false))
        #expect(await Self.ask(PostgresMajorityLease(stores, name: "other"), Self.claim("d")) == .success(true))
        first.release(owner: "a")
        #expect(await Self.ask(first, Self.claim("b")) == .success(false))
        #expect(await Self.ask(second, Self.claim("d", ["a"], for: .zero)) == .success(true))
        // It has run out already.
        #expect(await Self.ask(first, Self.claim("e", ["f"])) == .success(true))
        first.withdraw(owner: "e")
        #expect(await Self.ask(first, Self.claim("f")) == .success(true))
    }

    @Test("A row that is no lease is not written over, and a server that is away is a no")
    func refused() async throws {
        let (server, schema) = (try Server.start(), Server.schema())
        let stores = try PostgresStores(server.target, schema: schema)
        let lease = PostgresMajorityLease(stores, limit: .milliseconds(300))
        try server.psql("INSERT INTO \(schema).lease VALUES ('majority', 'something else')")
        #expect(await Self.ask(lease, Self.claim("a")).code == .malformed)
        #expect(try server.psql("SELECT record FROM \(schema).lease") == "something else")
        #expect(await Self.ask(lease, Self.claim("a b")).code == .badName)
        server.control("stop")
        #expect(await Self.ask(lease, Self.claim("a")).code == .unavailable)
    }
}

extension Result<Bool, LeaseError> {
    fileprivate var code: LeaseError.Code? {
        if case .failure(let error) = self { error.code } else { nil }
    }
}
