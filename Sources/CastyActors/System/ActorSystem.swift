public import CastyCore
package import CastyObservability
package import CastySerialization
public import Logging
public import Synchronization

/// The actors of one node, and all they share.
///
/// A system has a name, which all nodes of a cluster share, an address, and an incarnation number of its own. Users' actors live
/// under `/user`, the runtime's own under `/system`.
public final class ActorSystem: Sendable {
    /// The name; nodes of systems with different names refuse each other.
    public let name: String
    /// The node's identity.
    public let unique: UniqueAddress
    /// Where the node listens, or would listen.
    public var address: NodeAddress { unique.address }
    /// The message types that may arrive from other nodes.
    package let registry: TypeRegistry
    /// The system's logger.
    public let log: Logger
    package let world: NodeWorld
    package let dispatcher: any Dispatcher
    /// What the node shows of itself.
    package let inspector: Inspector
    @usableFromInline
    let handled = Atomic<UInt64>(0)
    let live = Atomic<Int>(0)
    let firstUID: UInt64
    let uidsDrawn = Atomic<UInt64>(0)
    let state: Mutex<SystemState>

    /// Creates a system in a world; ``terminate()`` ends it.
    ///
    /// - Parameters:
    ///   - name: The name, shared by all nodes of a cluster.
    ///   - address: Where the node listens.
    ///   - world: The node's time, threads, chance and network.
    ///   - registry: The message types that may arrive from other nodes.
    ///   - inspector: What collects what the node shows; one named after the address by default.
    ///   - log: The logger.
    package init(
        name: String, address: NodeAddress, world: NodeWorld, registry: TypeRegistry = TypeRegistry(),
        inspector: Inspector? = nil, log: Logger = Logger(label: "casty")
    ) {
        self.name = name
        self.world = world
        self.registry = registry
        var identities = world.random.stream("incarnation")
        unique = UniqueAddress(address: address, incarnation: identities.next() | 1)
        firstUID = identities.next()
        dispatcher = world.dispatcher
        let scheduler = world.scheduler
        self.inspector = inspector ?? Inspector(name: address.description, now: { scheduler.now })
        var log = log
        log[metadataKey: "node"] = "\(self.inspector.name)"
        self.log = log
        state = Mutex(SystemState(generator: world.random.stream("restarts")))
        let user = guardian("user", traffic: .user)
        let system = guardian("system", traffic: .control)
        state.withLock {
            $0.user = user
            $0.system = system
        }
        dispatcher.execute(user)
        dispatcher.execute(system)
    }

    private func guardian(_ name: String, traffic: LossClass) -> ActorCell<Never> {
        ActorCell<Never>(
            system: self, name: name, parent: nil, uid: nextUID(), traffic: traffic,
            behavior: .empty, capacity: 1, turn: { $0.takeTurn(of: Never.self, $1) })
    }

    /// The present moment of the node's clock.
    public var now: Instant { world.scheduler.now }

    /// A number that no other actor of this incarnation has.
    package func nextUID() -> UInt64 {
        while true {
            let drawn = uidsDrawn.wrappingAdd(1, ordering: .relaxed).newValue
            let uid = firstUID &+ drawn
            if uid != 0 { return uid }
        }
    }

    func unitRandom() -> Double { state.withLock { $0.generator.unit() } }

    /// All that the node shows of itself at this moment.
    package func snapshot() -> NodeSnapshot {
        let asks = state.withLock { $0.asks.count }
        return inspector.snapshot(
            of: unique,
            actors: ActorsSnapshot(
                live: live.load(ordering: .relaxed), handled: handled.load(ordering: .relaxed), asksPending: asks))
    }
}

/// What a system's threads share.
struct SystemState: Sendable {
    var user: ActorCell<Never>?
    var system: ActorCell<Never>?
    /// The actors that other nodes may reach, because a reference to them has travelled.
    var exposed: [UInt64: AnyActorCell] = [:]
    /// The actors that other nodes may reach by their path alone.
    var wellKnown: [String: AnyActorCell] = [:]
    /// Who takes what comes for paths that begin so and where nobody lives.
    var fallbacks: [(prefix: String, target: AnyActorCell)] = []
    var asks: [UInt64: any AnyPendingAsk] = [:]
    var remote: (any RemoteAccess)?
    var generator: SeededGenerator
    var terminating = false
    var terminated = false
    var whenTerminated: [@Sendable () -> Void] = []
    /// The parts of the runtime that let go of each other at the end.
    var whenEnded: [@Sendable () -> Void] = []
    /// The moments at which ending goes on without what still runs.
    var deadlines: [any ScheduledTimer] = []
    /// Roots under which something still ran at such a moment.
    var leftBehind: [AnyActorCell] = []

    init(generator: SeededGenerator) {
        self.generator = generator
    }
}
