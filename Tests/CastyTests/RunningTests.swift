import Casty
import Glibc
import Logging
import ServiceLifecycle
import Synchronization
import Testing
import UnixSignals

/// How nodes are run: as services, in scopes, and how they end.
@Suite("Running nodes", .timeLimit(.minutes(10)))
struct RunningTests {
    static func node(_ name: String = "shop", _ seeds: Seeds = []) throws -> CastyNode {
        try CastyNode(name) {
            $0.bind = "127.0.0.1:0"
            $0.seeds = seeds
            $0.timings = .responsive
        }
    }

    @Test("a service group runs a node, and its graceful shutdown lets the node leave")
    func service() async throws {
        let stays = try Self.node()
        try await stays.start()
        let goes = try Self.node("shop", ["\(stays.system.address)"])
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [.init(service: goes)], logger: Logger(label: "test")))
        async let run: Void = group.run()
        try await goes.joined()
        while stays.cluster.state.up.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
        await group.triggerGracefulShutdown()
        try await run
        #expect(goes.cluster.stopReason == .left)
        while stays.cluster.state.members.count > 1 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(stays.cluster.state.unreachable.isEmpty)
        await stays.leave()
    }

    @Test("SIGTERM lets a service group's node leave, as an orchestrator expects")
    func terminated() async throws {
        // Whatever goes wrong with the group, the signal ends no test run: the group's own way to see it still works.
        let former = signal(SIGTERM, SIG_IGN)
        defer { signal(SIGTERM, former) }
        let node = try Self.node()
        let group = ServiceGroup(
            services: [node], gracefulShutdownSignals: [.sigterm], logger: Logger(label: "test"))
        async let run: Void = group.run()
        // The group listens for signals before it starts its services.
        try await node.joined()
        kill(getpid(), SIGTERM)
        try await run
        #expect(node.cluster.stopReason == .left)
    }

    @Test("run throws why the node ended by itself, and joined does so at once")
    func refused() async throws {
        let shop = try Self.node()
        try await shop.start()
        let other = try Self.node("stall", ["\(shop.system.address)"])
        async let run: Void = other.run()
        let joining = await #expect(throws: NodeError.self) { try await other.joined(within: .seconds(100)) }
        #expect(joining?.code == .refused)
        guard case .refused(.wrongSeed(let address, _))? = joining?.stopReason else {
            Issue.record("\(String(describing: joining))")
            return
        }
        #expect(address == shop.system.address)
        do {
            try await run
            Issue.record("it ran")
        } catch let error as NodeError {
            #expect(error.code == .refused && error.message == joining?.message)
        }
        await shop.leave()
    }

    @Test("a node that is downed says so")
    func downed() async throws {
        let first = try Self.node()
        try await first.start()
        let second = try Self.node("shop", ["\(first.system.address)"])
        async let run: Void = second.run()
        try await second.joined()
        while first.cluster.state.up.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
        first.cluster.down(second.system.address)
        do {
            try await run
            Issue.record("it ran")
        } catch let error as NodeError {
            #expect([.downed, .removed].contains(error.code))
        }
        await first.leave()
    }

    @Test("a node without an answer from its seeds says what each has answered")
    func noSeed() async throws {
        // A port that was free a moment ago: no process listens there.
        let gone = try Self.node()
        let seed = gone.system.address
        await gone.stop()
        let node = try Self.node("shop", ["\(seed)"])
        try await node.start()
        let error = await #expect(throws: NodeError.self) { try await node.joined(within: .milliseconds(300)) }
        #expect(error?.code == .noSeed)
        #expect(error?.seeds.map(\.address) == [seed])
        await node.leave(within: .seconds(2))
        let ended = await #expect(throws: NodeError.self) { try await node.joined() }
        #expect(ended?.code == .stopped)
    }

    @Test("a node runs once")
    func once() async throws {
        let node = try Self.node()
        try await node.start()
        let again = await #expect(throws: NodeError.self) { try await node.start() }
        #expect(again?.code == .alreadyStarted)
        try await node.joined()
        // Started before, it may still be run as a service.
        async let run: Void = node.run()
        await node.leave()
        try await run
    }

    @Test("a cancelled run stops the node")
    func cancelled() async throws {
        let node = try Self.node()
        let task = Task { try await node.run() }
        try await node.joined()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(node.system.isTerminating)
    }

    @Test("a wait for joining ends when its task is cancelled")
    func cancelledJoin() async throws {
        let node = try Self.node()
        let task = Task { try await node.joined(within: .seconds(1000)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        await node.leave()
    }

    @Test("a node lives as long as the scope it is made for, also when the body throws")
    func scoped() async throws {
        struct Expected: Error {}
        let scoped = Mutex<CastyNode?>(nil)
        let answer = try await withNode("shop", { $0.bind = "127.0.0.1:0" }) { node in
            try await node.joined()
            scoped.withLock { $0 = node }
            return node.cluster.state.up.count
        }
        #expect(answer == 1)
        #expect(scoped.withLock { $0 }?.cluster.stopReason == .left)
        await #expect(throws: Expected.self) {
            try await withNode("shop", { $0.bind = "127.0.0.1:0" }) { node in
                scoped.withLock { $0 = node }
                throw Expected()
            }
        }
        #expect(scoped.withLock { $0 }?.system.isTerminating == true)
    }

    @Test("a node that is never started leaves nothing, and one that cannot listen ends")
    func unstarted() async throws {
        weak var system: ActorSystem?
        do {
            let node = try Self.node()
            system = node.system
        }
        while system != nil { try await Task.sleep(for: .milliseconds(2)) }

        let first = try Self.node()
        try await first.start()
        let second = try CastyNode("shop") { $0.bind = "\(first.system.address)" }
        let error = await #expect(throws: NodeError.self) { try await second.start() }
        #expect(error?.code == .cannotListen && error?.message.contains("\(first.system.address)") == true)
        #expect(second.system.isTerminating)
        await first.leave()
    }
}
