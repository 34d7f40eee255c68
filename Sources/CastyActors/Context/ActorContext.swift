public import CastyCore
package import CastyObservability
public import Logging
import Synchronization

/// The operations available to an actor while it handles a message: on itself, its children, its timers and its system.
///
/// Valid only during the call that receives it. It must not be stored or passed to other threads.
public struct ActorContext<Message: Sendable> {
    @usableFromInline
    let target: ActorCell<Message>

    @inlinable
    init(_ target: ActorCell<Message>) {
        self.target = target
    }

    /// The reference to this actor.
    @inlinable
    public var `self`: ActorRef<Message> { ActorRef(target) }

    /// The system it lives in.
    @inlinable
    public var system: ActorSystem { target.system }

    /// A logger that names this actor.
    public var log: Logger {
        var log = target.system.log
        log[metadataKey: "actor"] = "\(target.pathText)"
        return log
    }

    /// The current time of the node's clock.
    public var now: Instant { target.system.now }

    /// The actor's own name.
    public var name: String { target.name }

    /// The living children in the order of their creation.
    public var children: [AnyActorRef] {
        target.livingChildren.map { AnyActorRef($0) }
    }

    /// Starts a child.
    ///
    /// - Parameters:
    ///   - behavior: What it does. It belongs to the child from now on.
    ///   - name: Its name, unique among the living children; not empty, not starting with `$`.
    ///   - mailbox: How many messages may wait.
    ///   - dispatcher: Which threads take its turns; by default those of this actor.
    /// - Throws: ``SpawnError`` where the name is taken or not allowed, or this actor is stopping.
    @inlinable
    public func spawn<Child: Sendable>(
        _ behavior: sending Behavior<Child>, name: String, mailbox: MailboxCapacity = .unbounded,
        dispatcher: DispatcherKind? = nil
    ) throws(SpawnError) -> ActorRef<Child> {
        ActorRef(
            try target.spawn(
                behavior, name: name, mailbox: mailbox, dispatcher: dispatcher,
                turn: { $0.takeTurn(of: Child.self, $1) }))
    }

    /// Starts a child with a name that the runtime chooses.
    @inlinable
    public func spawnAnonymous<Child: Sendable>(
        _ behavior: sending Behavior<Child>, mailbox: MailboxCapacity = .unbounded,
        dispatcher: DispatcherKind? = nil
    ) throws(SpawnError) -> ActorRef<Child> {
        ActorRef(
            try target.spawn(
                behavior, name: nil, mailbox: mailbox, dispatcher: dispatcher,
                turn: { $0.takeTurn(of: Child.self, $1) }))
    }

    /// Starts a user's actor with the hooks of a part of the runtime.
    package func spawn<Child: Sendable>(
        _ behavior: sending Behavior<Child>, name: String, mailbox: MailboxCapacity, hooks: CellHooks<Child>,
        traffic: LossClass,
        turn: @escaping @Sendable (AnyActorCell, TurnGrant) -> Void
    ) throws(SpawnError) -> ActorRef<Child> {
        ActorRef(
            try target.spawn(
                behavior, name: name, mailbox: mailbox, hooks: hooks, traffic: traffic, turn: turn))
    }

    /// Stops a child; its own children stop first. Other actors can be stopped only by a message.
    ///
    /// - Returns: Whether it is a child of this actor.
    @discardableResult
    public func stop(_ child: AnyActorRef) -> Bool {
        guard child.target.parent === target else { return false }
        child.target.post(.stop)
        return true
    }

    /// Stops a child; its own children stop first.
    @discardableResult
    public func stop<Child: Sendable>(_ child: ActorRef<Child>) -> Bool { stop(child.untyped) }

    /// Stops this actor after the current message.
    public func stop() { target.stopAfterMessage() }

    /// Watches an actor, also one on another node: ``Signal/terminated(_:)`` arrives when it has stopped. An actor that
    /// does not handle that signal fails then; see ``DeathPactError``.
    public func watch(_ ref: AnyActorRef) { target.watch(ref, message: nil) }

    /// Watches an actor.
    public func watch<Other: Sendable>(_ ref: ActorRef<Other>) { target.watch(ref.untyped, message: nil) }

    /// Watches an actor: the given message arrives when it has stopped.
    public func watch<Other: Sendable>(_ ref: ActorRef<Other>, with message: Message) {
        target.watch(ref.untyped, message: message)
    }

    /// Cancels a watch: the end of that actor is not reported from now on.
    public func unwatch(_ ref: AnyActorRef) { target.unwatch(ref) }

    /// Cancels a watch.
    public func unwatch<Other: Sendable>(_ ref: ActorRef<Other>) { target.unwatch(ref.untyped) }

    /// The timers of this actor.
    public var timers: Timers<Message> { Timers(target: target) }

    /// Sends a message to any actor after a delay. It is still sent if this actor stops, and in the context of the code
    /// that schedules it.
    public func scheduleOnce<Other: Sendable>(after delay: Duration, _ ref: ActorRef<Other>, _ message: Other) {
        let send: @Sendable () -> Void = { ref.tell(message) }
        _ = target.system.world.scheduler.schedule(after: delay, target.system.tracing?.carrying(send) ?? send)
    }

    /// A reference that takes messages of another type and converts them to this actor's type.
    ///
    /// An actor has one adapter for each type. A second call for the same type returns the same reference, which then
    /// converts with the new function. The adapter ends with the actor.
    ///
    /// - Parameter transform: Runs on the sender's thread, so it must only convert.
    public func messageAdapter<Other: Sendable>(
        _ transform: @escaping @Sendable (Other) -> Message
    ) -> ActorRef<Other> {
        let coldState = target.needColdState()
        let key = ObjectIdentifier(Other.self)
        if let known = coldState.adapters[key] as? RouteCell<Other>,
            let route = known.route as? AdapterRoute<Other, Message>
        {
            route.replace(transform)
            return ActorRef(known)
        }
        let route = AdapterRoute(to: target, transform: transform)
        let adapter = RouteCell<Other>(
            system: target.system, route: route, uid: route.address.uid, traffic: target.traffic)
        coldState.adapters[key] = adapter
        return ActorRef(adapter)
    }
}

@available(*, unavailable)
extension ActorContext: Sendable {}

/// How many messages may wait in a mailbox.
public struct MailboxCapacity: Hashable, Sendable {
    /// The most messages that may wait.
    public let limit: Int

    /// As many as memory holds.
    public static let unbounded = MailboxCapacity(limit: .max)

    /// At most that many. A message to a full mailbox is refused and counted as lost.
    ///
    /// - Precondition: `limit` is at least 1.
    public static func bounded(_ limit: Int) -> MailboxCapacity {
        precondition(limit >= 1, "a mailbox holds at least one message, not \(limit)")
        return MailboxCapacity(limit: limit)
    }
}
