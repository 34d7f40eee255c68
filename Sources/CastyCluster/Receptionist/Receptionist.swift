public import CastyActors
import CastyCore
package import CastyMembership
import CastySerialization
import Synchronization

/// Finds actors by what they offer, on all nodes of the cluster.
///
/// ```swift
/// try node.receptionist.register(printer, for: .printers)
/// node.receptionist.find(.printers).reachable.first?.tell(job)
/// for await listing in node.receptionist.subscribe(.printers) { … }
/// ```
///
/// Each node registers its own actors, and tells the others at once, usually within 50 ms; what got lost is found by a
/// comparison with a random member every second. A registration ends with its actor, or when its node has left or was
/// removed. Listings are what this node knows: a listed actor may just have ended, and messages to it are lost then.
public final class Receptionist: Sendable {
    struct State: Sendable {
        var registry: ServiceRegistry
        var subscriptions: [UInt64: ListingSubscription] = [:]
        var lastSubscription: UInt64 = 0
        /// The subscriptions that end with an actor.
        var subscriptionsOfActor: [AnyActorRef: [UInt64]] = [:]
        var phase = Phase.new
    }

    /// The outcome of an attempt to register an actor.
    private enum Registering: Sendable {
        case refused(ServiceRegistry.Refusal)
        case stopping
        case registered([ServiceRegistryEffect], isNew: Bool)
    }

    enum Phase: Sendable {
        case new
        /// Its actor is about to start; what comes meanwhile waits for it.
        case starting
        case running(ActorRef<ReceptionCommand>)
        /// The node is stopping.
        case stopped
    }

    let system: ActorSystem
    let cluster: Cluster
    let settings: ServiceRegistrySettings
    let state: Mutex<State>
    /// Watches registered actors, and actors that subscribe.
    let watcher: AnyActorRef

    init(_ cluster: Cluster, settings: ServiceRegistrySettings) {
        self.cluster = cluster
        self.settings = settings
        system = cluster.system
        let link = WeakReceptionist()
        watcher = EndRoute.watcher(in: cluster.system) { link.receptionist?.ended($0) }
        state = Mutex(
            State(
                registry: ServiceRegistry(
                    myself: cluster.system.unique, settings: settings,
                    generator: cluster.system.world.random.stream("receptionist"))))
        link.receptionist = self
    }

    // MARK: Registering

    /// Registers an actor of this node until it ends, or until ``deregister(_:for:)``. An actor may have several keys;
    /// registering it again changes nothing.
    ///
    /// - Throws: ``ReceptionistError`` where the actor runs on another node, the key has no name, or a limit is reached:
    ///   a node has at most 65,536 registrations, each of at most 4,096 bytes.
    public func register<Message: Sendable>(
        _ ref: ActorRef<Message>, for key: ServiceKey<Message>
    ) throws(ReceptionistError) {
        guard ref.address.node == system.address else {
            throw ReceptionistError(
                .notLocal, "\(ref) is registered for \(key.name) on its own node, not on \(system.address)")
        }
        guard !key.name.isEmpty else { throw ReceptionistError(.emptyName, "the key for \(ref) has no name") }
        let service = serviceID(key)
        let path = ref.target.address.path
        ref.target.willTravel()
        let now = system.now
        let uid = ref.target.uid
        let step = state.withLock { state -> Registering in
            if case .stopped = state.phase { return .stopping }
            if let refusal = state.registry.refusal(service, path: path, uid: uid) { return .refused(refusal) }
            let isKnown = state.registry.isRegistered(uid)
            let effects = state.registry.onRegister(service, path: path, uid: uid, at: now)
            return .registered(effects, isNew: !isKnown)
        }
        switch step {
        case .stopping: throw ReceptionistError(.stopping, "\(system.address) is stopping: \(ref) is not registered")
        case .refused(.tooMany(let limit)):
            throw ReceptionistError(
                .tooMany, "\(system.address) has \(limit) registrations, and \(ref) would be one more")
        case .refused(.tooLarge(let limit)):
            throw ReceptionistError(
                .tooLarge, "the path of \(ref) and the key \(key.name) take more than \(limit) bytes together")
        case .registered(let effects, let isNew):
            // After the registration: an actor that has ended already reports that now.
            if isNew { ref.target.post(.watch(watcher, ref.untyped)) }
            perform(effects)
        }
    }

    /// Ends the registration of an actor of this node under a key.
    public func deregister<Message: Sendable>(_ ref: ActorRef<Message>, for key: ServiceKey<Message>) {
        let (service, now) = (serviceID(key), system.now)
        perform(state.withLock { $0.registry.onDeregister(service, uid: ref.target.uid, at: now) })
    }

    // MARK: Finding

    /// The actors under a key, as far as this node knows now.
    ///
    /// - Complexity: O(*n*) in their number.
    public func find<Message: Sendable>(_ key: ServiceKey<Message>) -> ServiceListing<Message> {
        let service = serviceID(key)
        let listed = state.withLock { $0.registry.listing(of: service) }
        return ReferenceCache<Message>(system, key).listing(listed)
    }

    /// The listings of a key: the present one first, and then each that differs. A slow reader misses listings, never
    /// the latest.
    public func subscribe<Message: Sendable>(_ key: ServiceKey<Message>) -> ServiceListings<Message> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: ServiceListing<Message>.self, bufferingPolicy: .bufferingNewest(1))
        let id = subscribe(key) {
            continuation.yield($0)
        } ended: {
            continuation.finish()
        }
        continuation.onTermination = { [weak self] _ in self?.cancel(id) }
        return ServiceListings(stream: stream)
    }

    /// Sends the listings of a key to an actor until it ends: the present one first, and then each that differs.
    public func subscribe<Message: Sendable>(_ ref: ActorRef<ServiceListing<Message>>, to key: ServiceKey<Message>) {
        let id = subscribe(key) {
            ref.tell($0)
        } ended: {
        }
        let actor = ref.untyped
        let isNew = state.withLock { state in
            state.subscriptionsOfActor[actor, default: []].append(id)
            return state.subscriptionsOfActor[actor]?.count == 1
        }
        if isNew { ref.target.post(.watch(watcher, actor)) }
    }

    /// Calls back with each listing of a key, one at a time, until the subscription is cancelled.
    ///
    /// - Returns: The number to ``cancel(_:)`` the subscription with.
    package func subscribe<Message: Sendable>(
        _ key: ServiceKey<Message>, _ onListing: @escaping @Sendable (ServiceListing<Message>) -> Void,
        ended: @escaping @Sendable () -> Void = {}
    ) -> UInt64 {
        let cache = ReferenceCache<Message>(system, key)
        let subscription = ListingSubscription(service: serviceID(key), ended: ended) {
            onListing(cache.listing($0))
        }
        let (id, phase) = state.withLock { state in
            state.lastSubscription += 1
            if case .stopped = state.phase {} else { state.subscriptions[state.lastSubscription] = subscription }
            return (state.lastSubscription, state.phase)
        }
        switch phase {
        case .running(let actor): actor.tell(.flush)
        case .stopped: ended()
        case .new, .starting: break
        }
        return id
    }

    /// Ends a subscription.
    package func cancel(_ id: UInt64) { state.withLock { $0.subscriptions[id] = nil } }

    /// What a key is on the wire.
    func serviceID<Message: Sendable>(_ key: ServiceKey<Message>) -> ServiceID {
        ServiceID(
            name: key.name, type: system.registry.find(Message.self)?.name ?? String(reflecting: Message.self))
    }

    /// The registry as it is now.
    package var registry: ServiceRegistry { state.withLock { $0.registry } }
}

/// The listings of a key, as they change; see ``Receptionist/subscribe(_:)``. Ends with the node.
public struct ServiceListings<Message: Sendable>: AsyncSequence, Sendable {
    let stream: AsyncStream<ServiceListing<Message>>

    /// The iterator over the listings.
    public func makeAsyncIterator() -> AsyncStream<ServiceListing<Message>>.Iterator { stream.makeAsyncIterator() }
}
