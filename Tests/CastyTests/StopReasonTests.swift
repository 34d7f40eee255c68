import Casty
import CastyLive
import CastyObservability
import Glibc
import Synchronization
import Testing

/// Why a node ended: over real TCP.
@Suite struct StopReasonTests {
    @Test("a node whose seed is of another cluster name ends, and says what answered there", .timeLimit(.minutes(10)))
    func wrongCluster() async throws {
        let (first, second) = (try FreePort.address(), try FreePort.address())
        let shop = try await CastyNode.start(name: "shop", listen: first, cluster: .responsive(seeds: [first]))
        let other = try await CastyNode.start(name: "stall", listen: second, cluster: .responsive(seeds: [first]))
        await other.ended()
        #expect(
            other.cluster.stopReason
                == .refused(.wrongSeed(address: first, answer: "it says: this is cluster shop")))
        await shop.leave()
        #expect(shop.cluster.stopReason == .left)
    }

    @Test(
        "a seed that is named otherwise than it calls itself ends the node, with its own word for itself",
        .timeLimit(.minutes(10)))
    func otherName() async throws {
        let (first, second) = (try FreePort.address(), try FreePort.address())
        // A spelling of 127.0.0.1 that only the resolver knows.
        let named = NodeAddress(host: "127.1", port: first.port)
        let seed = try await CastyNode.start(name: "shop", listen: first, cluster: .responsive(seeds: [first]))
        let other = try await CastyNode.start(name: "shop", listen: second, cluster: .responsive(seeds: [named]))
        await other.ended()
        #expect(
            other.cluster.stopReason == .refused(.wrongSeed(address: named, answer: "it says: this is \(first)")))
        await seed.stop()
    }

    @Test("a node with a requirement that the cluster does not have is refused, and names it", .timeLimit(.minutes(10)))
    func requirement() async throws {
        let (first, second) = (try FreePort.address(), try FreePort.address())
        let config = ClusterConfig.responsive(seeds: [first])
        let seed = try await CastyNode.start(name: "shop", listen: first, cluster: config)
        var strict = config
        strict.require("zone", "a")
        let other = try await CastyNode.start(name: "shop", listen: second, cluster: strict)
        await other.ended()
        #expect(
            other.cluster.stopReason == .refused(.settingDiffers(name: "zone", cluster: "not set", joiner: "a")))
        await seed.stop()
    }

    @Test("a node that founds on order beside a bigger cluster ends before it, over TCP", .timeLimit(.minutes(10)))
    func secondCluster() async throws {
        let places = [try FreePort.address(), try FreePort.address(), try FreePort.address()]
        var config = ClusterConfig.responsive(seeds: [places[0], places[2]])
        config.isFirstStart = true
        let reasons = Mutex<[EventReason]>([])
        let first = try await CastyNode.start(name: "shop", listen: places[0], cluster: config)
        let second = try await CastyNode.start(name: "shop", listen: places[1], cluster: config)
        while first.cluster.state.up.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
        let third = try await CastyNode.start(name: "shop", listen: places[2], cluster: config)
        third.system.inspector.subscribe { event in
            if event.kind == .nodeStopped { reasons.withLock { $0 += event.reason.map { [$0] } ?? [] } }
        }
        await third.ended()
        guard case .secondCluster(let own, let other) = third.cluster.stopReason else {
            Issue.record("it stopped for \(String(describing: third.cluster.stopReason))")
            return
        }
        #expect(own.size == 1 && other.size == 2)
        #expect(reasons.withLock { $0 } == [.stopped(.secondCluster(own: own, other: other))])
        #expect(first.cluster.stopReason == nil)
        await second.stop()
        await first.stop()
    }

    @Test("the file of a node's memory keeps what was remembered last, for each node its own")
    func memory() throws {
        let folder = "/tmp/casty-memory-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        let (first, second) = (NodeAddress(host: "127.0.0.1", port: 1), NodeAddress(host: "::1", port: 2))
        let memories = [
            try FileClusterMemory(directory: folder, node: first),
            try FileClusterMemory(directory: folder, node: second),
        ]
        defer {
            for memory in memories { unlink(memory.path) }
            rmdir(folder)
        }
        #expect(try memories[0].recall() == nil)
        var clusters: [RememberedCluster] = []
        for (index, memory) in memories.enumerated() {
            for number in 1...3 {
                let cluster = RememberedCluster(
                    id: ClusterID(high: UInt64(index), low: UInt64(number)), members: [first, second])
                memory.remember(cluster) { Issue.record("\($0)") }
                if number == 3 { clusters.append(cluster) }
            }
            memory.flush()
        }
        #expect(try memories.map { try $0.recall() } == clusters)
        // A third one has none of its own, and finds what they remember of a cluster.
        let third = try FileClusterMemory(directory: folder, node: NodeAddress(host: "127.0.0.1", port: 3))
        #expect(try third.recall() == nil)
        #expect(try third.neighbors(in: clusters[1].id) == clusters[1])
        #expect(try third.neighbors(in: ClusterID(high: 9, low: 9)) == nil)
        #expect(try memories[1].neighbors(in: clusters[1].id) == nil)
        let descriptor = open(memories[0].path, O_WRONLY | O_TRUNC)
        close(descriptor)
        #expect(throws: ClusterMemoryError.self) { try memories[0].recall() }
    }
}
