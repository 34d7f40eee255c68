import Casty
import CastyLive
import CastyObservability
import Glibc
import Synchronization
import Testing

/// Shards move while many tasks send to their entities, over real TCP and on many threads.
@Suite struct MovesUnderLoadTests {
    private enum Entry: Codable, Sendable {
        case note(sender: Int, number: Int)
        case question(sender: Int, number: Int, replyTo: ActorRef<Int>)
    }

    /// How many messages each sender sends to each entity; fewer where the thread sanitizer makes each of them slow.
    private static let rounds = getenv("CASTY_SANITIZED") == nil ? 1500 : 300

    /// What the entities of all nodes have handled.
    private final class Book: Sendable {
        private struct State {
            var last: [String: Int] = [:]
            var problems: [String] = []
        }

        private let state = Mutex(State())
        let sent = Atomic<Int>(0)
        let handled = Atomic<Int>(0)

        var problems: [String] { state.withLock { $0.problems } }

        func note(_ number: Int, from sender: Int, at entity: String) {
            state.withLock { state in
                let key = "\(sender) to \(entity)"
                let last = state.last[key] ?? 0
                if number != last + 1 { state.problems.append("\(key): \(number) after \(last)") }
                state.last[key] = number
            }
            handled.add(1, ordering: .relaxed)
        }

        /// Waits while too much is under way.
        func makeRoom() async throws {
            while sent.load(ordering: .relaxed) - handled.load(ordering: .relaxed) > 1500 {
                try await Task.sleep(for: .milliseconds(1))
            }
        }
    }

    @Test(
        "moves and passivation under load lose, double and reorder nothing", .timeLimit(.minutes(10)),
        arguments: [false, true])
    func moves(passivates: Bool) async throws {
        let addresses = try (0..<3).map { _ in try FreePort.address() }
        let config = ClusterConfig.responsive(seeds: [addresses[0]])
        var nodes: [CastyNode] = []
        for address in addresses {
            nodes.append(try await CastyNode.start(name: "test", listen: address, cluster: config) { _ in })
        }
        while !nodes.allSatisfy({ $0.cluster.state.up.count == 3 }) { try await Task.sleep(for: .milliseconds(5)) }
        let book = Book()
        let regions = try nodes.map { node in
            try node.sharding.start(
                type: "book", shards: 12, passivation: passivates ? .idle(after: .milliseconds(3)) : .none,
                of: Entry.self
            ) { entity in
                .receive { _, entry in
                    switch entry {
                    case .note(let sender, let number): book.note(number, from: sender, at: entity.id)
                    case .question(let sender, let number, let replyTo):
                        book.note(number, from: sender, at: entity.id)
                        replyTo.tell(number)
                    }
                    return .same
                }
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<6 {
                group.addTask {
                    let region = regions[sender % 3]
                    for round in 1...Self.rounds {
                        try await book.makeRoom()
                        for name in (0..<16).map({ "book-\($0)" }) {
                            book.sent.add(1, ordering: .relaxed)
                            // Questions share the way of the other messages.
                            guard round % 50 == sender else {
                                region.tell(name, .note(sender: sender, number: round))
                                continue
                            }
                            let reply: Int = try await region.ask(name, within: .seconds(30)) {
                                .question(sender: sender, number: round, replyTo: $0)
                            }
                            #expect(reply == round)
                        }
                        // Long enough that some entities are passivated.
                        if passivates, round % 100 == 0 { try await Task.sleep(for: .milliseconds(4)) }
                    }
                }
            }
            group.addTask {
                for step in 0..<60 {
                    let home = addresses[(step + step / 12) % 3]
                    // It may be there already, or on its way.
                    try? await regions[step % 3].move(shard: step % 12, to: home)
                    try await Task.sleep(for: .milliseconds(15))
                }
            }
            try await group.waitForAll()
        }
        while book.handled.load(ordering: .relaxed) < 6 * Self.rounds * 16 {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(book.problems.prefix(5) == [])
        #expect(book.handled.load(ordering: .relaxed) == 6 * Self.rounds * 16)
        for node in nodes { #expect(node.system.losses.filter { $0.lossClass == .user } == []) }
        for node in nodes.reversed() { await node.leave() }
    }
}
