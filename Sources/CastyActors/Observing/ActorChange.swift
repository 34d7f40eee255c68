package import CastyCore
import Synchronization

/// The start or the end of an actor.
package enum ActorChange: Sendable {
    case started(ActorAddress)
    /// It has stopped, with the error if one stopped it.
    case stopped(ActorAddress, failure: String?)
}

/// Receives the changes of a system's actors.
final class ActorChangeSink: Sendable {
    let receive: @Sendable (ActorChange) -> Void

    init(_ receive: @escaping @Sendable (ActorChange) -> Void) { self.receive = receive }
}

extension ActorSystem {
    /// Calls back with the start and the end of every actor of the users, on the thread that runs it. Set once.
    package func watchActors(_ sink: @escaping @Sendable (ActorChange) -> Void) {
        _ = actorChanges.storeIfNil(ActorChangeSink(sink))
        reportsActors.store(true, ordering: .releasing)
    }
}
