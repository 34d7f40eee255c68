package import CastyActors
package import CastyCluster
package import CastyCore
import CastyMembership
import CastyObservability
import CastyPlacement
import CastyRemoting
import CastySerialization
import CastySharding
package import CastySimulator
package import Logging

/// Nodes in one process, live or simulated, and everything that can be done to them.
///
/// Belongs to one thread: the one that runs the scenario or the console's testbed. Node `nK` listens on 127.0.0.K, all on one port;
/// n1 is the first seed.
package final class TestCluster {
    package let world: any ClusterWorld
    /// The rules that all that happens is held against.
    let checkers: Checkers
    package var settings: TestClusterSettings
    /// All events of all nodes, and what was done to them.
    package let recorder = Recorder()
    /// Every envelope, from its sender to its end.
    package let tracker = EnvelopeTracker()
    /// The questions that were asked by ``ask(_:_:via:within:patience:completion:)``.
    package let asks = AskLedger()
    /// What regions and coordinators do.
    package let watch: ShardingWatch
    package var disturbances = Disturbances()
    /// Where accounts keep their balance, and where it is written which of them run, whatever becomes of nodes.
    package let disk: SimulatedDisk
    /// What entities have written, held against what they read.
    package let durable: DurableOracle
    /// What is wrong with entities.
    package let faults = SampleFaults()
    /// What the downing strategy lease-majority asks.
    package let lease: InProcessMajorityLease
    /// What is done to the testbed, as events.
    package let inspector: Inspector
    /// The newest incarnation of each node that was ever started, by number.
    package private(set) var nodes: [Int: TestNode] = [:]
    /// Incarnations that were replaced.
    package private(set) var former: [TestNode] = []
    package var cuts: Set<Direction> = []
    var shapes: [Direction: LinkShape] = [:]
    var loads: [Load] = []
    /// What was done to the nodes, and what is known of them for sure.
    package var oracle: Oracle
    /// Sees every step of every node's membership, in the simulated world.
    package let witness: StepTraceRecorder?
    /// What operators asked for and nobody has confirmed yet, in the order in which they asked.
    var pendingVerbs: [PendingVerb] = []
    /// What was given up.
    var unconfirmedVerbs: [UnconfirmedVerb] = []
    /// What the built-in singleton does.
    package let singleton: SingletonWatch
    /// The seed list of every node where the settings name none: the nodes that were started first.
    private var firstStarted: [Int] = []
    private var port: Int?
    private let memories = ClusterMemories()
    private let log: Logger

    /// One direction of a link, by the numbers of its ends.
    package struct Direction: Hashable, Comparable {
        let from: Int
        let to: Int

        package static func < (left: Direction, right: Direction) -> Bool {
            (left.from, left.to) < (right.from, right.to)
        }
    }

    /// - Parameter checkers: The rules that all that happens is held against.
    package init(
        world: any ClusterWorld, settings: TestClusterSettings = TestClusterSettings(), checkers: Checkers,
        log: Logger = TestCluster.silence
    ) {
        self.world = world
        self.checkers = checkers
        self.settings = settings
        self.log = log
        watch = ShardingWatch(shards: settings.shards, checkers: checkers.sharding)
        lease = InProcessMajorityLease(now: world.clock)
        let simulation = (world as? SimulatedClusterWorld)?.simulation
        disk = SimulatedDisk(generator: simulation?.stream("disk") ?? SeededGenerator(seed: 1))
        durable = DurableOracle { [watch] entity, node in
            watch.isEntitled(node, to: entity)
        } object: { [tracker] in
            tracker.object($0, $1, $2)
        }
        oracle = Oracle(settings.membership)
        singleton = SingletonWatch(clock: world.clock) { [tracker] in tracker.object($0, $1, $2) }
        witness =
            world.isLive
            ? nil
            : StepTraceRecorder(tracker: tracker) { [watch] subject, observer, now in
                watch.removed(subject, seenBy: observer, at: now)
            }
        inspector = Inspector(name: "lab", now: world.clock, nameOf: { Self.name(of: $0) })
        inspector.subscribe { [recorder] in recorder.record($0) }
    }

    /// A logger that says nothing: in a testbed the events tell what happens.
    package static let silence = Logger(label: "casty.lab", factory: { _ in SwiftLogNoOpLogHandler() })

    /// The accounts that are remembered at this moment.
    package var rememberedAccounts: [String] {
        guard settings.remembersAccounts else { return [] }
        let reader = JournalStore(disk, node: "lab", oracle: durable)
        return (try? reader.remembered(type: SampleEntity.account.rawValue, shards: settings.shards)) ?? []
    }

    /// The present moment of the world.
    package var now: Instant { world.now }

    /// The numbers of all nodes that were ever started, ascending.
    package var numbers: [Int] { nodes.keys.sorted() }

    /// The nodes that run: not frozen, not killed, not stopped; by number.
    package var running: [TestNode] { numbers.compactMap { nodes[$0] }.filter { $0.state == .running } }

    /// The node of that number, or why there is none.
    package func node(_ number: Int) throws -> TestNode {
        guard let node = nodes[number] else {
            throw TestClusterError("n\(number) was never started; the nodes are \(listed(numbers))")
        }
        return node
    }

    /// The node of that number, if it runs.
    package func runningNode(_ number: Int) throws -> TestNode {
        let node = try node(number)
        guard node.state == .running else {
            throw TestClusterError("n\(number) does not run: it is \(node.state.rawValue)")
        }
        return node
    }

    func listed(_ numbers: [Int]) -> String {
        numbers.isEmpty ? "none" : numbers.map { "n\($0)" }.joined(separator: ",")
    }

    /// Where the node of that number listens.
    package func address(of number: Int) -> NodeAddress {
        NodeAddress(host: "127.0.0.\(number)", port: port ?? settings.port)
    }

    /// The short name of a place: `n3` for 127.0.0.3.
    package static func name(of address: NodeAddress) -> String {
        let prefix = "127.0.0."
        return address.host.hasPrefix(prefix) ? "n" + address.host.dropFirst(prefix.count) : address.description
    }

    /// Starts nodes; each begins to join when the one before it has been welcomed, or at once where nodes start again.
    ///
    /// The first seed founds the cluster when it starts for the first time; no node founds one by itself afterwards.
    ///
    /// - Throws: ``TestClusterError`` where one of them runs already.
    package func start(_ numbers: [Int], roles: [String] = []) throws {
        for number in numbers {
            guard (1...254).contains(number) else { throw TestClusterError("a node's number is 1…254, not \(number)") }
            if let node = nodes[number], node.state == .running || node.state == .frozen {
                throw TestClusterError("n\(number) runs already")
            }
        }
        if world.isLive, let problem = DescriptorBudget.problem(nodes: running.count + numbers.count) {
            throw TestClusterError(problem)
        }
        if port == nil {
            port = try choosePort(numbers)
            // A testbed may try what breaks; nobody should do so without knowing.
            for problem in settings.membership.problems { inspector.emit(.note, text: "unsafe settings: \(problem)") }
        }
        if firstStarted.isEmpty { firstStarted = numbers.contains(1) ? numbers : [1] + numbers }
        let seeds = settings.seeds.isEmpty ? firstStarted : settings.seeds
        // Seeds first: a node that is none would wait for them, and they for it.
        let numbers = seeds.filter(numbers.contains) + numbers.filter { !seeds.contains($0) }
        oracle.settings = settings.membership
        oracle.seeds = seeds
        let isRestart = numbers.contains { nodes[$0] != nil }
        disturbances.changedAt = now
        var started: [TestNode] = []
        for number in numbers {
            let node = try make(number, seeds: seeds, roles: self.roles(of: number, and: roles))
            if let earlier = nodes[number] { former.append(earlier) }
            nodes[number] = node
            started.append(node)
            oracle.started(node.system.unique, number: number, founds: node.cluster.config.isFirstStart, at: now)
            inspector.emit(.nodeStarted, subject: node.name, text: node.system.unique.description)
        }
        for (index, node) in started.enumerated() {
            let begin: @Sendable () -> Void = { [inspector] in
                node.node.start { result in
                    if case .failure(let error) = result {
                        inspector.emit(
                            .note, subject: node.name, reason: error.code.rawValue,
                            text: "cannot listen: \(error.message)")
                    }
                }
            }
            // Seeds that start again together may have to found the cluster together.
            if index == 0 || isRestart { begin() } else { started[index - 1].whenSettled(begin) }
        }
    }

    /// The roles that the settings give a node, and further ones.
    private func roles(of number: Int, and more: [String]) -> [String] {
        let own = settings.roles[number] ?? []
        return own + more.filter { !own.contains($0) }
    }

    private func choosePort(_ numbers: [Int]) throws -> Int {
        let most = max(numbers.max() ?? 1, 8)
        for candidate in settings.port..<(settings.port + 200) {
            if world.areFree((1...most).map { NodeAddress(host: "127.0.0.\($0)", port: candidate) }) {
                return candidate
            }
        }
        throw TestClusterError(
            "no port from \(settings.port) to \(settings.port + 199) is free on 127.0.0.1 to 127.0.0.\(most)")
    }

    private func make(_ number: Int, seeds: [Int], roles: [String]) throws -> TestNode {
        let name = "n\(number)"
        let host = world.makeHost(name: name, address: address(of: number))
        // Event numbers go on from one incarnation to the next, so that no two events share a name.
        let events = Inspector(
            name: name, lastEvent: nodes[number]?.system.inspector.lastEvent ?? 0, now: world.clock,
            nameOf: { Self.name(of: $0) })
        events.subscribe { [recorder] in recorder.record($0) }
        let registry = TypeRegistry()
        try SampleEntity.register(in: registry)
        let system = ActorSystem(
            name: settings.cluster, address: address(of: number), world: host.world, registry: registry,
            inspector: events, log: log)
        let shared = [SharedSetting("shards", String(settings.shards))]
        var config = ClusterConfig(
            seeds: seeds.map { address(of: $0) }, roles: roles, settings: settings.membership, shared: shared,
            majorityLease: lease, isFirstStart: number == seeds.first && nodes[number] == nil)
        if settings.remembersCluster { config.memory = memories.memory(of: number) }
        let clusterNode = try ClusterNode(
            system: system, config: config, remoting: settings.remoting,
            connectionLost: { [tracker, clock = world.clock] peer in
                tracker.disconnect(from: name, to: Self.name(of: peer.address), at: clock())
            },
            gaveUp: { [tracker, clock = world.clock] place in
                tracker.disconnect(from: name, to: Self.name(of: place), at: clock())
            })
        if let node = (host as? SimulatedHost)?.node, faults.takesTime(name) { node.budget = 1 }
        let (cluster, scheduler) = (clusterNode.cluster, host.world.scheduler)
        watch.add(system.unique, name: name) { scheduler.now < cluster.leaseValidUntil }
        let sharding = Sharding(cluster)
        var regions: [SampleEntity: ShardRegion<EntityCommand>] = [:]
        for sample in settings.samples {
            regions[sample] = try startRegion(sample, on: sharding, host: host)
        }
        if settings.runsSingleton {
            try SampleSingleton.start(on: cluster, role: settings.singletonRole, watch: singleton)
        }
        let node = TestNode(
            number: number, host: host, system: system, node: clusterNode, sharding: sharding, regions: regions)
        if let witness {
            cluster.watchSteps { [clock = world.clock] step in witness.see(step, at: clock()) }
        }
        cluster.observe { [tracker, clock = world.clock] event, _ in
            // What still waited for a connection with a member that was removed has been given up.
            if case .memberLeft(let left) = event {
                tracker.disconnect(from: name, to: Self.name(of: left.node.address), at: clock())
            }
        }
        cluster.onStop { [inspector, tracker, watch, clock = world.clock, weak node] (reason: StopReason) in
            guard let node else { return }
            node.settle()
            node.system.terminate {
                node.set(.stopped, reason: reason)
                node.host.stop()
                tracker.end(name, at: clock())
                watch.end(node.system.unique)
                inspector.emit(.nodeStopped, subject: name, reason: "\(reason)")
            }
        }
        return node
    }
}
