public import CastyActors
public import CastyCore
package import CastyMembership
package import CastyObservability
package import CastyRemoting
import CastySerialization
import Synchronization

/// A node's membership in a cluster: how the node joins, which members it sees, how it leaves.
///
/// ```swift
/// cluster.subscribe(watcher)          // ClusterEvent messages from now on
/// for member in cluster.state.up { … }
/// cluster.leave()                     // gracefully: shards move away first
/// ```
public final class Cluster: Sendable {
    struct Published: Sendable {
        var state = ClusterState()
        /// The members before the latest change of them.
        var former: [Member] = []
        var subscribers: [ActorRef<ClusterEvent>] = []
        var observers: [@Sendable (ClusterEvent, EventID) -> Void] = []
        var followers: [@Sendable () -> Void] = []
        var latestEvents = EventCauses()
        var exitTasks: [@Sendable (@escaping @Sendable () -> Void) -> Void] = []
        var onStop: (@Sendable (StopReason) -> Void)?
        var welcomed = false
        /// The size of the last state sent, the most that one message may carry, and the size that was last reported.
        var gossipBytes = 0
        var gossipLimit = 0
        var announcedGossip = 0
        /// Whether the node ends before the others have agreed that it leaves.
        var endsUnagreed = false
        var whenWelcomed: [@Sendable () -> Void] = []
        var stopped: StopReason?
        var stepWatcher: (@Sendable (MembershipStep) -> Void)?
    }

    /// The system that runs this node's actors.
    public let system: ActorSystem
    /// The configuration of the node's membership.
    public let config: ClusterConfig
    package let remoting: Remoting?
    let published: Mutex<Published>
    /// The section of the latest snapshot that follows from the gossip.
    let latestSection = Mutex<GossipSection?>(nil)
    /// The latest view, which holds it.
    let latestView = Mutex<GossipView?>(nil)
    /// Until when the node may run entities, in nanoseconds of its clock; read before every batch of handlers.
    private let lease = Atomic<Int64>(Instant.start.nanoseconds)
    private let views = Atomic<UInt64>(0)
    let daemon: ActorRef<DaemonMessage>
    let eventSource = EventSource<ClusterEvent>()
    /// Objects of other components of the runtime, one of each type per node.
    private let parts = Mutex<[ObjectIdentifier: any AnyObject & Sendable]>([:])
    let shared: SharedCore

    /// Creates the membership of a node; ``start()`` begins it.
    ///
    /// - Throws: ``LeaseError`` where the downing strategy needs a lease and the configuration has none.
    package init(system: ActorSystem, remoting: Remoting?, config: ClusterConfig) throws {
        if config.settings.strategy.needsLease, config.majorityLease == nil {
            throw LeaseError(.missing, "\(config.settings.strategy) needs a lease: set ClusterConfig.majorityLease")
        }
        self.system = system
        self.remoting = remoting
        self.config = config
        let core = Membership(
            myself: system.unique, roles: config.roles, settings: config.settings,
            sharedSettings: config.shared + [SharedSetting("store", config.store?.identity ?? "none")],
            generator: system.world.random.stream("membership"))
        published = Mutex(Published())
        shared = SharedCore(core)
        try system.registry.register(DaemonMessage.self, name: "casty.cluster", codec: DaemonMessage.codec)
        let link = DaemonLink()
        daemon = try system.spawnSystem(ClusterDaemon.behavior(shared, myself: system.unique, link), name: "cluster")
        link.connect(self)
        provideSnapshot()
        system.whenEnded { [weak self] in self?.letGo() }
    }

    /// Releases everything that was registered here, when the system has ended: much of it refers back to this node.
    private func letGo() {
        let (registered, kept) = (
            published.withLock { published in
                defer {
                    (published.subscribers, published.observers, published.followers) = ([], [], [])
                    (published.exitTasks, published.whenWelcomed) = ([], [])
                    (published.onStop, published.stepWatcher) = (nil, nil)
                }
                return published
            },
            parts.withLock { parts in
                defer { parts = [:] }
                return parts
            }
        )
        eventSource.finish()
        // Released outside the locks: objects that these hold may end with them.
        withExtendedLifetime((registered, kept)) {}
    }

    /// Begins to join, or to found a cluster.
    ///
    /// - Parameter seeds: Where to ask, if that was found out after the configuration was made.
    package func start(seeds: [NodeAddress]? = nil) {
        do {
            daemon.tell(
                .start(seeds: seeds ?? config.seeds, mayFound: config.isFirstStart, remembered: try recall()))
        } catch {
            daemon.tell(.fail("\(error)"))
        }
    }

    /// Asks other seeds from now on, where the node has not found a cluster yet.
    package func change(seeds: [NodeAddress]) { daemon.tell(.seeds(seeds)) }

    /// The node's view of the cluster at this moment.
    public var state: ClusterState { published.withLock { $0.state } }

    /// Sends every change of the view to an actor, from now on until ``unsubscribe(_:)``.
    ///
    /// The actor receives each step of a member once and in order, also where several became known at once; ``state``
    /// may already be further. An actor that needs both subscribes first and reads the state then.
    public func subscribe(_ ref: ActorRef<ClusterEvent>) { published.withLock { $0.subscribers.append(ref) } }

    /// Every change of the view, from now on until the node ends.
    ///
    /// Each access begins a sequence of its own, with a buffer of 1024 events; see ``CastyActors/EventStream``.
    public var events: EventStream<ClusterEvent> { eventSource.stream() }

    /// Ends a subscription.
    public func unsubscribe(_ ref: ActorRef<ClusterEvent>) {
        published.withLock { $0.subscribers.removeAll { $0 == ref } }
    }

    /// Leaves gracefully: shards and singletons move away, the other members agree, then the node stops.
    public func leave() { daemon.tell(.leave) }

    /// Lets the others know of this node's end when it comes, though they have not agreed that it leaves. No message to
    /// the daemon, which may be stopped before it comes to that.
    package func endUnagreed() { published.withLock { $0.endsUnagreed = true } }

    var endsUnagreed: Bool { published.withLock { $0.endsUnagreed } }

    /// Declares the member at an address dead. A process can come back there only as a new incarnation.
    public func down(_ address: NodeAddress) { daemon.tell(.down(address)) }

    /// Calls back with every change, on the daemon's turn, with the id of the event that reported it.
    package func observe(_ observer: @escaping @Sendable (ClusterEvent, EventID) -> Void) {
        published.withLock { $0.observers.append(observer) }
    }

    /// Calls back whenever the members, their statuses, their reachability or the removed members differ from before,
    /// with or without an event: what other members say about this node changes the view, but is no event here.
    package func follow(_ follower: @escaping @Sendable () -> Void) {
        published.withLock { $0.followers.append(follower) }
    }

    /// Registers a task that must be done before this node has left. The task is passed a callback to call when it is
    /// done.
    package func beforeExit(_ task: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) {
        published.withLock { $0.exitTasks.append(task) }
    }

    /// Sets what happens when the node must stop; by default its system ends.
    package func onStop(_ action: @escaping @Sendable (StopReason) -> Void) {
        published.withLock { $0.onStop = action }
    }

    /// Calls back when this node has become a member; at once where it already is.
    package func whenWelcomed(_ action: @escaping @Sendable () -> Void) {
        let now = published.withLock { published -> Bool in
            if !published.welcomed { published.whenWelcomed.append(action) }
            return published.welcomed
        }
        if now { action() }
    }

    /// Why the node stopped by itself, or is about to; `nil` while it runs.
    ///
    /// The same reason is logged in one line, and is the reason of the `node-stopped` event.
    public var stopReason: StopReason? { published.withLock { $0.stopped } }

    /// The latest event about a member: the cause of events that follow from it.
    package func lastEvent(about node: UniqueAddress) -> EventID? {
        published.withLock { $0.latestEvents.latest(about: node) }
    }

    /// Declares what this node takes for granted about a type of entities: a node that joins through this one, or lets
    /// this one in, is refused or refuses if it says otherwise, and not if it does not know the type.
    ///
    /// - Parameters:
    ///   - name: What it is about: `shards`.
    ///   - type: The name of the type.
    package func declare(_ name: String, _ value: String, of type: String) {
        daemon.tell(.declare(SharedSetting("\(SharedSetting.whereKnown)\(type): \(name)", value)))
    }

    /// Until when this node may run entities if it receives nothing more.
    package var leaseValidUntil: Instant { Instant(nanoseconds: lease.load(ordering: .acquiring)) }

    /// The membership's core as it was after the last change.
    package var core: Membership { shared.value }

    /// The identity of the cluster; `nil` before this node is in one.
    package var id: ClusterID? { shared.read { $0.gossip.cluster } }

    /// How many bytes of partly received states of other nodes wait for further pages.
    package var unfinishedBytes: Int { shared.unfinishedBytes }

    /// What this node has sent to the others about the cluster so far.
    package var traffic: ClusterTraffic { shared.traffic }

    /// The one object of this type that belongs to this node; created on first use.
    package func part<Part: AnyObject & Sendable>(_ make: () -> Part) -> Part {
        parts.withLock { parts in
            if let known = parts[ObjectIdentifier(Part.self)] as? Part { return known }
            let made = make()
            parts[ObjectIdentifier(Part.self)] = made
            return made
        }
    }

    func publish(lease until: Instant) { lease.store(until.nanoseconds, ordering: .releasing) }

    /// Counts the views that followers are called for. Read it before ``state``: it changes after the state that it
    /// counts.
    package var viewNumber: UInt64 { views.load(ordering: .acquiring) }

    func countView() { views.add(1, ordering: .releasing) }
}
