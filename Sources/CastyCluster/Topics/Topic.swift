public import CastyActors
import CastyCore
import CastySerialization
import Synchronization

/// A subject on which actors publish messages to subscribers on all nodes: a name, and the type of its messages.
///
/// ```swift
/// let news = Topic<News>("news")
/// node.topic(news).subscribe(reader)
/// node.topic(news).publish(.headline("…"))
/// ```
public struct Topic<Message: Codable & Sendable>: Hashable, Sendable {
    /// The name of the topic.
    public let name: String

    /// Creates a topic.
    ///
    /// - Parameters:
    ///   - name: The name, the same on all nodes; not empty.
    ///   - message: The type of its messages.
    public init(_ name: String, of message: Message.Type = Message.self) { self.name = name }
}

/// A topic on one node: what is published here, and the subscribers of this node.
///
/// A message reaches each subscriber at most once: those of this node, and those of the nodes that are up and reachable
/// and have subscribers, as far as this node knows when it publishes. It takes the way to each node once, however many
/// subscribers that has. The messages that one thread or actor publishes on a node arrive in that order. A subscription
/// takes effect on the other nodes a moment later, usually within 50 ms.
///
/// The messages travel under the name of their type, which a `TypeRegistry` can pin before the topic is first used.
public struct TopicRef<Message: Codable & Sendable>: Sendable {
    /// The topic.
    public let topic: Topic<Message>
    let actor: ActorRef<TopicCommand<Message>>

    /// Publishes a message to all subscribers.
    public func publish(_ message: Message) { actor.tell(.publish(message)) }

    /// Sends an actor all messages of the topic from now on, until it ends or ``unsubscribe(_:)``.
    public func subscribe(_ subscriber: ActorRef<Message>) { actor.tell(.subscribe(subscriber)) }

    /// Ends a subscription.
    public func unsubscribe(_ subscriber: ActorRef<Message>) { actor.tell(.unsubscribe(subscriber)) }
}

extension Cluster {
    /// A topic on this node. The first call on a node starts its actor.
    public func topic<Message: Codable & Sendable>(_ topic: Topic<Message>) -> TopicRef<Message> {
        let topics = part { Topics() }
        let receptionist = receptionist
        return topics.ref(to: topic, receptionist)
    }
}

/// The topics in use on one node.
private final class Topics: Sendable {
    private let refs = Mutex<[String: any Sendable]>([:])

    func ref<Message: Codable & Sendable>(
        to topic: Topic<Message>, _ receptionist: Receptionist
    ) -> TopicRef<Message> {
        let system = receptionist.system
        let key = ServiceKey<TopicCommand<Message>>("topic:" + topic.name)
        return refs.withLock { refs in
            let type = String(reflecting: Message.self)
            let name = "topic:\(type):\(topic.name)"
            if let known = refs[name] as? TopicRef<Message> { return known }
            TopicCommand<Message>.register(in: system)
            let behavior = TopicActor<Message>.behavior(key, receptionist)
            // On the workers, not the runtime's own threads: it encodes users' messages.
            guard let actor = try? system.spawnSystem(behavior, name: name, dispatcher: .standard) else {
                // The system is stopping: what is published now is lost, and counted.
                let nowhere = system.reference(
                    on: system.address, path: ["system", name], as: TopicCommand<Message>.self)
                return TopicRef(topic: topic, actor: nowhere)
            }
            let ref = TopicRef(topic: topic, actor: actor)
            refs[name] = ref
            return ref
        }
    }
}
