import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastyObservability
import CastyPlacement
import CastyRemoting
import CastySerialization
import CastySharding
import CastySimulator

extension TestCluster {
    /// Makes the next incarnation of a node, with the sample entities.
    func make(_ number: Int, seeds: [Int], roles: [String]) throws -> TestNode {
        let host = world.makeHost(name: "n\(number)", address: address(of: number))
        let assembled = try assembly(of: number, seeds: seeds, roles: roles).make(in: host.world)
        let (system, cluster, scheduler) = (assembled.system, assembled.cluster, host.world.scheduler)
        let name = system.inspector.name
        if let node = (host as? SimulatedHost)?.node, faults.takesTime(name) { node.budget = 1 }
        watch.add(system.unique, name: name) { (until: cluster.leaseValidUntil, now: scheduler.now) }
        var regions: [SampleEntity: ShardRegion<EntityCommand>] = [:]
        for sample in settings.samples {
            regions[sample] = try startRegion(sample, on: assembled.sharding, host: host)
        }
        if settings.runsSingleton {
            try SampleSingleton.start(on: cluster, role: settings.singletonRole, watch: singleton)
        }
        let node = TestNode(number: number, host: host, node: assembled, regions: regions)
        follow(node)
        if flow != nil { observeMessages(of: node) }
        return node
    }

    private func assembly(of number: Int, seeds: [Int], roles: [String]) throws -> NodeAssembly {
        let name = "n\(number)"
        // Event numbers continue across incarnations, so that no two events share an identifier.
        let events = Inspector(
            name: name, lastEvent: nodes[number]?.system.inspector.lastEvent ?? 0, now: world.clock,
            nameOf: { Self.name(of: $0) })
        events.subscribe { [recorder] in recorder.record($0) }
        events.whenChanged(changed)
        var config = ClusterConfig(
            seeds: seeds.map { address(of: $0) }, roles: roles, settings: settings.membership,
            shared: [SharedSetting("shards", String(settings.shards))], majorityLease: lease,
            isFirstStart: number == seeds.first && nodes[number] == nil)
        if settings.remembersCluster { config.memory = memories.memory(of: number) }
        var assembly = NodeAssembly(name: settings.cluster, address: address(of: number), config: config)
        try SampleEntity.register(in: assembly.registry)
        assembly.remoting = settings.remoting
        let earlier = former.count { $0.number == number } + (nodes[number] == nil ? 0 : 1)
        if let all = settings.versions[number], let last = all.last {
            assembly.remoting.versions = earlier < all.count ? all[earlier] : last
        }
        assembly.inspector = events
        assembly.log = log
        let disconnected = { @Sendable [tracker, clock = world.clock] (peer: NodeAddress) in
            tracker.disconnect(from: name, to: Self.name(of: peer), at: clock())
        }
        assembly.connectionLost = { disconnected($0.address) }
        assembly.gaveUp = disconnected
        return assembly
    }

    /// Tells those that watch the run what the node's cluster does.
    private func follow(_ node: TestNode) {
        let (name, cluster) = (node.name, node.cluster)
        if let stepRecorder {
            cluster.watchSteps { [clock = world.clock] step in stepRecorder.see(step, at: clock()) }
        }
        cluster.observe { [tracker, clock = world.clock] event, _ in
            // The sender has dropped all messages that still waited for a connection to the removed member.
            if case .memberLeft(let left) = event {
                tracker.disconnect(from: name, to: Self.name(of: left.node.address), at: clock())
            }
        }
        cluster.onStop {
            [inspector, tracker, watch, storeLock, clock = world.clock, weak node] (reason: StopReason) in
            guard let node else { return }
            node.settle()
            node.system.terminate {
                node.set(.stopped, reason: reason)
                node.host.stop()
                storeLock.end(of: name)
                tracker.end(name, at: clock())
                watch.end(node.system.unique)
                inspector.emit(.nodeStopped, subject: name, reason: .stopped(reason))
            }
        }
    }
}
