import Casty
import CastyLive
import Dispatch
import Glibc
import Synchronization
import Testing

/// Nodes leave nothing behind, whatever ends them.
@Suite("Lifecycle of nodes", .serialized, .timeLimit(.minutes(10)))
struct LifecycleTests {
    /// What a node was made of, without keeping it.
    private struct Remains {
        weak var system: ActorSystem?
        weak var cluster: Cluster?
        weak var sharding: Sharding?

        init(_ node: CastyNode) { (system, cluster, sharding) = (node.system, node.cluster, node.sharding) }

        var names: [String] {
            [system == nil ? nil : "system", cluster == nil ? nil : "cluster", sharding == nil ? nil : "sharding"]
                .compactMap { $0 }
        }
    }

    enum Greeting: Codable, Sendable {
        case hello(name: String, replyTo: ActorRef<String>)
    }

    private static func start(_ listen: NodeAddress) async throws -> CastyNode {
        try await CastyNode.start(name: "test", listen: listen, cluster: .responsive(seeds: [listen])) {
            try $0.register(Greeting.self, name: "test.greeting")
            try $0.register(String.self, name: "test.text")
        }
    }

    /// Lets a node do a bit of everything.
    private static func use(_ node: CastyNode) async throws {
        let actor = try node.system.spawn(
            Behavior<Int>.setup { context in
                context.timers.start("tick", 1, every: .milliseconds(1))
                _ = context.messageAdapter { (text: String) in text.count }
                _ = try context.spawnAnonymous(Behavior<Int>.ignore)
                return .receive { _, _ in .same }
            })
        actor.tell(2)
        let greeter = { @Sendable (id: String) in
            Behavior<Greeting>.receive { _, greeting in
                if case .hello(let name, let replyTo) = greeting { replyTo.tell("\(id) greets \(name)") }
                return .same
            }
        }
        let region = try node.sharding.start(type: "greeter", shards: 4, of: Greeting.self) { greeter($0.id) }
        let single = try node.cluster.singleton.start(name: "one", of: Greeting.self) { greeter("one") }
        let reply: String = try await region.ask("g-1") { .hello(name: "Swift", replyTo: $0) }
        #expect(reply == "g-1 greets Swift")
        let answer: String = try await single.ask { .hello(name: "Swift", replyTo: $0) }
        #expect(answer == "one greets Swift")
    }

    private static func waitFor(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(2)) }
    }

    private static func cycle(_ place: NodeAddress, uses: Bool) async throws -> Remains {
        let node = try await start(place)
        if uses { try await use(node) }
        let remains = Remains(node)
        await node.leave()
        return remains
    }

    private static func count(in folder: String) -> Int {
        guard let directory = opendir(folder) else { return -1 }
        defer { closedir(directory) }
        var entries = 0
        while readdir(directory) != nil { entries += 1 }
        return entries
    }

    private static var residentKilobytes: Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return 0 }
        let fields = line.prefix { $0 != 0 }.split(separator: 0x20)
        let pages = fields.count > 1 ? Int(String(decoding: fields[1].map { UInt8($0) }, as: UTF8.self)) ?? 0 : 0
        return pages * 4
    }

    @Test("nodes that are started and left one after the other leave no object, no thread and no descriptor behind")
    func startedAndLeft() async throws {
        let place = try FreePort.address()
        // More by hand, to look at the memory: CASTY_LIFECYCLES=1000 swift test --filter LifecycleTests
        let rounds = getenv("CASTY_LIFECYCLES").flatMap { Int(String(cString: $0)) } ?? 40
        // What is made once a process is made by the first ones.
        for _ in 1...3 { _ = try await Self.cycle(place, uses: true) }
        let before = (threads: Self.count(in: "/proc/self/task"), descriptors: Self.count(in: "/proc/self/fd"))
        var kilobytes: [Int] = []
        for round in 1...rounds {
            let remains = try await Self.cycle(place, uses: round % 4 == 0)
            try await Self.waitFor { remains.names.isEmpty }
            if round % max(1, rounds / 10) == 0 { kilobytes.append(Self.residentKilobytes) }
        }
        // Other suites run at the same time and have threads and sockets of their own for a while.
        try await Self.waitFor {
            Self.count(in: "/proc/self/task") <= before.threads + 2
                && Self.count(in: "/proc/self/fd") <= before.descriptors + 2
        }
        if rounds > 100 { print("resident kilobytes after each tenth of \(rounds) nodes: \(kilobytes)") }
    }

    @Test("a node that is dropped leaves its cluster and ends")
    func dropped() async throws {
        let (first, second) = (try FreePort.address(), try FreePort.address())
        let config = ClusterConfig.responsive(seeds: [first, second])
        let stays = try await CastyNode.start(name: "test", listen: first, cluster: config)
        let remains = try await Self.joinAndDrop(second, config, beside: stays)
        // Without a word it would be unreachable first, and downed.
        let unreachable = Mutex(false)
        while stays.cluster.state.members.count > 1 {
            if !stays.cluster.state.unreachable.isEmpty { unreachable.withLock { $0 = true } }
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(!unreachable.withLock { $0 })
        try await Self.waitFor { remains.names.isEmpty }
        await stays.leave()
    }

    private static func joinAndDrop(
        _ place: NodeAddress, _ config: ClusterConfig, beside other: CastyNode
    ) async throws -> Remains {
        let node = try await CastyNode.start(name: "test", listen: place, cluster: config)
        try await waitFor { other.cluster.state.up.count == 2 && node.cluster.state.up.count == 2 }
        return Remains(node)
    }

    @Test("leave and stop end within their limits though a handler never returns", arguments: [true, false])
    func handlerThatBlocks(leaves: Bool) async throws {
        let gate = DispatchSemaphore(value: 0)
        let remains = try await Self.endBeside(gate, leaves: leaves)
        // It returns after all: then the rest goes too.
        gate.signal()
        try await Self.waitFor { remains.names.isEmpty }
    }

    private static func endBeside(_ gate: DispatchSemaphore, leaves: Bool) async throws -> Remains {
        let node = try await start(try FreePort.address())
        let isInside = Mutex(false)
        let stuck = try node.system.spawn(
            Behavior<Int>.receive { _, _ in
                isInside.withLock { $0 = true }
                gate.wait()
                return .same
            }, name: "stuck")
        stuck.tell(1)
        try await waitFor { isInside.withLock { $0 } }
        if leaves { await node.leave(within: .seconds(3)) } else { await node.stop(within: .seconds(2)) }
        #expect(node.system.isTerminating)
        return Remains(node)
    }

    @Test("a node whose system a user ends has ended")
    func terminatedByHand() async throws {
        let node = try await Self.start(try FreePort.address())
        await node.system.terminate()
        await node.ended()
        await node.leave()
        await node.stop()
    }
}
