import CastyActors
import CastyCore

/// Represents an actor of another node that watches a local actor: forwards the report of the local actor's end.
final class WatcherRoute: Route {
    typealias Message = Never

    let address: ActorAddress
    /// The watched actor, as the watcher knows it.
    private let watched: ActorAddress
    private let association: Association

    init(watcher: ActorAddress, watched: ActorAddress, _ association: Association) {
        address = watcher
        self.watched = watched
        self.association = association
    }

    func deliver(_ message: Never) -> Delivery {}

    func post(_ signal: SystemMessage) {
        if case .terminated(let news) = signal {
            association.tellEnd(of: watched, to: address, news)
        }
    }
}
