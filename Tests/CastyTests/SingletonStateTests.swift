import Casty
import CastySQLite
import Foundation
import Testing

/// A singleton with a state in SQLite, on nodes over real connections.
@Suite("A singleton's state in SQLite", .timeLimit(.minutes(10)))
struct SingletonStateTests {
    enum Count: Codable, Sendable {
        case add(replyTo: ActorRef<Int>)
    }

    private static func node(_ folder: String, _ seeds: Seeds = []) async throws -> CastyNode {
        let stores = try SQLiteStores(directory: folder)
        return try await CastyNode.start("shop") {
            $0.bind = "localhost:0"
            $0.seeds = seeds
            $0.timings = .responsive
            $0.store = stores
        }
    }

    private static func totals(_ node: CastyNode, _ folder: String) throws -> SingletonRef<Count> {
        try node.singleton("totals", state: .durable(SQLiteStores(directory: folder).entities)) { singleton in
            .durable(singleton, 0) { total, _, message in
                switch message {
                case .add(let replyTo):
                    total += 1
                    replyTo.tell(total)
                }
                return .same
            }
        }
    }

    @Test("it moves with the singleton when its node leaves, and is there after the whole cluster has ended")
    func moves() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "casty-singleton-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var answers: [Int] = []
        for _ in 1...2 {
            let first = try await Self.node(folder)
            let second = try await Self.node(folder, [first.system.address.description])
            try await second.joined()
            let (here, there) = (try Self.totals(first, folder), try Self.totals(second, folder))
            for _ in 1...3 { answers.append(try await there.ask { .add(replyTo: $0) }) }
            answers.append(try await here.ask { .add(replyTo: $0) })
            await first.leave()
            answers.append(try await there.ask { .add(replyTo: $0) })
            await second.leave()
        }
        #expect(answers == Array(1...10))
    }

    @Test("a store of a cluster that the node's settings do not name is refused")
    func unnamed() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "casty-singleton-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let node = try await EntityTypeTests.node()
        let error = #expect(throws: ShardingError.self) { try Self.totals(node, folder) }
        #expect(error?.code == .storeNotNamed)
        await node.leave()
    }
}
