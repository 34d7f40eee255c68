public import CastyCore
public import CastyObservability
package import CastySerialization
public import Logging
public import Synchronization

/// The actors of one node, and the state they share.
///
/// A system has a name, which all nodes of a cluster share, an address, and an incarnation number of its own. Users'
/// actors live under `/user`, the runtime's own under `/system`.
public final class ActorSystem: Sendable {
    /// The name. Nodes of systems with different names refuse each other, unless their remoting settings give the
    /// cluster a name of its own.
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
    private let control: any Dispatcher
    private let blocking: any Dispatcher
    /// Runs the jobs of asynchronous handlers.
    package let tasks: ActorTaskExecutor
    /// What is done while the node ends in order.
    public let shutdown: CoordinatedShutdown
    /// The node's events, losses and snapshots.
    package let inspector: Inspector
    /// What all of its actors count.
    @usableFromInline let counters = SystemCounters()
    /// Whether a ``TurnOutbox`` has ever been opened here. Until then `tell` looks for none.
    @usableFromInline package let usesOutboxes = Atomic<Bool>(false)
    /// The codec by which local messages are copied; `nil`: they are not.
    let localCodec: CodecID?
    /// Whether local messages are copied so, which runs code of users.
    package var encodesLocalMessages: Bool { localCodec != nil }
    let localSerializer: CustomSerializer?
    /// Connects the actors to a tracer; `nil` where there is none.
    @usableFromInline package let tracing: ContextCarrier?
    let actorChanges = AtomicLazyReference<ActorChangeSink>()
    /// Whether there is such a sink.
    let reportsActors = Atomic<Bool>(false)
    /// The turns so far that took longer than a second.
    package let longTurns = Atomic<UInt64>(0)
    let firstUID: UInt64
    let publicationCount = PublicationCount()
    let state: Mutex<SystemState>
    /// The questions that wait for an answer.
    let asks: AskTable
    /// Leads others to this system without keeping it, and without a weak reference: an object that has one pays for it
    /// at each retain.
    let link = SystemLink()

    /// Creates a system in a runtime; ``terminate()`` ends it.
    ///
    /// - Parameters:
    ///   - name: The name, shared by all nodes of a cluster.
    ///   - address: Where the node listens.
    ///   - world: The node's clock, threads, random source and network.
    ///   - registry: The message types that may arrive from other nodes.
    ///   - inspector: Collects the node's events, losses and snapshots; by default one named after the address.
    ///   - log: The logger.
    ///   - localCodec: Encodes and decodes the messages to users' actors of this system too, for tests.
    ///   - localSerializer: The serializer of the user's own that this codec stands for.
    ///   - tracer: What contexts are carried for, and spans made by; `nil` for nothing.
    ///   - incarnation: The number that tells it from other systems at its address; `nil` for a random one.
    package init(
        name: String, address: NodeAddress, world: NodeWorld, registry: TypeRegistry = TypeRegistry(),
        inspector: Inspector? = nil, log: Logger = Logger(label: "casty"), localCodec: CodecID? = nil,
        localSerializer: CustomSerializer? = nil, tracer: (any MessageTracing)? = nil,
        incarnation: UInt64? = nil
    ) {
        self.name = name
        tracing = tracer.map { ContextCarrier($0) }
        self.localCodec = localCodec
        self.localSerializer = localSerializer
        self.world = world
        self.registry = registry
        var identities = world.random.stream("incarnation")
        let drawn = identities.next() | 1
        unique = UniqueAddress(address: address, incarnation: incarnation ?? drawn)
        firstUID = identities.next()
        dispatcher = world.dispatcher
        control = world.control
        blocking = world.blocking
        tasks = ActorTaskExecutor(world.dispatcher)
        let scheduler = world.scheduler
        self.inspector = inspector ?? Inspector(name: address.description, now: { scheduler.now })
        var log = log
        log[metadataKey: "node"] = "\(self.inspector.name)"
        self.log = log
        asks = AskTable(scheduler)
        shutdown = CoordinatedShutdown(scheduler, tasks, log)
        state = Mutex(SystemState(generator: world.random.stream("restarts"), publicationCount))
        let user = guardian("user", traffic: .user)
        let system = guardian("system", traffic: .control)
        state.withLock {
            $0.user = user
            $0.system = system
        }
        link.set(self)
        execute(user)
        execute(system)
        watchLongTurns()
    }

    private func guardian(_ name: String, traffic: LossClass) -> ActorCell<Never> {
        ActorCell<Never>(
            system: self, name: name, parent: nil, uid: nextUID(), traffic: traffic,
            behavior: .empty, capacity: 1, dispatcher: .control, turn: { $0.takeTurn(of: Never.self, $1) })
    }

    /// Lets an actor take a turn on the threads it belongs to.
    @usableFromInline
    func execute(_ target: AnyActorCell) {
        let kind = target.dispatcher.rawValue
        if kind == DispatcherKind.standard.rawValue { return dispatcher.execute(target) }
        (kind == DispatcherKind.control.rawValue ? control : blocking).execute(target)
    }

    /// The current time of the node's clock.
    public var now: Instant { world.scheduler.now }

    /// The number of asks that wait for an answer.
    public var pendingAsks: Int { asks.waitingCount }

    /// A uid that no other actor of this incarnation has.
    @usableFromInline
    package func nextUID() -> UInt64 {
        while true {
            let number = counters.assignNumber()
            let uid = firstUID &+ number
            if uid != 0 { return uid }
        }
    }

    /// Whether more is done with the messages to an actor on their way than to put them into its mailbox.
    @usableFromInline
    func detours(_ traffic: LossClass) -> Bool { localCodec != nil && traffic == .user || tracing != nil }

    func unitRandom() -> Double { state.withLock { $0.generator.unit() } }

    /// The node's snapshot at this moment.
    package func snapshot() -> NodeSnapshot {
        let asks = pendingAsks
        return inspector.snapshot(
            of: unique,
            actors: ActorsSnapshot(
                live: counters.live, handled: counters.handled, asksPending: asks))
    }
}

/// The state that a system's threads share.
struct SystemState: Sendable {
    var user: ActorCell<Never>?
    var system: ActorCell<Never>?
    /// The actors that other nodes may reach because a reference to them was sent there.
    var exposed: [UInt64: AnyActorCell] = [:]
    /// The actors that other nodes may reach by their path alone.
    var wellKnown: [String: AnyActorCell] = [:] { didSet { publications.add() } }
    /// The actors that take messages to paths with a prefix where no actor is published.
    var fallbacks: [(prefix: String, target: AnyActorCell)] = [] { didSet { publications.add() } }
    private let publications: PublicationCount
    var remote: (any RemoteAccess)?
    var generator: SeededGenerator
    /// The actors that are sent the messages that are lost.
    var deadLetters: [ActorRef<LostMessage>] = []
    var reportsLosses = false
    /// When a long turn was last warned of.
    var lastLongTurn: Instant?
    var terminating = false
    var terminated = false
    var whenTerminated: [@Sendable () -> Void] = []
    /// The callbacks by which parts of the runtime release each other at the end.
    var whenEnded: [@Sendable () -> Void] = []
    /// The timers at which shutdown continues without what still runs.
    var deadlines: [any ScheduledTimer] = []
    /// The roots under which actors still ran at such a time.
    var leftBehind: [AnyActorCell] = []
    /// Parts of the runtime that behaviors find by their type, such as the receptionist.
    var parts: [ObjectIdentifier: any AnyObject & Sendable] = [:]

    init(generator: SeededGenerator, _ publications: PublicationCount) {
        self.generator = generator
        self.publications = publications
    }
}

/// Grows whenever a path alone may lead to another actor than before. Read without the lock, for each message that a
/// path leads to an actor.
final class PublicationCount: Sendable {
    private let count = Atomic<UInt64>(0)

    var value: UInt64 { count.load(ordering: .acquiring) }

    func add() { count.wrappingAdd(1, ordering: .releasing) }
}
