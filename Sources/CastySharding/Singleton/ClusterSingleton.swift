public import CastyActors
public import CastyCluster
import CastyCore
import CastyMembership
public import CastyPlacement
import CastyRemoting
import CastySerialization
import Synchronization

extension Cluster {
    /// Cluster singletons: actors of which the whole cluster runs one.
    public var singleton: ClusterSingleton {
        ClusterSingleton(cluster: self, started: part { StartedSingletons() })
    }
}

/// Starts cluster singletons: actors of which the cluster runs one each, on its oldest member.
///
/// ```swift
/// let clock = try cluster.singleton.start(name: "clock") { ticking() }
/// clock.tell(.reset)
/// ```
///
/// When the oldest member leaves, the actor stops there before it starts on the next oldest. When it crashes, the next
/// member waits until the crashed one is removed and no longer able to act. So no two of them act at the same time,
/// even if a node is cut off: without a valid lease it handles no messages.
///
/// There is one limit. A running handler cannot be interrupted from outside. It is given up if it does not return for
/// seven seconds after its node had to hand over (five to stop, two to stop by force), or if it runs for longer than a
/// removed member's lease; the next singleton then starts beside it. What such a handler does after that time must be
/// harmless, or be refused by the systems that it calls; a store of the singleton's state refuses it.
public struct ClusterSingleton: Sendable {
    let cluster: Cluster
    let started: StartedSingletons

    /// Starts a singleton on this node; every node that runs or reaches it must do the same.
    ///
    /// - Parameters:
    ///   - name: Its name, unique among singletons.
    ///   - role: Only members with this role run it; the others only reach it. `nil` for all.
    ///   - message: Its message type.
    ///   - behavior: Makes its behavior each time it starts here. It must not depend on earlier incarnations: they may
    ///     have run elsewhere.
    /// - Returns: A reference to it, wherever it runs.
    /// - Throws: ``ShardingError`` if it is already started, another message type has the name of its own, the name is
    ///   not a valid actor name, or the node is stopping.
    public func start<Message: Sendable>(
        name: String, role: String? = nil, of message: Message.Type = Message.self,
        behavior: @escaping @Sendable () -> Behavior<Message>
    ) throws(ShardingError) -> SingletonRef<Message> {
        try start(name: name, role: role, state: .none) { _ in behavior() }
    }

    /// Starts a singleton with a state on this node; every node that runs or reaches it must do the same.
    ///
    /// ```swift
    /// let totals = try cluster.singleton.start(name: "totals", state: .durable(store)) { singleton in
    ///     .durable(singleton, 0) { total, context, message in … }
    /// }
    /// ```
    ///
    /// Its state is there after a move, a crash, and the end of the whole cluster. It is saved before what a handler tells
    /// others leaves. The store refuses a node on which it ran before: what that has not saved, it cannot save any more.
    ///
    /// - Parameters:
    ///   - name: Its name, unique among singletons. Its state has the name too.
    ///   - role: Only members with this role run it; the others only reach it. `nil` for all.
    ///   - state: How it keeps its state; the same on all nodes that may run it.
    ///   - message: Its message type.
    ///   - behavior: Makes its behavior each time it starts here, from what it knows about itself: its type and its id
    ///     are the name. ``EntityContext/passivate()`` does nothing. It can be reminded where its store allows that.
    /// - Returns: A reference to it, wherever it runs.
    /// - Throws: ``ShardingError``, as ``start(name:role:of:behavior:)`` does, and where the store belongs to one cluster
    ///   and the node's settings do not name it.
    public func start<Message: Sendable>(
        name: String, role: String? = nil, state: EntityState, of message: Message.Type = Message.self,
        behavior: @escaping @Sendable (EntityContext) -> Behavior<Message>
    ) throws(ShardingError) -> SingletonRef<Message> {
        var settings = SingletonSettings()
        settings.role = role
        settings.removalMargin = cluster.config.settings.removalMargin(members: 3)
        try cluster.requireNamed(state.store, of: name)
        return try ShardingError.translating(name) {
            try start(name: name, settings: settings, store: state.store, behavior: behavior)
        }
    }

    private func start<Message: Sendable>(
        name: String, settings: SingletonSettings, store: (any EntityStore)?,
        behavior: @escaping @Sendable (EntityContext) -> Behavior<Message>
    ) throws -> SingletonRef<Message> {
        let system = cluster.system
        let payloads = try cluster.payloadCodec(name, of: Message.self)
        guard started.names.withLock({ $0.insert(name).inserted }) else {
            throw ShardingError(.alreadyStarted, "the singleton \(name) runs on this node already")
        }
        started.codecs.add(payloads)
        try system.registry.register(
            SingletonCommand.self, name: "casty.singleton", codec: SingletonCommand.codec(started.codecs))
        let host = SingletonHost(
            name: name, cluster: cluster, settings: settings, payloads: payloads, store: store,
            kind: ActorKind(ActorHandling(behavior)))
        let actor: ActorRef<SingletonCommand>
        do {
            actor = try system.spawnSystem(
                SingletonShell.behavior(host), name: "singleton-\(name)", dispatcher: .standard)
        } catch {
            started.names.withLock { _ = $0.remove(name) }
            throw error
        }
        cluster.attach(actor, at: SingletonHost.paths(name).data)
        return SingletonRef(name: name, system: system, actor: actor)
    }
}

/// The singletons that are started on a node.
final class StartedSingletons: Sendable {
    let codecs = PayloadCodecs()
    let names = Mutex<Set<String>>([])
}

/// A reference to a singleton, wherever it runs; messages wait while it runs nowhere.
///
/// Messages of one sender arrive in order, each at most once. Only while the singleton moves may messages in flight to
/// its old node arrive after later ones. A node buffers a bounded number of messages while there is no singleton; lost
/// messages are recorded in the loss ledger.
public struct SingletonRef<Message: Sendable>: Sendable {
    /// The singleton's name.
    public let name: String
    let system: ActorSystem
    let actor: ActorRef<SingletonCommand>

    /// Sends it a message.
    public func tell(_ message: Message) { actor.tell(.route(TypedMessage(message))) }

    /// Asks it and waits for its reply.
    ///
    /// - Parameters:
    ///   - timeout: How long to wait at most.
    ///   - patience: Whether to wait while it cannot be reached; by default the ask waits for another existing node to
    ///     run it, but not for a node with its role to join.
    ///   - question: Makes the message from the reference that the reply goes to.
    /// - Throws: ``AskError``, as soon as this node knows that no reply can come; it names the singleton, the node and
    ///   the cause.
    public func ask<Reply: Sendable>(
        within timeout: Duration = .seconds(10), patience: AskPatience = .waitForNewHome,
        _ question: @Sendable (ActorRef<Reply>) -> Message
    ) async throws(AskError) -> Reply {
        do {
            return try await system.ask(actor, within: timeout) { .ask(TypedMessage(question($0)), patience) }
        } catch {
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
