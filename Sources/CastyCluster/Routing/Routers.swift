public import CastyActors
import CastyCore
import Synchronization

/// Behaviors of actors that pass each message on to one of several others, or to all of them.
///
/// ```swift
/// let workers = try system.spawn(Routers.pool(size: 8, .roundRobin) { resizing() }, name: "resizers")
/// let anywhere = try system.spawn(Routers.group(.resizers, .random), name: "any-resizer")
/// ```
///
/// A router is an actor like any other: its messages wait in its mailbox, and stay in order for each routee. A question
/// that is passed on is answered by the routee, directly to the asker.
public enum Routers {
    /// A router over its own children, which it starts with itself and which stop with it.
    ///
    /// A child that ends is not replaced; put its behavior under supervision to restart it. When the last has ended,
    /// the router ends.
    ///
    /// - Parameters:
    ///   - size: The number of children, at least 1.
    ///   - strategy: Which child gets a message.
    ///   - routee: Makes the behavior of one child.
    /// - Precondition: `size` is positive.
    public static func pool<Message: Sendable>(
        size: Int, _ strategy: RoutingStrategy<Message> = .roundRobin,
        routee: @escaping @Sendable () -> sending Behavior<Message>
    ) -> Behavior<Message> {
        precondition(size >= 1, "a pool has at least one routee, not \(size)")
        return .setup { context in
            var children: [ActorRef<Message>] = []
            for number in 1...size {
                let child = try context.spawn(routee(), name: "routee-\(number)")
                context.watch(child)
                children.append(child)
            }
            let state = RouterState(strategy, Routees(children, name: Self.lastName), context)
            return .stateful(
                state,
                { state, _, message in
                    state.route(message, to: state.routees)
                    return .same
                },
                onSignal: { state, _, signal in
                    guard case .terminated(let news) = signal else { return .same }
                    let rest = state.routees.refs.filter { $0.untyped != news.ref }
                    state.routees = Routees(rest, name: Self.lastName)
                    return rest.isEmpty ? .stopped : .same
                })
        }
    }

    /// A router over the actors that are registered under a key, on all nodes.
    ///
    /// It uses those on reachable nodes, or all where none is reachable. Where none is registered, messages are lost:
    /// they are counted, and askers get the reason at once. The actor fails to start on a system without a receptionist, such
    /// as one without a cluster.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - strategy: Which actor gets a message.
    ///   - prefersLocal: Whether only those of this node are used while there are any.
    public static func group<Message: Sendable>(
        _ key: ServiceKey<Message>, _ strategy: RoutingStrategy<Message> = .random, prefersLocal: Bool = false
    ) -> Behavior<Message> {
        .setup { context in
            let system = context.system
            guard let receptionist = system.receptionist else { throw NoReceptionist(key: key.name) }
            let here = system.address
            let box = RouteeBox<Message>()
            let take = { @Sendable (listing: ServiceListing<Message>) in
                let best = listing.reachable.isEmpty ? listing.all : listing.reachable
                let local = prefersLocal ? best.filter { $0.address.node == here } : []
                box.set(Routees(local.isEmpty ? best : local) { $0.address.description })
            }
            take(receptionist.find(key))
            let subscription = receptionist.subscribe(key, take)
            let state = RouterState(strategy, .none, context)
            return .stateful(
                state,
                { state, context, message in
                    let routees = box.routees
                    if routees.refs.isEmpty {
                        context.system.lose(
                            message, to: context.`self`.target, because: .refused(.noSuchActor))
                    } else {
                        state.route(message, to: routees)
                    }
                    return .same
                },
                onSignal: { _, _, signal in
                    switch signal {
                    case .postStop, .preRestart: receptionist.cancel(subscription)
                    case .terminated: break
                    }
                    return .same
                })
        }
    }

    /// The name of a child: the same after the router was started again.
    private static func lastName<Message: Sendable>(_ ref: ActorRef<Message>) -> String { ref.address.path.last ?? "" }
}

/// A group router was started where no receptionist is.
private struct NoReceptionist: Error, CustomStringConvertible {
    let key: String
    var description: String { "a group for \(key) needs a receptionist, and this system has none" }
}

private struct RouterState<Message: Sendable> {
    var routees: Routees<Message>
    private var logic: RoutingLogic<Message>

    init(
        _ strategy: RoutingStrategy<Message>, _ routees: Routees<Message>, _ context: ActorContext<Message>
    ) {
        self.routees = routees
        let stream = "router \(context.`self`.address.pathText)"
        logic = RoutingLogic(strategy, generator: context.system.world.random.stream(stream))
    }

    mutating func route(_ message: Message, to routees: Routees<Message>) {
        for index in logic.choose(for: message, from: routees.hashes) { routees.refs[index].tell(message) }
    }
}

/// The routees of a group, as the receptionist last reported them.
private final class RouteeBox<Message: Sendable>: Sendable {
    private let current = Mutex(Routees<Message>.none)

    var routees: Routees<Message> { current.withLock { $0 } }

    func set(_ new: Routees<Message>) { current.withLock { $0 = new } }
}
