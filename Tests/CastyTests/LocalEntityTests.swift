import Casty
import Testing

/// Entities whose messages are not `Codable`: they work within one node, and an asker learns at once that they cannot
/// leave it.
@Suite("Entities with messages that stay on their node", .timeLimit(.minutes(10)))
struct LocalEntityTests {
    /// Holds a closure, which no codec can write.
    struct Job: Sendable {
        let run: @Sendable (Int) -> Int
        let replyTo: ActorRef<Int>?
    }

    static let jobs = EntityType("job", of: Job.self, shards: 4)

    static func worker() -> Behavior<Job> {
        .stateful(0) { value, _, job in
            value = job.run(value)
            job.replyTo?.tell(value)
            return .same
        }
    }

    static func node(_ seeds: Seeds = []) async throws -> CastyNode {
        try await CastyNode.start("jobs") {
            $0.bind = "127.0.0.1:0"
            $0.seeds = seeds
            $0.timings = .responsive
        }
    }

    @Test("a node alone hosts them, by region, by reference and by envelope")
    func alone() async throws {
        let node = try await Self.node()
        let region = try node.host(Self.jobs) { _ in Self.worker() }
        let job = node.entity(Self.jobs, "job-1")
        #expect(try await job.ask { Job(run: { $0 + 1 }, replyTo: $0) } == 1)
        job.tell(Job(run: { $0 * 10 }, replyTo: nil))
        region.ref.tell(ShardEnvelope(entity: "job-1", message: Job(run: { $0 + 5 }, replyTo: nil)))
        #expect(try await region.ask("job-1") { Job(run: { $0 }, replyTo: $0) } == 15)
        #expect(node.system.losses.isEmpty)
        await node.leave()
    }

    @Test("for an entity of another node the asker learns at once why not, and a message is counted as lost")
    func crossing() async throws {
        let first = try await Self.node()
        let second = try await Self.node(["\(first.system.address)"])
        for node in [first, second] {
            try await node.joined()
            try node.host(Self.jobs) { _ in Self.worker() }
        }
        let region = try first.region(Self.jobs)
        let (near, far) = (first.entity(Self.jobs, "job-1"), second.entity(Self.jobs, "job-1"))
        try await region.pin(shard: near.shard, to: second.system.address)
        while near.shardHome != second.system.unique {
            _ = try? await near.ask { Job(run: { $0 }, replyTo: $0) }
        }
        #expect(try await far.ask { Job(run: { $0 + 1 }, replyTo: $0) } == 1)
        let error = await #expect(throws: AskError.self) {
            // Far longer than the test may take: an answer that came with the deadline would fail it.
            try await near.ask(within: .seconds(3600)) { Job(run: { $0 + 1 }, replyTo: $0) }
        }
        #expect(
            error?.code == .notEncodable && error?.message.contains("is not Codable") == true, "\(error?.message ?? "")"
        )
        let before = first.system.losses.reduce(0) { $0 + $1.count }
        near.tell(Job(run: { $0 + 1 }, replyTo: nil))
        while first.system.losses.reduce(0, { $0 + $1.count }) == before { await Task.yield() }
        #expect(first.system.losses.contains { $0.reason == .undecodable })
        // The connection has not suffered: what can travel does.
        #expect(try await far.ask { Job(run: { $0 }, replyTo: $0) } == 1)
        #expect(first.cluster.state.unreachable.isEmpty)
        await second.leave()
        await first.leave()
    }
}
