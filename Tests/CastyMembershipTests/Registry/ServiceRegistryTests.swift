import CastyCore
import Testing

@testable import CastyMembership

@Suite("The service registry")
struct ServiceRegistryTests {
    /// Registrations come and go, nodes die and return, messages get lost; then all is quiet.
    private static func walk(seed: UInt64, _ change: (inout ServiceRegistrySettings) -> Void = { _ in })
        -> RegistryNetwork
    {
        var settings = ServiceRegistrySettings()
        // Small limits, so that each walk meets all of them.
        settings.pageBytes = 300
        settings.burst = 2
        settings.removalLimit = 8
        change(&settings)
        var network = RegistryNetwork(seed: seed, settings: settings, nodes: 4)
        network.loss = 0.2
        var generator = SeededGenerator(seed: seed).fork("walk")
        for _ in 0..<120 {
            let running = network.running
            let node = running[generator.below(running.count)]
            switch generator.below(12) {
            case 0...5:
                for _ in 0...generator.below(6) {
                    network.register(on: node, RegistryNetwork.services[generator.below(3)])
                }
            case 6...8:
                for _ in 0...generator.below(6) {
                    let service = RegistryNetwork.services[generator.below(3)]
                    guard let all = network.nodes[node]?.truth[service]?.sorted(), !all.isEmpty else { break }
                    network.end(on: node, all[generator.below(all.count)])
                }
            case 9: network.look(node, unreachable: [running[generator.below(running.count)]])
            case 10:
                guard running.count > 2 else { break }
                network.kill(node)
                network.pass(.milliseconds(generator.below(500)))
                network.start(Int(node.address.host.split(separator: ".")[3]) ?? 1)
                network.look()
            default: network.pass(.milliseconds(generator.below(3000)))
            }
        }
        network.loss = 0
        network.look()
        network.pass(.seconds(40))
        return network
    }

    @Test(
        "all nodes agree on what is registered when it is quiet, whatever got lost",
        arguments: 1...60 as ClosedRange<UInt64>)
    func agreement(seed: UInt64) {
        let network = Self.walk(seed: seed)
        #expect(network.difference == nil, "seed \(seed)")
        #expect(network.digests.count == 1, "seed \(seed)")
    }

    @Test(
        "each deliberate bug is seen by that comparison",
        .enabled(if: ServiceRegistryMutation.areCompiledIn),
        arguments: [ServiceRegistryMutation.keepsRemovedMembers, .ignoresGaps, .outlivesActors, .neverAsks])
    func mutations(mutation: ServiceRegistryMutation) {
        let differing = (1...5 as ClosedRange<UInt64>).filter { seed in
            Self.walk(seed: seed) { $0.mutations = [mutation] }.difference != nil
        }
        #expect(!differing.isEmpty, "\(mutation)")
    }

    @Test("a quiet network sends no more than one comparison per node and interval")
    func quiet() {
        var network = RegistryNetwork(seed: 1, nodes: 5)
        network.register(on: network.running[0], RegistryNetwork.services[0])
        network.pass(.seconds(5))
        let before = network.sent
        network.pass(.seconds(10))
        #expect(network.sent - before == 50)
    }

    @Test("a registry without registrations sends nothing but its greeting")
    func empty() {
        var network = RegistryNetwork(seed: 1, nodes: 5)
        network.pass(.seconds(10))
        #expect(network.sent == 20)
    }

    @Test("ten thousand registrations reach the others in bounded pages, those of a newcomer too")
    func manyRegistrations() {
        var network = RegistryNetwork(seed: 2, nodes: 3)
        for _ in 0..<10_000 { network.register(on: network.running[0], RegistryNetwork.services[0]) }
        network.pass(.seconds(10))
        #expect(network.difference == nil)
        network.start(4)
        network.look()
        network.pass(.seconds(10))
        #expect(network.difference == nil)
        // Each of three nodes takes all of it about once.
        let size =
            10_000
            * Registration(version: 1, service: RegistryNetwork.services[0], path: ["user", "actor-1000"], uid: 1).size
        #expect(network.sent < 3 * 2 * size / ServiceRegistrySettings().pageBytes + 300)
    }

    @Test("churn leaves nothing behind")
    func churn() throws {
        var network = RegistryNetwork(seed: 3, nodes: 2)
        let node = network.running[0]
        for round in 0..<200 {
            for _ in 0..<100 { network.register(on: node, RegistryNetwork.services[round % 3]) }
            for uid in network.nodes[node]?.truth.values.flatMap({ $0 }).sorted() ?? [] { network.end(on: node, uid) }
            network.pass(.milliseconds(20))
        }
        network.pass(.seconds(5))
        #expect(network.difference == nil)
        for node in network.running {
            let log = try #require(network.nodes[node]?.registry.log(of: network.running[0]))
            #expect(log.registrations.isEmpty)
            #expect(log.removalCount <= 2 * ServiceRegistrySettings().removalLimit)
        }
    }

    @Test("a message of a node that is no member changes nothing")
    func strangers() {
        var network = RegistryNetwork(seed: 4, nodes: 2)
        let stranger = UniqueAddress(address: NodeAddress(host: "127.0.0.9", port: 1), incarnation: 9)
        guard var registry = network.nodes[network.running[0]]?.registry else { return }
        let added = Registration(version: 1, service: RegistryNetwork.services[0], path: ["user", "x"], uid: 1)
        let page = RegistrationChanges(after: 0, through: 1, added: [added])
        let effects = registry.onMessage(
            .changes(owner: stranger, page, latest: 1, isLast: true), from: stranger, at: network.now)
        #expect(effects == [])
        // Nor does what a member says of it.
        let relayed = registry.onMessage(
            .changes(owner: stranger, page, latest: 1, isLast: true), from: network.running[1], at: network.now)
        #expect(relayed == [])
        #expect(registry.listing(of: RegistryNetwork.services[0]).isEmpty)
        network.pass(.seconds(1))
    }

    @Test("listings leave out members that are not up, and mark those that cannot be reached")
    func statuses() {
        let node = { (number: Int) in
            UniqueAddress(address: NodeAddress(host: "127.0.0.\(number)", port: 1), incarnation: UInt64(number))
        }
        var registry = ServiceRegistry(
            myself: node(1), settings: ServiceRegistrySettings(), generator: SeededGenerator(seed: 1))
        let service = RegistryNetwork.services[0]
        let members = { (isListed: Bool, isReachable: Bool) in
            [
                ServiceNode(node: node(1), isListed: true, isReachable: true),
                ServiceNode(node: node(2), isListed: isListed, isReachable: isReachable),
            ]
        }
        _ = registry.onView(members(true, true), at: .start)
        _ = registry.onRegister(service, path: ["user", "a"], uid: 1, at: .start)
        let page = RegistrationChanges(
            after: 0, through: 1, added: [Registration(version: 1, service: service, path: ["user", "b"], uid: 2)])
        _ = registry.onMessage(.changes(owner: node(2), page, latest: 1, isLast: true), from: node(2), at: .start)
        #expect(registry.listing(of: service).map(\.isReachable) == [true, true])
        _ = registry.onView(members(true, false), at: .start)
        #expect(registry.listing(of: service).map(\.isReachable) == [true, false])
        _ = registry.onView(members(false, true), at: .start)
        #expect(registry.listing(of: service).map(\.node) == [node(1)])
        _ = registry.onView(members(true, true), at: .start)
        #expect(registry.listing(of: service).map(\.node) == [node(1), node(2)])
        _ = registry.onView([members(true, true)[0]], at: .start)
        #expect(registry.log(of: node(2)) == nil)
    }
}
