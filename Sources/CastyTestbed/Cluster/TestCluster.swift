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

/// A cluster of nodes in one process, live or simulated, with all commands and faults that apply to them.
///
/// Belongs to one thread: the one that runs the scenario or the console's testbed. Node `nK` listens on 127.0.0.K, and
/// all nodes use the same port; n1 is the first seed.
package final class TestCluster {
    package let world: any ClusterWorld
    /// The rules that the run is checked against.
    let checkers: Checkers
    package var settings: TestClusterSettings
    /// All events of all nodes, and all commands and faults.
    package let recorder = Recorder()
    /// The tracker of every envelope, from its sender to its end.
    package let tracker = EnvelopeTracker()
    /// The questions that ``ask(_:_:via:within:patience:completion:)`` has asked.
    package let asks = AskLedger()
    /// The watch over regions and coordinators.
    package let watch: ShardingWatch
    package var disturbances = Disturbances()
    /// The disk with the accounts' balances and the list of remembered entities; it survives all nodes.
    package let disk: SimulatedDisk
    package let storeLock = StoreLock()
    /// The oracle that compares what entities read with what they have written.
    package let durable: DurableOracle
    /// What accounts are to be reminded of.
    package let reminders: ReminderOracle
    /// The faults of the sample entities.
    package let faults = SampleFaults()
    /// The lease that the downing strategy lease-majority uses.
    package let lease: InProcessMajorityLease
    /// The source of the testbed's own events.
    package let inspector: Inspector
    /// The source of the events about the latency, jitter and loss of links.
    let linkInspector: Inspector
    /// The latest incarnation of each node, by number.
    package private(set) var nodes: [Int: TestNode] = [:] { didSet { numbers = nodes.keys.sorted() } }
    /// Incarnations that a later one has replaced.
    package private(set) var former: [TestNode] = []
    package var cuts: Set<Direction> = []
    var shapes: [Direction: LinkShape] = [:]
    /// The events that tell of the latency, jitter or loss of directions now.
    var impairments: [Direction: EventID] = [:]
    var loads: [Load] = []
    var loadCount = 0
    /// Records the messages between the nodes while someone looks at them.
    var flow: FlowRecorder?
    /// The ended nodes of which the recorder knows.
    var flowEnds: Set<UniqueAddress> = []
    /// What was done to the nodes, and what is certain about them.
    package var oracle: Oracle
    /// The recorder of every membership step of every node; exists in the simulated runtime only.
    package let stepRecorder: StepTraceRecorder?
    /// Operator commands without a confirmation yet, in the order given.
    var pendingVerbs: [PendingVerb] = []
    /// Operator commands that were given up.
    var unconfirmedVerbs: [UnconfirmedVerb] = []
    /// The watch over the built-in singleton.
    package let singleton: SingletonWatch
    /// The seed list of every node if the settings name none: the nodes that started first.
    private var firstStarted: [Int] = []
    private var port: Int?
    let memories = ClusterMemories()
    private let accountReader: RememberedReader
    let log: Logger
    let changed: @Sendable () -> Void

    /// One direction of a link, given by the numbers of its ends.
    package struct Direction: Hashable, Comparable {
        let from: Int
        let to: Int

        package static func < (left: Direction, right: Direction) -> Bool {
            (left.from, left.to) < (right.from, right.to)
        }
    }

    /// - Parameters:
    ///   - checkers: The rules that the run is checked against.
    ///   - changed: Called after each change that a snapshot shows, on the thread that made the change.
    package init(
        world: any ClusterWorld, settings: TestClusterSettings = TestClusterSettings(), checkers: Checkers,
        log: Logger = TestCluster.silence, changed: @escaping @Sendable () -> Void = {}
    ) {
        self.world = world
        self.checkers = checkers
        self.settings = settings
        self.log = log
        self.changed = changed
        watch = ShardingWatch(shards: settings.shards, checkers: checkers.sharding)
        lease = InProcessMajorityLease(now: world.clock)
        let simulation = (world as? SimulatedClusterWorld)?.simulation
        disk = SimulatedDisk(generator: simulation?.stream("disk") ?? SeededGenerator(seed: 1))
        durable = DurableOracle { [watch] entity, node in
            watch.isEntitled(node, to: entity)
        } object: { [tracker] in
            tracker.object($0, $1, $2)
        }
        reminders = ReminderOracle { [tracker] in tracker.object($0, $1, $2) }
        accountReader = RememberedReader(
            disk, type: SampleEntity.account.rawValue, shards: settings.shards, oracle: durable)
        oracle = Oracle(settings.membership)
        singleton = SingletonWatch(clock: world.clock) { [tracker] in tracker.object($0, $1, $2) }
        stepRecorder = world.isLive ? nil : StepTraceRecorder(tracker: tracker)
        inspector = Inspector(name: EventID.testbed, now: world.clock, nameOf: { Self.name(of: $0) })
        linkInspector = Inspector(name: EventID.network, now: world.clock, nameOf: { Self.name(of: $0) })
        for source in [inspector, linkInspector] {
            source.subscribe { [recorder] in recorder.record($0) }
            source.whenChanged(changed)
        }
    }

    /// A logger without output: the testbed reports through events.
    package static let silence = Logger(label: "casty.test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// The accounts that are remembered at this moment.
    package var rememberedAccounts: [String] {
        settings.remembersAccounts ? accountReader.entities : []
    }

    /// The current time of the runtime.
    package var now: Instant { world.now }

    /// The numbers of all nodes ever started, ascending.
    package private(set) var numbers: [Int] = []

    /// The running nodes by number, without frozen, killed and stopped ones.
    package var running: [TestNode] { numbers.compactMap { nodes[$0] }.filter { $0.state == .running } }

    /// The node with this number.
    ///
    /// - Throws: ``TestClusterError`` if it was never started.
    package func node(_ number: Int) throws -> TestNode {
        guard let node = nodes[number] else {
            throw TestClusterError("n\(number) was never started; the nodes are \(listed(numbers))")
        }
        return node
    }

    /// The node with this number, if it is running.
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

    /// The listening address of the node with this number.
    package func address(of number: Int) -> NodeAddress {
        NodeAddress(host: "127.0.0.\(number)", port: port ?? settings.port)
    }

    /// The short name of an address: `n3` for 127.0.0.3.
    package static func name(of address: NodeAddress) -> String {
        guard let host = address.ipv4, host >> 8 == 127 << 16 else { return address.description }
        return shortNames[Int(host & 0xFF)]
    }

    /// Made once: every event and every checked moment needs some.
    private static let shortNames = (0...255).map { "n\($0)" }

    /// Starts nodes. Each one begins to join when the one before it has been welcomed, or at once if it restarts.
    ///
    /// The first seed founds the cluster on its first start. After that, no node founds a cluster by itself.
    ///
    /// - Throws: ``TestClusterError`` if one of the nodes is running already.
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
            // A testbed may use unsafe settings, but it reports them.
            for problem in settings.membership.problems {
                inspector.emit(.note, detail: .text("unsafe settings: \(problem)"))
            }
        }
        if firstStarted.isEmpty { firstStarted = numbers.contains(1) ? numbers : [1] + numbers }
        let seeds = settings.seeds.isEmpty ? firstStarted : settings.seeds
        // Seeds first: a non-seed node would wait for them, and they for it.
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
            inspector.emit(.nodeStarted, subject: node.name, detail: .incarnation(node.system.unique))
        }
        for (index, node) in started.enumerated() {
            let begin: @Sendable () -> Void = { [inspector] in
                node.node.start { result in
                    if case .failure(let error) = result {
                        inspector.emit(
                            .note, subject: node.name, reason: .text(error.code.rawValue),
                            detail: .text("cannot listen: \(error.message)"))
                    }
                }
            }
            // Seeds that restart together may have to found the cluster together.
            if index == 0 || isRestart { begin() } else { started[index - 1].whenSettled(begin) }
        }
    }

    /// The roles from the settings, plus further ones.
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
}
