import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyObservability
import CastyPlacement
import CastyReporting
import CastyScenario
import CastySerialization
import CastySharding
import CastyTestbed
import Synchronization
import Testing

/// Questions to entities and singletons end when a node knows that no reply can come, and say why.
@Suite("Asks that cannot be answered")
struct AskStoryTests {
    private static let seeds = [UInt64(1), 2, 3]

    /// A cluster in which every node runs the type `job` and the singleton `boss`, both for nodes with a role if there is one.
    private final class Story {
        let testbed: TestCluster
        private(set) var jobs: [Int: ShardRegion<EntityCommand>] = [:]
        private(set) var bosses: [Int: SingletonRef<EntityCommand>] = [:]
        private let role: String?

        convenience init(seed: UInt64, nodes: Int, role: String? = nil, hosts: [Int] = []) throws {
            try self.init(world: SimulatedClusterWorld(seed: seed), nodes: nodes, role: role, hosts: hosts)
        }

        init(world: any ClusterWorld, nodes: Int, role: String? = nil, hosts: [Int] = []) throws {
            testbed = TestCluster(world: world, settings: TestClusterSettings(), checkers: .all)
            self.role = role
            for number in 1...nodes { try start(number, isHost: hosts.contains(number)) }
            let isFormed = try pass(.seconds(40)) {
                self.testbed.running.count == nodes
                    && self.testbed.running.allSatisfy { $0.cluster.state.up.count == nodes }
            }
            #expect(isFormed)
        }

        deinit { testbed.end() }

        func start(_ number: Int, isHost: Bool) throws {
            try testbed.start([number], roles: isHost ? role.map { [$0] } ?? [] : [])
            let node = try testbed.node(number)
            let name = node.name
            // An ask of "who" is answered, all others never.
            let behavior = {
                @Sendable () -> Behavior<EntityCommand> in
                .receive { _, command in
                    if command.text == "who" { command.replyTo?.tell(EntityReply(name)) }
                    return .same
                }
            }
            jobs[number] = try node.sharding.start(type: "job", shards: 6, role: role, of: EntityCommand.self) { _ in
                behavior()
            }
            bosses[number] = try node.cluster.singleton.start(
                name: "boss", role: role, of: EntityCommand.self, behavior: behavior)
        }

        @discardableResult
        func pass(_ time: Duration, unless condition: () throws -> Bool = { false }) throws -> Bool {
            try testbed.advance(until: testbed.now + time, unless: condition)
        }

        func address(_ number: Int) throws -> NodeAddress { try testbed.node(number).system.address }

        /// Asks a job from a node, and does not wait.
        func ask(
            _ number: Int, _ job: String, _ text: String = "who", patience: AskPatience = .waitForNewHome,
            within limit: Duration = .seconds(60)
        ) throws -> Answer {
            let answer = Answer()
            try #require(jobs[number]).ask(
                job, within: limit, patience: patience, { EntityCommand(number: 0, text: text, replyTo: $0) },
                completion: answer.set)
            return answer
        }

        func askBoss(
            _ number: Int, _ text: String = "who", patience: AskPatience = .waitForNewHome,
            within limit: Duration = .seconds(60)
        ) throws -> Answer {
            let answer = Answer()
            try #require(bosses[number]).ask(
                within: limit, patience: patience, { EntityCommand(number: 0, text: text, replyTo: $0) },
                completion: answer.set)
            return answer
        }

        func wait(_ answer: Answer, _ limit: Duration) throws -> Result<EntityReply, AskError>? {
            try pass(limit) { answer.result != nil }
            return answer.result
        }

        /// A job that lives on a node, as another one has found out.
        func job(on home: Int, seenBy asker: Int) throws -> String {
            for number in 1...60 {
                let answer = try wait(try ask(asker, "job-\(number)"), .seconds(10))
                if case .success(let reply)? = answer, reply.text == "n\(home)" { return "job-\(number)" }
            }
            throw TestClusterError("no job lives on n\(home)")
        }

        func isUnreachable(_ number: Int, for observer: Int) throws -> Bool {
            let node = try testbed.node(number).system.unique
            return try testbed.node(observer).cluster.state.unreachable.contains(node)
        }

        func isGone(_ number: Int, for observer: Int) throws -> Bool {
            let node = try testbed.node(number).system.unique
            return try testbed.node(observer).cluster.state.member(node) == nil
        }
    }

    private final class Answer: Sendable {
        private let state = Mutex<Result<EntityReply, AskError>?>(nil)

        var result: Result<EntityReply, AskError>? { state.withLock { $0 } }

        var error: AskError? { if case .failure(let error)? = result { error } else { nil } }

        func set(_ result: Result<EntityReply, AskError>) { state.withLock { $0 = result } }
    }

    @Test("a question to a home that is removed ends then, with the entity, the node and the cause", arguments: seeds)
    func removedHome(seed: UInt64) throws {
        try removedHome(Story(seed: seed, nodes: 4), promptly: .milliseconds(100))
    }

    @Test("the same over TCP")
    func removedHomeLive() throws {
        try removedHome(Story(world: LiveClusterWorld(), nodes: 4), promptly: .seconds(20))
    }

    private func removedHome(_ story: Story, promptly: Duration) throws {
        let job = try story.job(on: 2, seenBy: 1)
        let answer = try story.ask(1, job, "silence", within: .seconds(120))
        try story.pass(.seconds(1))
        let home = try story.address(2)
        try story.testbed.kill(2)
        #expect(try story.pass(.seconds(60)) { try story.isGone(2, for: 1) })
        #expect(try story.pass(promptly) { answer.result != nil })
        let error = try #require(answer.error)
        #expect(error.code == .nodeRemoved && error.cause == .nodeRemoved(home) && error.node == home)
        #expect(error.type == "job" && error.entity == job)
        #expect(error.description.hasPrefix("asking job \(job): node removed: \(home) "))
    }

    @Test(
        "a question to a home that crashes and is back at once, as another incarnation, does not wait for it",
        arguments: seeds)
    func restartedHome(seed: UInt64) throws {
        let story = try Story(seed: seed, nodes: 4)
        let job = try story.job(on: 2, seenBy: 1)
        let answer = try story.ask(1, job, "silence", within: .seconds(120))
        try story.pass(.seconds(1))
        try story.testbed.kill(2)
        try story.testbed.restart(2)
        #expect(try story.pass(.seconds(30)) { answer.result != nil }, "seed \(seed)")
        #expect(answer.error?.code == .nodeRemoved && answer.error?.entity == job)
    }

    @Test(
        "from unreachability on, a question waits for the new home, or fails at once, as its asker chose",
        arguments: seeds)
    func unreachableHome(seed: UInt64) throws {
        let story = try Story(seed: seed, nodes: 4)
        let job = try story.job(on: 2, seenBy: 1)
        let home = try story.address(2)
        try story.testbed.kill(2)
        #expect(try story.pass(.seconds(30)) { try story.isUnreachable(2, for: 1) })
        let patient = try story.ask(1, job)
        let hasty = try story.ask(1, job, patience: .failFast)
        try story.pass(.milliseconds(50))
        let error = try #require(hasty.error)
        #expect(error.code == .unreachable && error.cause == .nodeUnreachable(home) && error.entity == job)
        #expect(patient.result == nil)
        // When it is removed, its lease has ended long ago: the shard has a home at once.
        #expect(try story.pass(.seconds(30)) { try story.isGone(2, for: 1) })
        try story.pass(.milliseconds(400))
        let late = try story.ask(1, job, patience: .failFast)
        try story.pass(.milliseconds(400))
        guard case .success = late.result else {
            Issue.record("seed \(seed): \(String(describing: late.result))")
            return
        }
        guard case .success(let reply)? = try story.wait(patient, .seconds(20)) else {
            Issue.record("seed \(seed): \(String(describing: patient.result))")
            return
        }
        #expect(reply.text != "n2")
    }

    @Test(
        "where no node has the role, a question fails at once, and one that waits is served when one joins",
        arguments: seeds)
    func noRole(seed: UInt64) throws {
        let story = try Story(seed: seed, nodes: 3, role: "backend", hosts: [3])
        _ = try story.job(on: 3, seenBy: 1)
        try story.testbed.leave(3)
        #expect(try story.pass(.seconds(30)) { try story.isGone(3, for: 1) })
        for ask in [try story.ask(1, "job-1"), try story.askBoss(1)] {
            try story.pass(.milliseconds(10))
            let error = try #require(ask.error)
            #expect(error.code == .noHome && error.cause == .noNodeWithRole("backend") && error.node == nil)
            #expect(error.description.hasSuffix("no node with the role backend is up; start one"))
        }
        let waiting = [
            try story.ask(1, "job-1", patience: .waitForNewNode), try story.askBoss(1, patience: .waitForNewNode),
        ]
        try story.pass(.seconds(5))
        #expect(waiting.allSatisfy { $0.result == nil })
        let seen = try story.testbed.node(1).snapshot.sharding.first { $0.type == "job" }
        #expect(seen?.unavailable == .noNodeWithRole("backend"))
        #expect(seen?.unplaced.map(\.cause) == [.noNodeWithRole("backend")])
        let reported = story.testbed.recorder.events().filter { $0.kind == .shardUnplaced && $0.node == "n1" }
        #expect(
            reported.contains {
                $0.detail == .unplaced(type: "job", .noNodeWithRole("backend")) && !$0.causes.isEmpty
            })
        try story.start(4, isHost: true)
        for ask in waiting { #expect(try story.wait(ask, .seconds(40)) == .success(EntityReply("n4")), "seed \(seed)") }
    }

    @Test("a question to the only node with the role, which crashes, ends when it is removed", arguments: seeds)
    func lastHostCrashes(seed: UInt64) throws {
        let story = try Story(seed: seed, nodes: 4, role: "backend", hosts: [4])
        let job = try story.job(on: 4, seenBy: 1)
        try story.testbed.kill(4)
        #expect(try story.pass(.seconds(30)) { try story.isUnreachable(4, for: 1) })
        let (asked, boss) = (try story.ask(1, job), try story.askBoss(1))
        #expect(try story.pass(.seconds(30)) { try story.isGone(4, for: 1) })
        try story.pass(.milliseconds(100))
        for answer in [asked, boss] { #expect(answer.error?.cause == .noNodeWithRole("backend"), "seed \(seed)") }
    }

    @Test("questions to a singleton end with its node, and fail or wait while that is unreachable", arguments: seeds)
    func singleton(seed: UInt64) throws {
        let story = try Story(seed: seed, nodes: 4)
        let (asker, home) = (3, try story.address(1))
        #expect(try story.wait(try story.askBoss(asker), .seconds(5)) == .success(EntityReply("n1")))
        let inFlight = try story.askBoss(asker, "silence", within: .seconds(120))
        try story.pass(.seconds(1))
        try story.testbed.kill(1)
        #expect(try story.pass(.seconds(30)) { try story.isUnreachable(1, for: asker) })
        let (patient, hasty) = (try story.askBoss(asker), try story.askBoss(asker, patience: .failFast))
        try story.pass(.milliseconds(50))
        #expect(hasty.error?.cause == .nodeUnreachable(home) && hasty.error?.type == "boss")
        #expect(try story.pass(.seconds(30)) { try story.isGone(1, for: asker) })
        try story.pass(.milliseconds(100))
        #expect(inFlight.error?.code == .nodeRemoved && inFlight.error?.cause == .nodeRemoved(home))
        #expect(inFlight.error?.type == "boss" && inFlight.error?.entity == nil)
        guard case .success(let reply)? = try story.wait(patient, .seconds(20)) else {
            Issue.record("seed \(seed): \(String(describing: patient.result))")
            return
        }
        #expect(reply.text != "n1")
    }

    @Test("a scenario's ask says why there is no reply, in both worlds", arguments: [false, true])
    func scenario(isLive: Bool) throws {
        let text = """
            roles n3 backend
            set account-role backend
            nodes 3
            expect members n1,n2,n3 up within 30s
            ask account-1 balance -> 0 within 10s
            leave n3
            expect n3 removed within 30s
            ask account-1 balance via n1 within 30s
            """
        let failures = Mutex<[String]>([])
        var options = RunOptions(seed: 1, keepsGoing: true)
        options.live = isLive
        let runner = ScenarioRunner(
            try Scenario.parse(text, file: "why.casty"), options: options, checkers: .all,
            hear: { event in
                if event.kind == .expectationFailed { failures.withLock { $0.append(event.reason?.word ?? "") } }
            })
        _ = runner.run()
        #expect(
            failures.withLock { $0 } == [
                "no reply: asking account account-1: no home: no node with the role backend is up; start one"
            ])
    }

    @Test("the reason travels in a node's snapshot, in both codecs")
    func snapshot() throws {
        let node = NodeAddress(host: "127.0.0.1", port: 25_520)
        let causes: [Unavailability] = [
            .nodeRemoved(node), .nodeUnreachable(node), .waitsForLease, .coordinatorUnreachable(node),
            .coordinatorWaits, .noNodeWithRole("backend"), .noNode, .noHost, .allUnreachable, .allRefuse, .tooFewNodes,
            .notHosted(by: node), .shardCountDiffers(cluster: 12),
        ]
        for cause in causes {
            let snapshot = ShardingSnapshot(
                type: "cart", shardCount: 4, unavailable: cause, unplaced: [UnplacedShard(shard: 2, cause: cause)])
            let binary = BinarySerializer()
            #expect(try binary.decode(ShardingSnapshot.self, from: try binary.encode(snapshot)) == snapshot)
            let json = JSONSerializer()
            #expect(try json.decode(ShardingSnapshot.self, from: try json.encode(snapshot)) == snapshot)
            #expect(!cause.description.isEmpty)
        }
    }
}
