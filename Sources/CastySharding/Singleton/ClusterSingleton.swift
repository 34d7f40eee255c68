public import CastyActors
public import CastyCluster
import CastyCore
import CastyMembership
public import CastyPlacement
import CastyRemoting
import CastySerialization
import Synchronization

extension Cluster {
    /// Actors of which the whole cluster has one.
    public var singleton: ClusterSingleton {
        ClusterSingleton(cluster: self, started: part { StartedSingletons() })
    }
}

/// Actors of which a cluster has one each, on its oldest member.
///
/// ```swift
/// let clock = try cluster.singleton.start(name: "clock") { ticking() }
/// clock.tell(.reset)
/// ```
///
/// When the oldest member leaves, the actor stops there before it starts on the next oldest. When it crashes, the next one waits until it is
/// removed and no longer able to act. So no two of them act at the same time, also where a node is cut off: it handles nothing any more
/// then.
///
/// There is one limit. A handler that has begun cannot be ended from outside. Where one does not return for seven seconds after its node was told
/// to hand over (five to stop, two to stop hard), or goes on for longer than a removed member's lease, it is given up, and the next one starts
/// beside it. What it does after such a time must be harmless, or be refused by whom it does it to.
public struct ClusterSingleton: Sendable {
    let cluster: Cluster
    let started: StartedSingletons

    /// Starts a singleton on this node; every node that shall run or reach it does the same.
    ///
    /// - Parameters:
    ///   - name: Its name, unique among singletons.
    ///   - role: Only members with this role run it; the others reach it. `nil` for all.
    ///   - message: What it is told. Registered with the system's `TypeRegistry`.
    ///   - behavior: Makes its behavior each time it starts here. What it does must not depend on earlier lives: they may have run elsewhere.
    /// - Returns: The way to it, wherever it runs.
    /// - Throws: ``ShardingError`` where it was started already, its message type is not registered, the name is none for an actor, or the node is
    ///   stopping.
    public func start<Message: Codable & Sendable>(
        name: String, role: String? = nil, of message: Message.Type = Message.self,
        behavior: @escaping @Sendable () -> Behavior<Message>
    ) throws(ShardingError) -> SingletonRef<Message> {
        var settings = SingletonSettings()
        settings.role = role
        settings.removalMargin = cluster.config.settings.removalMargin(members: 3)
        return try ShardingError.translating(name) {
            try start(name: name, settings: settings, behavior: behavior)
        }
    }

    private func start<Message: Codable & Sendable>(
        name: String, settings: SingletonSettings, behavior: @escaping @Sendable () -> Behavior<Message>
    ) throws -> SingletonRef<Message> {
        let system = cluster.system
        guard let registered = system.registry.find(Message.self) else {
            throw ShardingError(
                .notRegistered,
                "\(name): register \(Message.self) with the system's TypeRegistry first, under a stable name")
        }
        guard started.names.withLock({ $0.insert(name).inserted }) else {
            throw ShardingError(.alreadyStarted, "the singleton \(name) runs on this node already")
        }
        let payloads = PayloadCodec(name, registered, cluster.remoting?.settings.codec ?? .binary)
        started.codecs.add(payloads)
        try system.registry.register(
            SingletonCommand.self, name: "casty.singleton", codec: SingletonCommand.codec(started.codecs))
        let kind = SingletonKind(behavior)
        let host = SingletonHost(name: name, cluster: cluster, settings: settings, payloads: payloads, kind: kind)
        let actor: ActorRef<SingletonCommand>
        do {
            actor = try system.spawnSystem(SingletonShell.behavior(host), name: "singleton-\(name)")
        } catch {
            started.names.withLock { _ = $0.remove(name) }
            throw error
        }
        system.publish(actor, as: SingletonHost.path(name))
        cluster.follow { actor.tell(.membershipChanged) }
        cluster.whenWelcomed { actor.tell(.membershipChanged) }
        cluster.beforeExit { done in actor.tell(.leave(done)) }
        return SingletonRef(name: name, system: system, actor: actor)
    }
}

/// The singletons that a node takes part in.
final class StartedSingletons: Sendable {
    let codecs = PayloadCodecs()
    let names = Mutex<Set<String>>([])
}

/// The way to a singleton, wherever it runs; messages wait while it runs nowhere.
///
/// Messages of one sender arrive in order, each at most once; only while the singleton moves may those that were on their way to its old
/// place come after later ones. A node keeps a bounded number of them while there is none; what is lost is in the loss ledger.
public struct SingletonRef<Message: Codable & Sendable>: Sendable {
    /// The singleton's name.
    public let name: String
    let system: ActorSystem
    let actor: ActorRef<SingletonCommand>

    /// Tells it a message.
    public func tell(_ message: Message) { actor.tell(.route(TypedMessage(message))) }

    /// Asks it and waits for its reply.
    ///
    /// - Parameters:
    ///   - timeout: How long to wait at most.
    ///   - patience: Whether to wait where it cannot be reached at present; by default for a next node that is there, and not for one with its
    ///     role to join.
    ///   - question: Makes the message from the reference that the reply goes to.
    /// - Throws: ``AskError``, as soon as this node knows that no reply can come: with the singleton, the node and the cause.
    public func ask<Reply: Sendable>(
        within timeout: Duration = .seconds(10), patience: AskPatience = .waitForNewHome,
        _ question: @Sendable (ActorRef<Reply>) -> Message
    ) async throws -> Reply {
        do {
            return try await system.ask(actor, within: timeout) { .ask(TypedMessage(question($0)), patience) }
        } catch let error as AskError {
            throw error.about(type: name)
        }
    }

    /// Asks it, and calls back once.
    @discardableResult
    package func ask<Reply: Sendable>(
        within timeout: Duration, patience: AskPatience = .waitForNewHome, _ question: (ActorRef<Reply>) -> Message,
        completion: @escaping @Sendable (Result<Reply, AskError>) -> Void
    ) -> @Sendable () -> Void {
        let name = name
        return system.ask(
            actor, within: timeout, { .ask(TypedMessage(question($0)), patience) },
            completion: { result in completion(result.mapError { $0.about(type: name) }) })
    }
}
