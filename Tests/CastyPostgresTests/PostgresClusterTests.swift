import CastyCluster
import CastyCore
import CastySharding
import CastyStoreConformance
import Testing

@testable import CastyPostgres

@Suite("The cluster that tables belong to", .enabled(if: Server.isThere, Server.absence), .timeLimit(.minutes(10)))
struct PostgresClusterTests {
    private static let first = ClusterID(high: 1, low: 2)
    private static let second = ClusterID(high: 3, low: 4)

    @Test("Tables do what every store must that belongs to a cluster", arguments: ClusterStoreConformance.checks)
    func conformance(check: ClusterStoreConformance.Check) async throws {
        let (target, schema) = (try Server.common().target, Server.schema())
        #expect(try await check.run { try PostgresStores(target, schema: schema) } == .passed)
    }

    @Test("Tables belong to the first cluster that takes them, and refuse another one with both identities")
    func belonging() throws {
        let (target, schema) = (try Server.common().target, Server.schema())
        let stores = try PostgresStores(target, schema: schema)
        #expect(try stores.recallCluster(name: "shop") == nil)
        try stores.belong(to: Self.first, name: "shop")
        try stores.belong(to: Self.first, name: "shop")
        let again = try PostgresStores(target, schema: schema)
        #expect(try again.recallCluster(name: "shop") == Self.first)
        let refused = #expect(throws: EntityStoreError.self) { try again.belong(to: Self.second, name: "shop") }
        let text = refused?.description ?? ""
        #expect(text.contains("\(Self.first)") && text.contains("\(Self.second)"))
        let named = #expect(throws: EntityStoreError.self) { _ = try stores.recallCluster(name: "stall") }
        #expect(named?.description.contains("shop") == true && named?.description.contains("stall") == true)
        #expect(throws: EntityStoreError.self) { try stores.belong(to: Self.first, name: "stall") }
    }

    @Test("Of two clusters that take the tables at once one gets them, and the other is refused")
    func twoAtOnce() async throws {
        let (target, schema) = (try Server.common().target, Server.schema())
        let ids = [Self.first, Self.second]
        let won = try await withThrowingTaskGroup(of: Bool.self) { group in
            for id in ids {
                group.addTask {
                    let stores = try PostgresStores(target, schema: schema)
                    return (try? stores.belong(to: id, name: "shop")) != nil
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(won == 1)
    }

    @Test("The highest number of a coordinator is that of the tokens")
    func upNumber() async throws {
        let stores = try PostgresStores(Server.common().target, schema: Server.schema())
        #expect(try stores.highestUpNumber() == 0)
        let token = ShardFence(cluster: Self.first, upNumber: 7, start: 1, sequence: .max)
        try await stores.entities.save(bytes("1"), for: key("u-1"), fence: token)
        #expect(try await stores.entities.load(key("u-1"), fence: token) == bytes("1"))
        #expect(try stores.highestUpNumber() == 7)
    }
}
