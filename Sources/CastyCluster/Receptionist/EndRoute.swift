import CastyActors
import CastyCore
import CastyObservability
import Synchronization

/// Watches actors for a component that is not an actor itself: calls back on the thread that reports an end.
///
/// One of these watches any number of actors at the same cost for each.
final class EndRoute: Route {
    typealias Message = Never

    let address: ActorAddress
    private let onEnd: @Sendable (AnyActorRef) -> Void

    private init(address: ActorAddress, onEnd: @escaping @Sendable (AnyActorRef) -> Void) {
        self.address = address
        self.onEnd = onEnd
    }

    /// A watcher to post watches from.
    static func watcher(in system: ActorSystem, onEnd: @escaping @Sendable (AnyActorRef) -> Void) -> AnyActorRef {
        let uid = system.nextUID()
        let address = ActorAddress(
            system: system.name, node: system.address, path: ["system", "receptionist", "$ends"], uid: uid)
        let route = EndRoute(address: address, onEnd: onEnd)
        return AnyActorRef(RouteCell<Never>(system: system, route: route, uid: uid, traffic: .control))
    }

    func deliver(_ message: Never) -> Delivery {}

    func post(_ signal: SystemMessage) {
        if case .terminated(let news) = signal { onEnd(news.ref) }
    }
}

/// Links a watcher to its receptionist, which is created after it.
final class WeakReceptionist: Sendable {
    private struct Holder: Sendable {
        weak var receptionist: Receptionist?
    }

    private let holder = Mutex(Holder())

    var receptionist: Receptionist? {
        get { holder.withLock { $0.receptionist } }
        set { holder.withLock { $0.receptionist = newValue } }
    }
}
