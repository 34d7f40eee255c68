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
        _ laboratory: Laboratory, on number: Int, role: String? = nil
    ) throws -> ShardRegion<EntityCommand> {
        let node = try laboratory.node(number)
        let name = node.name
        return try node.sharding.start(type: "job", shards: 8, role: role, of: EntityCommand.self) { _ in
            .receive { _, command in
                command.replyTo?.tell(EntityReply(name))
                return .same
            }
        }
    }

    private func form(_ laboratory: Laboratory, _ count: Int) throws {
        let isFormed = try laboratory.advance(until: laboratory.now + .seconds(30)) {
            laboratory.running.count == count
                && laboratory.running.allSatisfy { $0.cluster.state.up.count == count }
        }
        #expect(isFormed)
    }

    private func ask(
        _ laboratory: Laboratory, _ region: ShardRegion<EntityCommand>, _ entity: String, within limit: Duration
    ) throws -> Result<EntityReply, AskError> {
        let answer = Mutex<Result<EntityReply, AskError>?>(nil)
        region.ask(
            entity, within: limit, { EntityCommand(number: 0, text: "who", replyTo: $0) },
            completion: { (result: Result<EntityReply, AskError>) in answer.withLock { $0 = result } })
        try laboratory.advance(until: laboratory.now + limit + .seconds(1)) { answer.withLock { $0 != nil } }
        return try #require(answer.withLock { $0 })
    }

    @Test("nodes without the role reach entities and host none, though the oldest is one of them")
    func proxies() throws {
        let laboratory = Laboratory(world: SimulatedLabWorld(seed: 3), settings: LabSettings(), checkers: .all)
        defer { laboratory.end() }
        try laboratory.start([1, 2])
        try form(laboratory, 2)
        try laboratory.start([3, 4], roles: ["backend"])
        let regions = try (1...4).map { try Self.jobs(laboratory, on: $0, role: "backend") }
        try form(laboratory, 4)
        var hosts: Set<String> = []
        for number in 1...16 {
            for region in regions {
                let answer = try ask(laboratory, region, "job-\(number)", within: .seconds(5))
                hosts.insert(try answer.get().text)
            }
        }
        #expect(hosts == ["n3", "n4"])
    }

    @Test("who asks through a coordinator's node that does not run the type is told so, and is served once it does")
    func notHosted() throws {
        let laboratory = Laboratory(world: SimulatedLabWorld(seed: 4), settings: LabSettings(), checkers: .all)
        defer { laboratory.end() }
        try laboratory.start([1, 2])
        let region = try Self.jobs(laboratory, on: 2)
        try form(laboratory, 2)
        let begun = laboratory.now
        let refused = try ask(laboratory, region, "job-1", within: .seconds(10))
        guard case .failure(let error) = refused else {
            Issue.record("\(refused) came back")
            return
        }
        #expect(error.code == .notHosted)
        #expect(error.cause == .notHosted(by: try laboratory.node(1).system.address))
        #expect(error.type == "job" && error.entity == "job-1")
        #expect(error.description.contains("not hosted"))
        #expect(laboratory.now - begun < .seconds(4))
        let losses = try laboratory.node(2).system.losses.filter { $0.lossClass == .user }
        #expect(losses.map(\.reason) == [.notHosted])
        // From now on nobody waits at all.
        let again = laboratory.now
        _ = try ask(laboratory, region, "job-2", within: .seconds(10))
        #expect(laboratory.now - again < .milliseconds(100))
        _ = try Self.jobs(laboratory, on: 1)
        try laboratory.advance(until: laboratory.now + .seconds(2))
        #expect(try ask(laboratory, region, "job-1", within: .seconds(10)).get().text.hasPrefix("n"))
    }

    @Test(
        "a coordinator does not wait for a member that does not run the type, and a node leaves whose coordinator has none"
    )
    func notAwaited() throws {
        let laboratory = Laboratory(world: SimulatedLabWorld(seed: 5), settings: LabSettings(), checkers: .all)
        defer { laboratory.end() }
        try laboratory.start([1, 2, 3])
        try form(laboratory, 3)
        let region = try Self.jobs(laboratory, on: 1)
        let begun = laboratory.now
        #expect(try ask(laboratory, region, "job-1", within: .seconds(10)) == .success(EntityReply("n1")))
        #expect(laboratory.now - begun < .seconds(1))
        _ = try Self.jobs(laboratory, on: 3)
        try laboratory.leave(1)
        #expect(try laboratory.advance(until: laboratory.now + .seconds(20)) { laboratory.running.count == 2 })
        try laboratory.leave(3)
        #expect(try laboratory.advance(until: laboratory.now + .seconds(20)) { laboratory.running.count == 1 })
    }
}
