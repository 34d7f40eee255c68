import CastyCluster
import CastyCore
import CastyInvariants
import CastyMembership
import CastyObservability
import CastyScenario
import CastySharding
import CastySimulator
import CastyTestbed
import Synchronization
import Testing

@Suite("Operators that are no members")
struct OperatorClientTests {
    private final class Answer: Sendable {
        private let answer = Mutex<Result<EntityClient.Reply, ClientError>?>(nil)

        func set(_ result: Result<EntityClient.Reply, ClientError>) { answer.withLock { $0 = result } }

        var value: Result<EntityClient.Reply, ClientError>? { answer.withLock { $0 } }
    }

    /// A simulated cluster of three nodes whose shards all have homes, and a client of its second node.
    private struct Operated {
        let testbed: TestCluster
        let client: EntityClient

        init() throws {
            let world = SimulatedClusterWorld(seed: 7)
            testbed = TestCluster(world: world, settings: TestClusterSettings(), checkers: .all)
            try testbed.start([1, 2, 3])
            for node in testbed.running { try ClientService.start(on: node.sharding) }
            try testbed.advance(until: .start + .seconds(4))
            try testbed.perform(try Command.parse("spawn account-1..account-200"))
            client = try EntityClient(
                world: world.simulation.node(name: "client", address: NodeAddress(host: "127.0.0.99", port: 1)).world,
                cluster: testbed.settings.cluster, nodes: [testbed.address(of: 2)])
            client.start()
            try testbed.advance(until: .start + .seconds(6))
        }

        /// The number of shards that begin to move, or why there is none.
        func send(_ verb: OperatorVerb) throws -> Result<Int, ClientError> {
            let answer = Answer()
            client.deliver(.operate(verb), within: .seconds(10)) { answer.set($0) }
            try testbed.advance(until: testbed.now + .seconds(12))
            return try #require(answer.value).map { Int($0.text) ?? -1 }
        }

        /// Sends a verb many times at once. Returns how many were refused as too many.
        func flood(_ verb: OperatorVerb, _ count: Int) throws -> Int {
            let refused = Mutex(0)
            for _ in 0..<count {
                // Too short for a second attempt, so that each refusal is seen.
                client.deliver(.operate(verb), within: .milliseconds(1)) { result in
                    if case .failure(let error) = result, error.code == .overloaded { refused.withLock { $0 += 1 } }
                }
            }
            try testbed.advance(until: testbed.now + .milliseconds(50))
            return refused.withLock { $0 }
        }

        func owner(of shard: Int) throws -> NodeAddress? {
            try accounts.homes.first { $0.shard == shard }?.node.address
        }

        var accounts: ShardingSnapshot {
            get throws { try #require(try testbed.runningNode(1).snapshot.sharding.first { $0.type == "account" }) }
        }

        func end() throws {
            client.stop {}
            testbed.end()
        }
    }

    @Test("a shard is moved, pinned and unpinned through a node that coordinates nothing")
    func shards() throws {
        let operated = try Operated()
        let former = try #require(try operated.owner(of: 5))
        let target = operated.testbed.address(of: former == operated.testbed.address(of: 3) ? 1 : 3)
        #expect(try operated.send(.move(type: "account", shard: 5, to: target)) == .success(1))
        #expect(try operated.owner(of: 5) == target)
        #expect(try operated.send(.pin(type: "account", shard: 5, to: former)) == .success(1))
        #expect(try operated.owner(of: 5) == former)
        #expect(try operated.accounts.pinned == [5])
        #expect(try operated.send(.unpin(type: "account", shard: 5)) == .success(0))
        #expect(try operated.accounts.pinned == [])
        try operated.end()
    }

    @Test("more verbs than a node holds are refused while those before wait for the coordinator")
    func tooManyVerbs() throws {
        let operated = try Operated()
        // The coordinator's node hangs, so no verb is answered.
        try operated.testbed.perform(try Command.parse("freeze n1"))
        var refused = 0
        for _ in 0..<9 { refused += try operated.flood(.pause(type: "account"), 500) }
        #expect(refused == 9 * 500 - 4096)
        try operated.end()
    }

    @Test("a node is drained of the shards of all types, and takes them again")
    func drain() throws {
        let operated = try Operated()
        let third = operated.testbed.address(of: 3)
        #expect(try operated.accounts.homes.contains { $0.node.address == third })
        let moves = try operated.send(.drain(third, type: nil)).get()
        #expect(moves > 0)
        #expect(try !operated.accounts.homes.contains { $0.node.address == third })
        #expect(try operated.send(.undrain(third, type: nil)) == .success(0))
        #expect(try operated.send(.rebalance(type: "account")).get() >= 0)
        try operated.testbed.advance(until: operated.testbed.now + .seconds(30))
        #expect(try operated.accounts.homes.contains { $0.node.address == third })
        try operated.end()
    }

    @Test("rebalancing is paused and resumed")
    func pause() throws {
        let operated = try Operated()
        #expect(try operated.send(.pause(type: "account")) == .success(0))
        #expect(try operated.accounts.isPaused)
        #expect(try operated.send(.resume(type: "account")) == .success(0))
        #expect(try !operated.accounts.isPaused)
        try operated.end()
    }

    @Test("what cannot be done is refused with its reason")
    func refusals() throws {
        let operated = try Operated()
        func code(_ verb: OperatorVerb) throws -> ClientError.Code? {
            if case .failure(let error) = try operated.send(verb) { error.code } else { nil }
        }
        let stranger = NodeAddress(host: "127.0.0.77", port: 1)
        #expect(try code(.move(type: "basket", shard: 1, to: stranger)) == .unknownType)
        #expect(try code(.move(type: "account", shard: 999, to: operated.testbed.address(of: 1))) == .rejected)
        #expect(try code(.move(type: "account", shard: -1, to: operated.testbed.address(of: 1))) == .rejected)
        #expect(try code(.pin(type: "account", shard: 1, to: stranger)) == .rejected)
        #expect(try code(.drain(stranger, type: nil)) == .rejected)
        #expect(try code(.down(stranger)) == .rejected)
        try operated.end()
    }

    @Test("a member is declared dead, and the asked node leaves")
    func members() throws {
        let operated = try Operated()
        #expect(try operated.send(.down(operated.testbed.address(of: 3))) == .success(0))
        let left = try operated.testbed.runningNode(1).cluster.state.members.map(\.node.address)
        #expect(left == [operated.testbed.address(of: 1), operated.testbed.address(of: 2)])
        #expect(try operated.send(.leave) == .success(0))
        try operated.testbed.advance(until: operated.testbed.now + .seconds(20))
        #expect(try operated.testbed.runningNode(1).cluster.state.members.count == 1)
        try operated.end()
    }
}
