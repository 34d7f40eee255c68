import CastyActors
import CastyCluster
import CastyObservability
import Synchronization

/// Brings the events of a node's parts together, and to those who read them. It costs nothing while there are none.
final class NodeFeed: Sendable {
    let events = EventSource<NodeEvent>()
    let losses = EventSource<LostMessage>()
    private let subscribers = Mutex<[ActorRef<NodeEvent>]>([])
    private let isSubscribed = Atomic<Bool>(false)

    init(_ system: ActorSystem, _ cluster: Cluster) {
        system.inspector.whenLost { [weak self] in self?.lost($0) }
        system.watchActors { [weak self] change in
            self?.publish {
                switch change {
                case .started(let address): .actorStarted(address)
                case .stopped(let address, let failure): .actorStopped(address, failure: failure)
                }
            }
        }
        cluster.observe { [weak self] event, _ in self?.publish { .cluster(event) } }
    }

    func add(_ ref: ActorRef<NodeEvent>) {
        subscribers.withLock { $0.append(ref) }
        isSubscribed.store(true, ordering: .releasing)
    }

    func remove(_ ref: ActorRef<NodeEvent>) {
        subscribers.withLock { subscribers in
            subscribers.removeAll { $0 == ref }
            isSubscribed.store(!subscribers.isEmpty, ordering: .releasing)
        }
    }

    func finish() {
        events.finish()
        losses.finish()
        subscribers.withLock { $0 = [] }
        isSubscribed.store(false, ordering: .releasing)
    }

    private func lost(_ loss: LostMessage) {
        losses.send(loss)
        publish { .lost(loss) }
    }

    private func publish(_ make: () -> NodeEvent) {
        let isSubscribed = isSubscribed.load(ordering: .acquiring)
        guard isSubscribed || events.hasReaders else { return }
        let event = make()
        events.send(event)
        guard isSubscribed else { return }
        let ended = subscribers.withLock { $0 }.filter { ref in
            // Offered, because a `tell` that is refused is a loss, which would be an event again.
            _ = ref.target.offer(event)
            return ref.target.isOver
        }
        for ref in ended { remove(ref) }
    }
}
