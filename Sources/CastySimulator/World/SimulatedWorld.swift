package import CastyCore

/// A world in which everything that happens follows from a seed.
///
/// Nodes in it time, act, connect and draw as they would in the live world, by the same borders (`NodeWorld`), but all
/// of it happens on the thread that calls ``run(until:)`` or ``step()``: one queue of events, ordered by virtual time.
/// What falls on the same instant happens in an order drawn from the seed, except that each connection, mailbox and the
/// timers of each node keep theirs. A run is a pure function of the seed and of what is asked of the world.
///
/// ```swift
/// let world = SimulatedWorld(seed: 42)
/// let node = world.node(name: "n1", address: NodeAddress(host: "127.0.0.1", port: 25520))
/// node.world.scheduler.schedule(after: .seconds(1)) { print("a virtual second later") }
/// world.run(until: .start + .seconds(10))
/// ```
///
/// Whoever drops a world calls ``dispose()`` first: what waits in the queue refers back to the world.
package final class SimulatedWorld: @unchecked Sendable {
    /// What everything follows from.
    package let seed: UInt64
    /// The links between hosts, and what goes wrong on them.
    package private(set) lazy var network = SimulatedNetwork(root: root, world: self)
    /// All nodes there have been, in the order of their creation; the index is the one in the trace.
    package private(set) var nodes: [SimulatedNode] = []
    /// What has happened.
    @exclusivity(unchecked) package internal(set) var trace = Trace()
    /// How many steps there may be at one instant before it counts as a livelock.
    package var livelockLimit = 1_000_000
    /// The livelock in which the world is stuck, if it is.
    @exclusivity(unchecked) package internal(set) var livelock: Livelock?

    let foreign = ForeignCalls()
    private let root: SeededGenerator
    private let worldOrder: UInt64
    private var names: [String: Int] = [:]
    // One thread owns these, and none of their methods calls out; the check costs a fifth of a step.
    @exclusivity(unchecked) var queue: EventQueue
    @exclusivity(unchecked) var clock: Int64 = 0
    @exclusivity(unchecked) var stepsAtInstant = 0

    /// Creates a world in which nothing has happened.
    package init(seed: UInt64) {
        self.seed = seed
        root = SeededGenerator(seed: seed)
        var schedule = root.fork("schedule")
        worldOrder = schedule.next()
        queue = EventQueue(schedule: schedule)
    }

    /// The present moment of the world; a node's own clock may go faster or slower.
    package var now: Instant { Instant(nanoseconds: clock) }

    /// How many steps there have been.
    package var stepCount: UInt64 { trace.count }

    /// When the next step is due, or `nil` if nothing waits.
    package var nextStep: Instant? { queue.nextTime().map(Instant.init(nanoseconds:)) }

    /// Keeps the first steps of the run from now on in the trace, to compare them with another run's.
    package func recordSteps(limit: Int) { trace.limit = limit }

    /// How many events wait.
    package var pendingCount: Int { queue.count }

    /// How many calls came from a thread that does not run the world. Any is a violation of determinism.
    package var foreignCallCount: Int { foreign.count }

    /// A stream of the world's own chance, for whoever runs it: loads, faults.
    package func stream(_ name: String) -> SeededGenerator { root.fork("world/" + name) }

    /// Adds a node.
    ///
    /// - Parameters:
    ///   - name: What it is called. A later node of the same name is the next start of the same node: it draws other
    ///     numbers.
    ///   - address: Where it is; its host says which links it uses.
    package func node(name: String, address: NodeAddress) -> SimulatedNode {
        let start = (names[name] ?? 0) + 1
        names[name] = start
        let node = SimulatedNode(
            owner: self, name: name, start: start, address: address, index: Int32(nodes.count),
            random: root.fork("node/\(name)#\(start)"))
        nodes.append(node)
        return node
    }

    /// Does something at a moment of the world, outside all nodes. What is set for the same moment happens in the order
    /// it was set. For the thread that runs the world only.
    package func schedule(at time: Instant, _ action: @escaping () -> Void) {
        let due = max(time.nanoseconds, clock)
        let order = Mixing.word(worldOrder ^ UInt64(bitPattern: due))
        queue.add(.world(EventAction(action)), node: -1, at: due, now: clock, order: order)
    }

    /// Ends the world: every node is gone, nothing waits, nothing refers back to it.
    package func dispose() {
        for node in nodes { node.forget() }
        network.forget()
        nodes = []
        _ = queue.removeAll()
    }

    /// Adds an event for the network or a node, at a random place among those of its instant.
    @discardableResult
    func add(_ payload: EventPayload, node: Int32, at time: Int64) -> EventTicket {
        queue.add(payload, node: node, at: max(time, clock), now: clock)
    }

    /// Does something for the network at a moment.
    @discardableResult
    func control(node: Int32, at time: Int64, _ action: @escaping () -> Void) -> EventTicket {
        add(.control(EventAction(action)), node: node, at: time)
    }
}

/// A word that depends on all bits of another: the finisher of SplitMix64.
enum Mixing {
    static func word(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
