import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyObservability
import CastySharding
import CastyTestbed
import Synchronization
import Testing

@Suite("Nodes that do not host a shard type")
struct RoleTests {
    private static func jobs(
        _ testbed: TestCluster, on number: Int, role: String? = nil
    ) throws -> ShardRegion<EntityCommand> {
        let node = try testbed.node(number)
        let name = node.name
        return try node.sharding.start(type: "job", shards: 8, role: role, of: EntityCommand.self) { _ in
            .receive { _, command in
                command.replyTo?.tell(EntityReply(name))
                return .same
            }
        }
    }

    private func form(_ testbed: TestCluster, _ count: Int) throws {
        let isFormed = try testbed.advance(until: testbed.now + .seconds(30)) {
            testbed.running.count == count
                && testbed.running.allSatisfy { $0.cluster.state.up.count == count }
        }
        #expect(isFormed)
    }

    private func ask(
        _ testbed: TestCluster, _ region: ShardRegion<EntityCommand>, _ entity: String, within limit: Duration
    ) throws -> Result<EntityReply, AskError> {
        let answer = Mutex<Result<EntityReply, AskError>?>(nil)
        region.ask(
            entity, within: limit, { EntityCommand(number: 0, text: "who", replyTo: $0) },
            completion: { (result: Result<EntityReply, AskError>) in answer.withLock { $0 = result } })
        try testbed.advance(until: testbed.now + limit + .seconds(1)) { answer.withLock { $0 != nil } }
        return try #require(answer.withLock { $0 })
    }

    @Test("nodes without the role reach entities and host none, though the oldest is one of them")
    func proxies() throws {
        let testbed = TestCluster(
            world: SimulatedClusterWorld(seed: 3), settings: TestClusterSettings(), checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2])
        try form(testbed, 2)
        try testbed.start([3, 4], roles: ["backend"])
        let regions = try (1...4).map { try Self.jobs(testbed, on: $0, role: "backend") }
        try form(testbed, 4)
        var hosts: Set<String> = []
        for number in 1...16 {
            for region in regions {
                let answer = try ask(testbed, region, "job-\(number)", within: .seconds(5))
                hosts.insert(try answer.get().text)
            }
        }
        #expect(hosts == ["n3", "n4"])
    }

    @Test(
        "an ask through a coordinator's node that does not run the type fails with that reason, and is served once it does"
    )
    func notHosted() throws {
        let testbed = TestCluster(
            world: SimulatedClusterWorld(seed: 4), settings: TestClusterSettings(), checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2])
        let region = try Self.jobs(testbed, on: 2)
        try form(testbed, 2)
        let begun = testbed.now
        let refused = try ask(testbed, region, "job-1", within: .seconds(10))
        guard case .failure(let error) = refused else {
            Issue.record("\(refused) came back")
            return
        }
        #expect(error.code == .notHosted)
        #expect(error.cause == .notHosted(by: try testbed.node(1).system.address))
        #expect(error.type == "job" && error.entity == "job-1")
        #expect(error.description.contains("not hosted"))
        #expect(testbed.now - begun < .seconds(4))
        let losses = try testbed.node(2).system.losses.filter { $0.lossClass == .user }
        #expect(losses.map(\.reason) == [.notHosted])
        // From now on no caller waits at all.
        let again = testbed.now
        _ = try ask(testbed, region, "job-2", within: .seconds(10))
        #expect(testbed.now - again < .milliseconds(100))
        _ = try Self.jobs(testbed, on: 1)
        try testbed.advance(until: testbed.now + .seconds(2))
        #expect(try ask(testbed, region, "job-1", within: .seconds(10)).get().text.hasPrefix("n"))
    }

    @Test(
        "a coordinator does not wait for a member that does not run the type, and a node leaves whose coordinator has none"
    )
    func notAwaited() throws {
        let testbed = TestCluster(
            world: SimulatedClusterWorld(seed: 5), settings: TestClusterSettings(), checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2, 3])
        try form(testbed, 3)
        let region = try Self.jobs(testbed, on: 1)
        let begun = testbed.now
        #expect(try ask(testbed, region, "job-1", within: .seconds(10)) == .success(EntityReply("n1")))
        #expect(testbed.now - begun < .seconds(1))
        _ = try Self.jobs(testbed, on: 3)
        try testbed.leave(1)
        #expect(try testbed.advance(until: testbed.now + .seconds(20)) { testbed.running.count == 2 })
        try testbed.leave(3)
        #expect(try testbed.advance(until: testbed.now + .seconds(20)) { testbed.running.count == 1 })
    }
}
