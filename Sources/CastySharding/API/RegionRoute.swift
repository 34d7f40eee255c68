import CastyActors
import CastyCore
import CastyObservability
import CastyPlacement

/// The route of a region's reference: unwraps envelopes for the region's actor, on the sender's thread.
final class RegionRoute<Message: Sendable>: Route {
    let address: ActorAddress
    private let actor: ActorRef<RegionCommand>

    private init(address: ActorAddress, actor: ActorRef<RegionCommand>) {
        self.address = address
        self.actor = actor
    }

    /// A reference that takes envelopes for a type's region.
    static func reference(
        type: String, actor: ActorRef<RegionCommand>, system: ActorSystem
    ) -> ActorRef<ShardEnvelope<Message>> {
        let address = ActorAddress(
            system: system.name, node: system.address, path: ["entities", type], uid: system.nextUID())
        let route = RegionRoute(address: address, actor: actor)
        return ActorRef(RouteCell(system: system, route: route, uid: address.uid, traffic: .user))
    }

    func deliver(_ message: ShardEnvelope<Message>) -> Delivery {
        actor.target.offer(.route(entity: message.entity, TypedMessage(message.message)))
    }

    func post(_ signal: SystemMessage) {
        switch signal {
        // A watcher of the region learns when its actor ends, under the reference that was watched.
        case .watch, .unwatch: actor.target.post(signal)
        case .stop, .terminated, .childStopped, .timer, .receiveTimeout, .restart, .resume, .job, .unanswered: break
        }
    }

    var isOver: Bool { actor.target.isOver }
}
