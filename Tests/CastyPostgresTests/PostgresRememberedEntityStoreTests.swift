import CastyCore
import CastyPlacement
import CastySharding
import Testing

@testable import CastyPostgres

@Suite("Remembered entities in PostgreSQL", .enabled(if: Server.isThere, Server.absence), .timeLimit(.minutes(2)))
struct PostgresRememberedEntityStoreTests {
    private func load(
        _ store: PostgresRememberedEntityStore, _ shard: Int = 0, of count: Int = 1
    ) async throws -> [String] {
        try await withCheckedThrowingContinuation { continuation in
            store.load(type: "account", shard: shard, of: count) { continuation.resume(with: $0) }
        }
    }

    private func record(
        _ store: PostgresRememberedEntityStore, _ change: RememberedChange, shards count: Int = 1
    ) async throws {
        try await withCheckedThrowingContinuation { continuation in
            let shard = StableHash.shard(of: change.entity, count: count)
            store.record(change, type: "account", shard: shard, of: count) { continuation.resume(with: $0) }
        }
    }

    @Test("An entity that was started and not stopped is remembered, also by another opener")
    func remembered() async throws {
        let (target, schema) = (try Server.common().target, Server.schema())
        let store = try PostgresStores(target, schema: schema).remembered
        for change in [.started("account-2"), .started("account-1"), .started("account-2"), .stopped("account-9")]
            as [RememberedChange]
        {
            try await record(store, change)
        }
        #expect(try await load(store) == ["account-1", "account-2"])
        try await record(store, .stopped("account-1"))
        try await record(store, .stopped("account-1"))
        try await record(store, .started("ü \u{0}\n'"))
        #expect(try await load(PostgresStores(target, schema: schema).remembered) == ["account-2", "ü \u{0}\n'"])
    }

    @Test("With another number of shards every entity is found in its new one, and only there")
    func otherCount() async throws {
        let store = try PostgresStores(Server.common().target, schema: Server.schema()).remembered
        let names = (1...40).map { "account-\($0)" }
        for name in names { try await record(store, .started(name), shards: 8) }
        for count in [5, 8, 3] {
            var found: [String] = []
            for shard in 0..<count {
                let here = try await load(store, shard, of: count)
                #expect(here.allSatisfy { StableHash.shard(of: $0, count: count) == shard })
                found += here
            }
            #expect(found.sorted() == names.sorted())
        }
    }
}
