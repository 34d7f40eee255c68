public import CastyCore
package import CastyObservability
public import Logging
import Synchronization

/// What an actor can do while it handles a message: the actor itself, its children, its timers, its system.
///
/// Valid only during the call it is handed to, and only there: it must not be kept, nor passed to other threads.
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

    /// The present moment of the node's clock.
    public var now: Instant { target.system.now }

    /// The actor's own name.
    public var name: String { target.name }

    /// The living children, in the order of their birth.
    public var children: [AnyActorRef] {
        target.children.withLock { $0.ordered }.map { AnyActorRef($0) }
    }

    /// Starts a child.
    ///
    /// - Parameters:
    ///   - behavior: What it does. It belongs to the child from now on.
    ///   - name: Its name, unique among the living children; not empty, not starting with `$`.
    ///   - mailbox: How many messages may wait.
    /// - Throws: ``SpawnError`` where the name is taken or not allowed, or this actor is stopping.
    @inlinable
    public func spawn<Child: Sendable>(
        _ behavior: sending Behavior<Child>, name: String, mailbox: MailboxCapacity = .unbounded
    ) throws(SpawnError) -> ActorRef<Child> {
        ActorRef(try target.spawn(behavior, name: name, mailbox: mailbox, turn: { $0.takeTurn(of: Child.self, $1) }))
    }

    /// Starts a child whose name does not matter.
    @inlinable
    public func spawnAnonymous<Child: Sendable>(
        _ behavior: sending Behavior<Child>, mailbox: MailboxCapacity = .unbounded
    ) throws(SpawnError) -> ActorRef<Child> {
        ActorRef(try target.spawn(behavior, name: nil, mailbox: mailbox, turn: { $0.takeTurn(of: Child.self, $1) }))
    }

    /// Starts a child in whose turns this part of the runtime has a say.
    package func spawn<Child: Sendable>(
        _ behavior: sending Behavior<Child>, name: String, hooks: CellHooks<Child>, traffic: LossClass,
        turn: @escaping @Sendable (AnyActorCell, Int) -> Void
    ) throws(SpawnError) -> ActorRef<Child> {
        ActorRef(
            try target.spawn(
                behavior, name: name, mailbox: .unbounded, turn: turn, hooks: hooks, traffic: traffic))
    }

    /// Stops a child; its own children stop first. Other actors stop by what they are told.
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

    /// Stops this actor after the present message.
    public func stop() { target.post(.stop) }

    /// Asks to be told, as ``Signal/terminated(_:)``, when an actor has stopped; also one on another node.
    public func watch(_ ref: AnyActorRef) { target.watch(ref, message: nil) }

    /// Asks to be told when an actor has stopped.
    public func watch<Other: Sendable>(_ ref: ActorRef<Other>) { target.watch(ref.untyped, message: nil) }

    /// Asks to be told with a message of one's own when an actor has stopped.
    public func watch<Other: Sendable>(_ ref: ActorRef<Other>, with message: Message) {
        target.watch(ref.untyped, message: message)
    }

    /// Takes a watch back: from now on nothing is told of that actor's end.
    public func unwatch(_ ref: AnyActorRef) { target.unwatch(ref) }

    /// Takes a watch back.
    public func unwatch<Other: Sendable>(_ ref: ActorRef<Other>) { target.unwatch(ref.untyped) }

    /// The timers of this actor.
    public var timers: Timers<Message> { Timers(target: target) }

    /// Tells a message to any actor after a delay; it is not taken back when this actor stops.
    public func scheduleOnce<Other: Sendable>(after delay: Duration, _ ref: ActorRef<Other>, _ message: Other) {
        _ = target.system.world.scheduler.schedule(after: delay) { ref.tell(message) }
    }

    /// A reference that takes messages of another type and turns them into this actor's.
    ///
    /// An actor has one adapter for each type: asked for again, the same reference is returned, and from then on it converts with the new
    /// function. It ends with the actor.
    ///
    /// - Parameter transform: Runs where the message is told, so it must only convert.
    public func messageAdapter<Other: Sendable>(
        _ transform: @escaping @Sendable (Other) -> Message
    ) -> ActorRef<Other> {
        let extras = target.needExtras()
        let key = ObjectIdentifier(Other.self)
        if let known = extras.adapters[key] as? ActorCell<Other>,
            let route = known.route as? AdapterRoute<Other, Message>
        {
            route.replace(transform)
            return ActorRef(known)
        }
        let route = AdapterRoute(to: target, transform: transform)
        let adapter = ActorCell<Other>(
            system: target.system, route: route, uid: route.address.uid, traffic: target.traffic)
        extras.adapters[key] = adapter
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

    /// At most that many; what comes when they wait is refused and counted as lost.
    ///
    /// - Precondition: `limit` is at least 1.
    public static func bounded(_ limit: Int) -> MailboxCapacity {
        precondition(limit >= 1, "a mailbox holds at least one message, not \(limit)")
        return MailboxCapacity(limit: limit)
    }
}
