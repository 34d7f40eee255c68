package import CastyCore

/// A simulated runtime in which everything follows from a seed.
///
/// Its nodes use time, threads, connections and randomness through the same interface (`NodeWorld`) as in the live
/// runtime. But everything happens on the thread that calls ``run(until:)`` or ``step()``: one queue of events, ordered
/// by virtual time. Events of the same instant have an order that the seed determines, except that each connection,
/// each mailbox and the timers of each node keep theirs. A run is a pure function of the seed and of the calls made to
/// the runtime.
///
/// ```swift
/// let world = SimulatedWorld(seed: 42)
/// let node = world.node(name: "n1", address: NodeAddress(host: "127.0.0.1", port: 25520))
/// node.world.scheduler.schedule(after: .seconds(1)) { print("a virtual second later") }
/// world.run(until: .start + .seconds(10))
/// ```
///
/// Call ``dispose()`` before releasing it: what waits in the queue refers back to the runtime.
package final class SimulatedWorld: @unchecked Sendable {
    /// The seed that everything follows from.
    package let seed: UInt64
    /// The links between hosts, and the faults on them.
    package let network: SimulatedNetwork
    /// All nodes so far, in the order of their creation. The index is the one in the trace.
    @exclusivity(unchecked) package private(set) var nodes: [SimulatedNode] = []
    /// The record of the run.
    @exclusivity(unchecked) package internal(set) var trace = Trace()
    /// How many steps at one instant are allowed; more count as a livelock.
    package var livelockLimit = 1_000_000
    /// The livelock that has stopped the runtime, if any.
    @exclusivity(unchecked) package internal(set) var livelock: Livelock?

    let foreign = ForeignCalls()
    private let root: SeededGenerator
    private let worldOrder: UInt64
    private var names: [String: Int] = [:]
    // One thread owns these, and none of their methods calls out. The exclusivity check would cost a fifth of a step.
    @exclusivity(unchecked) var queue: EventQueue
    @exclusivity(unchecked) var clock: Int64 = 0
    @exclusivity(unchecked) var stepsAtInstant = 0

    /// Creates a runtime in which nothing has happened.
    package init(seed: UInt64) {
        self.seed = seed
        root = SeededGenerator(seed: seed)
        var schedule = root.fork("schedule")
        worldOrder = schedule.next()
        queue = EventQueue(schedule: schedule)
        network = SimulatedNetwork(root: root)
        network.attach(to: self)
    }

    /// The current time of the runtime. A node's own clock may run faster or slower.
    package var now: Instant { Instant(nanoseconds: clock) }

    /// The number of steps so far.
    package var stepCount: UInt64 { trace.count }

    /// When the next step is due, or `nil` if none waits.
    package var nextStep: Instant? { queue.nextTime().map(Instant.init(nanoseconds:)) }

    /// Records steps from now on until the trace holds `limit` of them, to compare them with another run's.
    package func recordSteps(limit: Int) { trace.limit = limit }

    /// The number of waiting events.
    package var pendingCount: Int { queue.count }

    /// The number of calls from a thread that does not drive the runtime. Any is a violation of determinism.
    package var foreignCallCount: Int { foreign.count }

    /// A random stream for the code that drives the simulation: loads, faults.
    package func stream(_ name: String) -> SeededGenerator { root.fork("world/" + name) }

    /// Adds a node.
    ///
    /// - Parameters:
    ///   - name: Its name. A later node of the same name is the next start of the same node and gets other random
    ///     numbers.
    ///   - address: Its address. The host determines which links it uses.
    package func node(name: String, address: NodeAddress) -> SimulatedNode {
        let start = (names[name] ?? 0) + 1
        names[name] = start
        let node = SimulatedNode(
            owner: self, name: name, start: start, address: address, index: Int32(nodes.count),
            random: root.fork("node/\(name)#\(start)"))
        nodes.append(node)
        return node
    }

    /// Runs an action at a time of the runtime, outside all nodes. Actions for the same time run in the order in which
    /// they were scheduled. Only the thread that drives the runtime may call it.
    package func schedule(at time: Instant, _ action: @escaping () -> Void) {
        let due = max(time.nanoseconds, clock)
        let order = Mixing.word(worldOrder ^ UInt64(bitPattern: due))
        queue.add(.world(EventAction(action)), node: -1, at: due, now: clock, order: order)
    }

    /// Ends the runtime: every node is gone, nothing waits, and nothing refers back to it.
    package func dispose() {
        for node in nodes { node.forget() }
        network.forget()
        nodes = []
        _ = queue.removeAll()
    }

    /// Adds an event for the network or a node, at a random position among those of its instant.
    @discardableResult
    func add(_ payload: EventPayload, node: Int32, at time: Int64) -> EventTicket {
        queue.add(payload, node: node, at: max(time, clock), now: clock)
    }

    /// Schedules an action of the network.
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
