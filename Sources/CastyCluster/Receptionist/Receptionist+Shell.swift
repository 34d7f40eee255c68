package import CastyActors
import CastyCore
package import CastyMembership
import CastySerialization
import Synchronization

extension Cluster {
    /// Finds actors by what they offer, on all nodes.
    public var receptionist: Receptionist { receptionist(settings: ServiceRegistrySettings()) }

    /// - Parameter settings: Used where this is the first call on this node.
    package func receptionist(settings: ServiceRegistrySettings) -> Receptionist {
        let receptionist = part { Receptionist(self, settings: settings) }
        receptionist.start()
        return receptionist
    }
}

extension ActorSystem {
    /// The receptionist of this system's node, once it has started.
    package var receptionist: Receptionist? { part(Receptionist.self) }
}

extension Receptionist {
    static let path = ["system", "receptionist"]

    /// Starts the receptionist's actor, once.
    func start() {
        let isFirst = state.withLock { state in
            guard case .new = state.phase else { return false }
            state.phase = .starting
            return true
        }
        guard isFirst else { return }
        do {
            try system.registry.register(
                ReceptionCommand.self, name: "casty.receptionist", codec: ReceptionCommand.codec)
            let actor = try system.spawnSystem(behavior(), name: Self.path[1])
            state.withLock { $0.phase = .running(actor) }
            system.keep(part: self)
            // Strong: the subscribers wait for the end, also where the cluster has released its receptionist by then.
            system.whenEnded { [self] in stop() }
            cluster.follow { actor.tell(.viewChanged) }
            actor.tell(.viewChanged)
            // For what was registered and subscribed to meanwhile.
            actor.tell(.flush)
        } catch {
            // The system is shutting down.
            stop()
        }
    }

    /// Registers nothing more, and ends the subscriptions.
    private func stop() {
        let subscriptions = state.withLock { state in
            defer { (state.subscriptions, state.subscriptionsOfActor) = ([:], [:]) }
            state.phase = .stopped
            return state.subscriptions.sorted { $0.key < $1.key }.map(\.value)
        }
        for subscription in subscriptions { subscription.ended() }
    }

    private func behavior() -> Behavior<ReceptionCommand> {
        let interval = settings.statusInterval
        return .setup { [weak self] context in
            context.timers.start("status", .statusDue, every: interval)
            return .receive { context, command in
                guard let self else { return .stopped }
                self.handle(command, at: context.now)
                return .same
            }
        }
    }

    private func handle(_ command: ReceptionCommand, at now: Instant) {
        switch command {
        case .received(let from, let to, let message):
            // A message for an earlier incarnation of this node concerns no actor of this one.
            guard to == system.unique else { return }
            perform(state.withLock { $0.registry.onMessage(message, from: from, at: now) })
        case .viewChanged:
            let members = cluster.state.services
            perform(state.withLock { $0.registry.onView(members, at: now) })
        case .statusDue: perform(state.withLock { $0.registry.onStatusDue(at: now) })
        case .flush:
            perform(state.withLock { $0.registry.onFlush(at: now) })
            deliverFirst()
        }
    }

    /// A watched actor has ended.
    func ended(_ ref: AnyActorRef) {
        let now = system.now
        perform(
            state.withLock { state in
                for id in state.subscriptionsOfActor.removeValue(forKey: ref) ?? [] { state.subscriptions[id] = nil }
                return state.registry.onEnded(ref.target.uid, at: now)
            })
    }

    /// Carries out effects, outside the lock.
    func perform(_ effects: [ServiceRegistryEffect]) {
        for effect in effects {
            switch effect {
            case .send(let message, let node): send(message, to: node)
            case .flush(let delay):
                guard case .running(let actor) = state.withLock({ $0.phase }) else { continue }
                if delay == .zero {
                    actor.tell(.flush)
                } else {
                    _ = system.world.scheduler.schedule(after: delay) { actor.tell(.flush) }
                }
            case .changed(let services): deliver { services?.contains($0.service) ?? true }
            }
        }
    }

    private func send(_ message: ServiceRegistryMessage, to node: UniqueAddress) {
        let peer = system.reference(on: node.address, path: Self.path, as: ReceptionCommand.self)
        peer.tell(.received(from: system.unique, to: node, message))
    }

    /// Delivers the present listing to the subscribers that have none yet.
    private func deliverFirst() { deliver { $0.latest == nil } }

    /// Delivers the present listings to those subscribers whose last one differs. Only the receptionist's turn calls
    /// this, so that listings arrive one after the other.
    private func deliver(_ isMeant: (ListingSubscription) -> Bool) {
        let due = state.withLock { state in
            var due: [(ListingSubscription, [ListedService])] = []
            var listings: [ServiceID: [ListedService]] = [:]
            for id in state.subscriptions.keys.sorted() {
                guard let subscription = state.subscriptions[id], isMeant(subscription) else { continue }
                let service = subscription.service
                let listing = listings[service] ?? state.registry.listing(of: service)
                listings[service] = listing
                guard listing != subscription.latest else { continue }
                state.subscriptions[id]?.latest = listing
                due.append((subscription, listing))
            }
            return due
        }
        for (subscription, listing) in due { subscription.onListing(listing) }
    }
}

extension ClusterState {
    /// The members whose registrations count.
    fileprivate var services: [ServiceNode] {
        let unreachable = Set(unreachable)
        return members.filter { $0.status != .down }.map { member in
            ServiceNode(
                node: member.node, isListed: member.status == .up || member.status == .weaklyUp,
                isReachable: !unreachable.contains(member.node))
        }
    }
}
