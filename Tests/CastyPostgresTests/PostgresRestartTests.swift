import CastyCore
import CastySharding
import Foundation
import Testing

@testable import CastyPostgres

@Suite("A server that crashes", .enabled(if: Server.isThere, Server.absence), .timeLimit(.minutes(10)))
struct PostgresRestartTests {
    @Test("What was acknowledged before and during crashes of the server is there, and states never go back")
    func restarts() async throws {
        let server = try Server.start()
        let store = try PostgresStores(server.target, limit: .seconds(20)).entities
        let isOver = Flag()
        let crashes = Task {
            for _ in 0..<5 {
                try await Task.sleep(for: .milliseconds(300))
                server.control("restart")
            }
            isOver.set()
        }
        // Each writer counts up; an unknown outcome leaves two states possible.
        let acknowledged = try await withThrowingTaskGroup(of: (Int, Int, Int).self) { group in
            for number in 0..<16 {
                group.addTask {
                    let key = key("c-\(number)", shards: 4)
                    var (saved, tried) = (0, 0)
                    while !isOver.isSet {
                        tried += 1
                        do throws(EntityStoreError) {
                            try await store.save(bytes("\(tried)"), for: key, fence: fence())
                            saved = tried
                        } catch {
                            #expect(error.code == .unavailable, "\(error)")
                        }
                        if tried % 50 == 0, let state = try? await store.load(key, fence: fence()) {
                            let read = Int(String(decoding: state, as: UTF8.self)) ?? 0
                            #expect((saved...tried).contains(read))
                        }
                    }
                    return (number, saved, tried)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try await crashes.value
        let again = try PostgresStores(server.target).entities
        for (number, saved, tried) in acknowledged {
            let state = try #require(try await again.load(key("c-\(number)", shards: 4), fence: fence()))
            let read = Int(String(decoding: state, as: UTF8.self)) ?? 0
            #expect(saved > 0)
            #expect((saved...tried).contains(read), "c-\(number): \(read) of \(saved)…\(tried)")
        }
    }

    @Test("While the server is away calls fail within their time limit, with words; when it is back they succeed")
    func away() async throws {
        let server = try Server.start()
        let store = try PostgresStores(server.target, limit: .milliseconds(300)).entities
        try await store.save(bytes("1"), for: key("w-1"), fence: fence())
        server.control("stop")
        let refused = await #expect(throws: EntityStoreError.self) {
            try await store.save(bytes("2"), for: key("w-1"), fence: fence())
        }
        #expect(refused?.code == .unavailable)
        #expect(await code { _ = try await store.load(key("w-1"), fence: fence()) } == .unavailable)
        server.control("start")
        var state: [UInt8]?
        for _ in 0..<100 where state == nil { state = try? await store.load(key("w-1"), fence: fence()) }
        #expect(state == bytes("1") || state == bytes("2"))
    }
}
