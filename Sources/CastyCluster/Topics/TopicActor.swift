import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import Logging
import Synchronization

/// The messages to a topic's actor on one node.
enum TopicCommand<Message: Codable & Sendable>: Sendable {
    case publish(Message)
    case subscribe(ActorRef<Message>)
    case unsubscribe(ActorRef<Message>)
    /// From the actor of another node. Only this case is sent between nodes.
    case deliver(Message)
}

extension TopicCommand: LossClassified {
    /// These messages carry users' messages, and take their lane.
    var lossClass: LossClass? {
        switch self {
        case .publish, .deliver: .user
        case .subscribe, .unsubscribe: .control
        }
    }
}

extension TopicCommand: Codable {
    init(from decoder: any Decoder) throws { self = .deliver(try Message(from: decoder)) }

    func encode(to encoder: any Encoder) throws {
        guard case .deliver(let message) = self else {
            throw WireError(.notEncodable, "only published messages travel between the actors of a topic")
        }
        try message.encode(to: encoder)
    }

    /// Lets the published messages travel, under a name that follows from that of their type.
    static func register(in system: ActorSystem) {
        guard let message = try? system.registry.registration(of: Message.self) else { return }
        do {
            try system.registry.register(TopicCommand<Message>.self, name: "casty.topic:\(message.name)")
        } catch {
            system.log.warning("messages of the type \(message.name) are published on their own node only: \(error)")
        }
    }
}

/// The actor of a topic on one node: passes messages to its subscribers, and to the topic's actors on other nodes.
///
/// It is registered with the receptionist while it has subscribers.
enum TopicActor<Message: Codable & Sendable> {
    typealias Command = TopicCommand<Message>

    static func behavior(
        _ key: ServiceKey<Command>, _ receptionist: Receptionist
    ) -> sending Behavior<Command> {
        .setup { [weak receptionist] context in
            guard let receptionist else { return .stopped }
            let box = PeerBox<Command>()
            let me = context.`self`
            let subscription = receptionist.subscribe(key) { listing in
                box.set(listing.reachable.filter { $0 != me })
            }
            return .stateful(
                State(key: key, receptionist: receptionist, peers: box, subscription: subscription),
                { state, context, command in
                    state.handle(command, context)
                    return .same
                },
                onSignal: { state, context, signal in
                    switch signal {
                    case .terminated(let news): state.remove(where: { $0.untyped == news.ref }, context)
                    case .postStop, .preRestart: state.end()
                    }
                    return .same
                })
        }
    }

    private struct State {
        let key: ServiceKey<Command>
        weak var receptionist: Receptionist?
        let peers: PeerBox<Command>
        let subscription: UInt64
        private var subscribers: [ActorRef<Message>] = []

        init(key: ServiceKey<Command>, receptionist: Receptionist, peers: PeerBox<Command>, subscription: UInt64) {
            self.key = key
            self.receptionist = receptionist
            self.peers = peers
            self.subscription = subscription
        }

        mutating func handle(_ command: Command, _ context: ActorContext<Command>) {
            switch command {
            case .publish(let message):
                deliver(message)
                for peer in peers.refs { peer.tell(.deliver(message)) }
            case .deliver(let message): deliver(message)
            case .subscribe(let subscriber): add(subscriber, context)
            case .unsubscribe(let subscriber):
                context.unwatch(subscriber)
                remove(where: { $0 == subscriber }, context)
            }
        }

        private func deliver(_ message: Message) {
            for subscriber in subscribers { subscriber.tell(message) }
        }

        private mutating func add(_ subscriber: ActorRef<Message>, _ context: ActorContext<Command>) {
            guard !subscribers.contains(subscriber) else { return }
            subscribers.append(subscriber)
            context.watch(subscriber)
            guard subscribers.count == 1 else { return }
            do {
                try receptionist?.register(context.`self`, for: key)
            } catch {
                context.log.warning("the other nodes do not learn of subscribers here: \(error)")
            }
        }

        mutating func remove(where isMeant: (ActorRef<Message>) -> Bool, _ context: ActorContext<Command>) {
            subscribers.removeAll(where: isMeant)
            if subscribers.isEmpty { receptionist?.deregister(context.`self`, for: key) }
        }

        func end() { receptionist?.cancel(subscription) }
    }
}

/// The actors of a topic on the other nodes, as the receptionist last reported them.
private final class PeerBox<Command: Sendable>: Sendable {
    private let current = Mutex<[ActorRef<Command>]>([])

    var refs: [ActorRef<Command>] { current.withLock { $0 } }

    func set(_ new: [ActorRef<Command>]) { current.withLock { $0 = new } }
}
