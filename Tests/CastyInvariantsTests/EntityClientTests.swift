import Casty
import CastyActors
import CastyCore
import CastyInvariants
import CastyLive
import CastyObservability
import CastyScenario
import CastySharding
import CastySimulator
import CastyTestbed
import Synchronization
import Testing

@Suite("Clients that are no members")
struct EntityClientTests {
    private final class Outcome: Sendable {
        private let summary = Mutex<LoadSummary?>(nil)

        func set(_ found: LoadSummary) { summary.withLock { $0 = found } }

        var value: LoadSummary? { summary.withLock { $0 } }
    }

    private static func serve(_ nodes: [TestNode]) throws {
        for node in nodes {
            for sample in SampleEntity.allCases {
                if let region = node.regions[sample] { SampleEntity.serveClients(region, of: node.sharding) }
            }
            try ClientService.start(on: node.sharding)
        }
    }

    private static func client(_ world: SimulatedClusterWorld, _ testbed: TestCluster, _ nodes: [Int]) throws
        -> EntityClient
    {
        let place = NodeAddress(host: "127.0.0.99", port: 1)
        let client = try EntityClient(
            world: world.simulation.node(name: "client", address: place).world, cluster: testbed.settings.cluster,
            nodes: nodes.map { testbed.address(of: $0) })
        client.start()
        return client
    }

    @Test(
        "a load goes on while nodes die and come back, no node counts the client, and the books agree", arguments: 1...4
    )
    func survives(seed: UInt64) throws {
        let world = SimulatedClusterWorld(seed: seed)
        let testbed = TestCluster(world: world, settings: TestClusterSettings(), checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2, 3, 4])
        try Self.serve(testbed.running)
        try testbed.advance(until: .start + .seconds(4))
        let client = try Self.client(world, testbed, [1, 2, 3, 4])
        var settings = LoadSettings()
        settings.rate = 100
        settings.entities = 20
        settings.duration = .seconds(30)
        settings.checks = true
        let outcome = Outcome()
        let driver = LoadDriver.start(client, settings) { outcome.set($0) }
        try testbed.advance(until: .start + .seconds(10))
        try testbed.perform(.kill([NodeName(2)]))
        try testbed.advance(until: .start + .seconds(20))
        try testbed.perform(.restart([NodeName(2)]))
        try Self.serve([try testbed.runningNode(2)])
        try testbed.advance(until: .start + .seconds(24))
        try testbed.perform(.freeze([NodeName(3)]))
        try testbed.advance(until: .start + .seconds(90))
        let summary = try #require(outcome.value, "\(driver.progress)")
        #expect(summary.acknowledged > 1500)
        #expect(summary.unknown > 0)
        #expect(summary.isConsistent, "seed \(seed): \(summary.contradictions) \(summary.unread)")
        for node in testbed.running {
            #expect(node.cluster.state.members.allSatisfy { $0.node.address.port != 0 })
        }
        client.stop {}
        try testbed.advance(until: .start + .seconds(94))
        for node in testbed.running where node.state == .running {
            #expect(node.node.remoting.snapshots.allSatisfy { $0.peer.port != 0 })
        }
    }

    @Test(
        "what dies with its node is found by the books: a counter without a store starts anew elsewhere",
        arguments: 1...2)
    func forgets(seed: UInt64) throws {
        let world = SimulatedClusterWorld(seed: seed)
        let testbed = TestCluster(world: world, settings: TestClusterSettings(), checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2, 3])
        try Self.serve(testbed.running)
        try testbed.advance(until: .start + .seconds(4))
        let client = try Self.client(world, testbed, [1, 3])
        var settings = LoadSettings()
        settings.type = "counter"
        settings.rate = 50
        settings.entities = 20
        settings.duration = .seconds(20)
        settings.checks = true
        let outcome = Outcome()
        let driver = LoadDriver.start(client, settings) { outcome.set($0) }
        try testbed.advance(until: .start + .seconds(10))
        try testbed.perform(.kill([NodeName(2)]))
        try testbed.advance(until: .start + .seconds(90))
        let summary = try #require(outcome.value, "\(driver.progress)")
        #expect(summary.contradictionCount > 0)
        #expect(summary.contradictions.first?.message.contains("went back") == true, "\(summary.contradictions)")
    }

    @Test("every request that cannot be answered says why at once, and whether it may have been handled")
    func refusals() throws {
        let world = SimulatedClusterWorld(seed: 7)
        let testbed = TestCluster(world: world, settings: TestClusterSettings(), checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2])
        try Self.serve(testbed.running)
        let client = try Self.client(world, testbed, [1])
        let codes = Mutex<[ClientError.Code]>([])
        let note: EntityClient.Completion = { result in
            if case .failure(let error) = result { codes.withLock { $0.append(error.code) } }
        }
        client.ask("account-1", "balance", within: .seconds(1), completion: note)
        try testbed.advance(until: .start + .seconds(4))
        client.ask("cart-1", "balance", within: .seconds(1), completion: note)
        client.tell("account-" + String(repeating: "x", count: 3000), "start", within: .seconds(1), completion: note)
        client.ask("account-1", String(repeating: "x", count: 70_000), within: .seconds(1), completion: note)
        try testbed.advance(until: .start + .seconds(5))
        #expect(codes.withLock { $0 } == [.noNode, .unknownType, .badRequest, .badRequest])
        try testbed.perform(.freeze([NodeName(1)]))
        client.ask("account-1", "balance", within: .seconds(1), completion: note)
        try testbed.advance(until: .start + .seconds(8))
        #expect(codes.withLock { $0.last } == .timedOut)
    }

    @Test("a client learns at once that no node can host what it asks, and that nothing was handled")
    func unavailable() throws {
        let world = SimulatedClusterWorld(seed: 8)
        var settings = TestClusterSettings()
        settings.accountRole = "backend"
        let testbed = TestCluster(world: world, settings: settings, checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2])
        try Self.serve(testbed.running)
        let client = try Self.client(world, testbed, [1])
        try testbed.advance(until: .start + .seconds(4))
        let failure = Mutex<ClientError?>(nil)
        client.ask("account-1", "balance", within: .seconds(10)) { result in
            if case .failure(let error) = result { failure.withLock { $0 = error } }
        }
        try testbed.advance(until: .start + .milliseconds(4500))
        let error = try #require(failure.withLock { $0 })
        #expect(error.code == .unavailable && error.isSurelyUnhandled && !error.isTransient)
        #expect(
            error.message == "asking account account-1: no home: no node with the role backend is up; start one")
    }

    @Test("over TCP a client goes on with the other node when the one it talks to is gone", .timeLimit(.minutes(10)))
    func overTCP() async throws {
        // Of two halves the one with the lowest address stays.
        let addresses = try FreePort.addresses(2).sorted()
        var nodes: [CastyNode] = []
        let store = InMemoryEntityStore()
        for address in addresses {
            let node = try await CastyNode.start(
                name: "test", listen: address, cluster: .responsive(seeds: addresses), register: SampleEntity.register)
            try SampleEntity.start(on: node.sharding, shards: 8, store: store)
            nodes.append(node)
        }
        while !nodes.allSatisfy({ $0.cluster.state.up.count == 2 }) { try await Task.sleep(for: .milliseconds(5)) }
        let world = LiveWorld(workers: 1)
        let host = world.node(transport: TCPTransport())
        let client = try EntityClient(world: host.world, cluster: "test", nodes: addresses)
        client.start()
        var settings = LoadSettings()
        settings.rate = 200
        settings.entities = 10
        settings.duration = .seconds(6)
        settings.checks = true
        let outcome = Outcome()
        let driver = LoadDriver.start(client, settings) { outcome.set($0) }
        while driver.progress.summary.acknowledged < 100 { try await Task.sleep(for: .milliseconds(5)) }
        // Without a word to the other one: for it this node has died.
        await nodes[1].stop()
        while outcome.value == nil { try await Task.sleep(for: .milliseconds(20)) }
        let summary = try #require(outcome.value)
        #expect(summary.acknowledged > 100)
        #expect(summary.isConsistent, "\(summary.contradictions) \(summary.unread)")
        await withCheckedContinuation { done in client.stop { host.stop { done.resume() } } }
        await Task.detached { world.shutdown() }.value
        await nodes[0].leave()
    }
}
