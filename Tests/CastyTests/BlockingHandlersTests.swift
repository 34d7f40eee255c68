import Casty
import CastyLive
import CastyObservability
import Glibc
import Synchronization
import Testing

/// What blocking handlers do to their node and its cluster, over real TCP.
@Suite struct BlockingHandlersTests {
    private enum Order: Codable, Sendable {
        case block
        case hello(replyTo: ActorRef<String>)
    }

    private static func start(_ address: NodeAddress, _ config: ClusterConfig) async throws -> CastyNode {
        try await CastyNode.start(name: "test", listen: address, cluster: config) { registry in
            try registry.register(Order.self, name: "test.order")
            try registry.register(String.self, name: "test.text")
        }
    }

    @Test(
        "entities that block their node's workers for seconds raise no suspicion, and all others answer meanwhile",
        .timeLimit(.minutes(10)), arguments: [1, 2])
    func blocked(timesCores: Int) async throws {
        let addresses = try (0..<3).map { _ in try FreePort.address() }
        let config = ClusterConfig.responsive(seeds: [addresses[0]])
        var nodes: [CastyNode] = []
        for address in addresses { nodes.append(try await Self.start(address, config)) }
        while !nodes.allSatisfy({ $0.cluster.state.up.count == 3 }) { try await Task.sleep(for: .milliseconds(5)) }
        let blocked = Atomic<Int>(0)
        let released = Flag()
        let regions = try nodes.map { node in
            try node.sharding.start(type: "order", shards: 12, of: Order.self) { entity in
                .receive { _, order in
                    switch order {
                    case .block:
                        blocked.add(1, ordering: .sequentiallyConsistent)
                        while !released.isSet { usleep(1000) }
                    case .hello(let replyTo): replyTo.tell("\(entity.node.address)")
                    }
                    return .same
                }
            }
        }
        let names = (1...60).map { "order-\($0)" }
        var homes: [String: String] = [:]
        for name in names { homes[name] = try await regions[0].ask(name) { .hello(replyTo: $0) } }
        let suspicions = Atomic<Int>(0)
        for node in nodes {
            _ = node.system.inspector.subscribe { event in
                if [.suspected, .memberUnreachable, .memberDown].contains(event.kind) {
                    suspicions.add(1, ordering: .relaxed)
                }
            }
        }
        // All on one node, which has as many workers as the machine has cores.
        let victim = "\(addresses[1])"
        let count = timesCores * max(2, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        let blockers = names.filter { homes[$0] == victim }.prefix(count)
        #expect(blockers.count == count)
        for name in blockers { regions[0].tell(name, .block) }
        while blocked.load(ordering: .sequentiallyConsistent) < count { try await Task.sleep(for: .milliseconds(1)) }
        // Longer than the cluster waits for a heartbeat, and all that time entities of that node answer.
        for _ in 0..<10 {
            for name in names where !blockers.contains(name) {
                let home: String = try await regions[2].ask(name) { .hello(replyTo: $0) }
                #expect(home == homes[name])
            }
            try await Task.sleep(for: .milliseconds(400))
        }
        #expect(blocked.load(ordering: .sequentiallyConsistent) == count)
        #expect(suspicions.load(ordering: .relaxed) == 0)
        #expect(nodes.allSatisfy { $0.cluster.state.up.count == 3 && $0.cluster.state.unreachable.isEmpty })
        released.set()
        for node in nodes.reversed() { await node.leave() }
    }
}

/// Something that happens once.
private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)

    var isSet: Bool { value.load(ordering: .acquiring) }

    func set() { value.store(true, ordering: .releasing) }
}
