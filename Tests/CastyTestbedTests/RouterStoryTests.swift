import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastySerialization
import CastyTestbed
import Synchronization
import Testing

@Suite("Routers in the simulated runtime")
struct RouterStoryTests {
    private struct Job: Codable, Sendable {
        let key: String
        var replyTo: ActorRef<String>?
    }

    private static let key = ServiceKey<Job>("workers")

    private static func worker(_ name: String, _ heard: Heard<String>) -> Behavior<Job> {
        .receive { _, job in
            heard.note(name, job.key)
            job.replyTo?.tell(name)
            return job.key == "poison" ? .stopped : .same
        }
    }

    @Test("a pool spreads its messages over its children, goes on without those that end, and ends with the last")
    func pool() throws {
        let testbed = try TestCluster.plain(seed: 1, nodes: 1)
        defer { testbed.end() }
        let heard = Heard<String>()
        let numbers = Mutex(0)
        let system = try testbed.node(1).system
        let pool = try system.spawn(
            Routers.pool(size: 3) {
                let number = numbers.withLock { number in
                    number += 1
                    return number
                }
                return Self.worker("w\(number)", heard)
            }, name: "pool")
        for number in 1...6 { pool.tell(Job(key: "\(number)")) }
        try testbed.pass(.milliseconds(100))
        for name in ["w1", "w2", "w3"] { #expect(heard.of(name).count == 2) }
        #expect(heard.of("w1") == ["1", "4"])
        pool.tell(Job(key: "poison"))
        try testbed.pass(.milliseconds(100))
        for number in 7...10 { pool.tell(Job(key: "\(number)")) }
        try testbed.pass(.milliseconds(100))
        #expect(heard.of("w1").last == "poison")
        #expect(heard.of("w2").count + heard.of("w3").count == 8)
        for _ in 1...2 { pool.tell(Job(key: "poison")) }
        try testbed.pass(.milliseconds(100))
        #expect(pool.target.isOver)
    }

    @Test("a pool that broadcasts, and one with a consistent hash")
    func strategies() throws {
        let testbed = try TestCluster.plain(seed: 2, nodes: 1)
        defer { testbed.end() }
        let system = try testbed.node(1).system
        for isBroadcast in [true, false] {
            let heard = Heard<String>()
            let numbers = Mutex(0)
            let strategy: RoutingStrategy<Job> = isBroadcast ? .broadcast : .consistentHash { $0.key }
            let pool = try system.spawn(
                Routers.pool(size: 4, strategy) {
                    let number = numbers.withLock { number in
                        number += 1
                        return number
                    }
                    return Self.worker("w\(number)", heard)
                })
            for round in 0..<40 { pool.tell(Job(key: "\(round % 10)")) }
            try testbed.pass(.milliseconds(100))
            let shares = (1...4).map { heard.of("w\($0)") }
            if isBroadcast {
                #expect(shares.map(\.count) == [40, 40, 40, 40])
            } else {
                #expect(shares.map(\.count).reduce(0, +) == 40)
                for key in 0..<10 { #expect(shares.count { $0.contains("\(key)") } == 1) }
            }
        }
    }

    @Test("a group reaches the registered actors of all nodes, and follows their ends", arguments: [1, 2])
    func group(seed: UInt64) throws {
        let testbed = try TestCluster.plain(seed: seed, nodes: 3)
        defer { testbed.end() }
        let heard = Heard<String>()
        for node in testbed.running {
            try node.system.registry.register(Job.self, name: "test.job")
            let worker = try node.system.spawn(Self.worker(node.name, heard))
            try node.cluster.receptionist.register(worker, for: Self.key)
        }
        let first = try testbed.node(1)
        let group = try first.system.spawn(Routers.group(Self.key, .roundRobin))
        let local = try first.system.spawn(Routers.group(Self.key, .roundRobin, prefersLocal: true))
        try testbed.pass(.seconds(1))
        for number in 0..<9 { group.tell(Job(key: "\(number)")) }
        try testbed.pass(.milliseconds(500))
        for node in testbed.running { #expect(heard.of(node.name).count == 3, "\(node.name)") }
        for _ in 0..<4 { local.tell(Job(key: "here")) }
        try testbed.pass(.milliseconds(500))
        #expect(heard.of("n1").count == 7)

        // A question is answered by the routee.
        let answers = Heard<String>()
        let ask = {
            first.system.ask(group, within: .seconds(5), { Job(key: "who", replyTo: $0) }) {
                (result: Result<String, AskError>) in
                switch result {
                case .success(let name): answers.note("reply", name)
                case .failure(let error): answers.note("error", "\(error.code)")
                }
            }
        }
        _ = ask()
        try testbed.pass(.milliseconds(500))
        #expect(answers.of("reply").count == 1)

        try testbed.kill(3)
        try testbed.pass(.seconds(15))
        let before = heard.names.count
        for number in 0..<10 { group.tell(Job(key: "\(number)")) }
        try testbed.pass(.milliseconds(500))
        #expect(heard.names.count == before + 10)

        // Without any, the asker learns that at once.
        for _ in 0..<4 { group.tell(Job(key: "poison")) }
        try testbed.pass(.seconds(1))
        let asked = testbed.now
        _ = ask()
        try testbed.pass(.milliseconds(10))
        #expect(answers.of("error") == ["no such actor"])
        #expect(testbed.now - asked < .seconds(1))
    }
}
