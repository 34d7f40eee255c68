public import CastyCore
import CastyObservability
import Synchronization

extension AnyActorCell {
    /// Starts a child. Inlinable, so that its cell is made by code that is compiled for its message type.
    @inlinable
    package func spawn<Child: Sendable>(
        _ behavior: sending Behavior<Child>, name: String?, mailbox: MailboxCapacity,
        dispatcher: DispatcherKind? = nil, turn: @escaping @Sendable (AnyActorCell, TurnGrant) -> Void
    ) throws(SpawnError) -> ActorCell<Child> {
        let dispatcher = behavior.dispatcher ?? dispatcher ?? self.dispatcher
        let child = ActorCell<Child>(
            system: system, name: try childName(name), parent: self, uid: system.nextUID(), traffic: traffic,
            behavior: behavior, capacity: mailbox.limit, dispatcher: dispatcher, turn: turn)
        try admit(child, isAnonymous: name == nil)
        return child
    }

    /// Starts a child with the hooks of a part of the runtime.
    func spawn<Child: Sendable>(
        _ behavior: sending Behavior<Child>, name: String, mailbox: MailboxCapacity, hooks: CellHooks<Child>,
        traffic: LossClass, turn: @escaping @Sendable (AnyActorCell, TurnGrant) -> Void
    ) throws(SpawnError) -> ActorCell<Child> {
        let dispatcher = behavior.dispatcher ?? .standard
        let child = HookedActorCell<Child>(
            hooks: hooks, system: system, name: try childName(name), parent: self, uid: system.nextUID(),
            traffic: traffic, behavior: behavior, capacity: mailbox.limit, dispatcher: dispatcher, turn: turn)
        try admit(child, isAnonymous: false)
        return child
    }

    /// The name of the next child: the one that was chosen, if it is allowed.
    @usableFromInline
    func childName(_ chosen: String?) throws(SpawnError) -> String {
        guard let chosen else { return family(orElse: Family()).anonymousName() }
        if chosen.isEmpty || chosen.hasPrefix("$") { throw .badName(chosen) }
        return chosen
    }

    /// Lets a child start, if this actor may have more and its name is free.
    @usableFromInline
    func admit(_ child: AnyActorCell, isAnonymous: Bool) throws(SpawnError) {
        // Only this insertion decides whether a child starts. Stopping the actor closes the family under the same lock,
        // so every child is either refused here or stopped there.
        switch family(orElse: Family()).insert(child, isAnonymous: isAnonymous) {
        case .inserted: break
        case .nameTaken: throw .nameTaken(child.name, parent: pathText)
        case .closed: throw .stopping(pathText)
        }
        system.actorStarted(child)
        system.execute(child)
    }
}

extension ActorCell {
    func watch(_ ref: AnyActorRef, message: Message?) {
        let coldState = needColdState()
        let isKnown = coldState.watching[ref] != nil
        coldState.watching[ref] = message.map { .message($0) } ?? .signal
        if isKnown { return }
        ref.target.post(.watch(AnyActorRef(self), ref))
    }

    func unwatch(_ ref: AnyActorRef) {
        guard coldState?.watching.remove(ref) != nil else { return }
        ref.target.post(.unwatch(AnyActorRef(self), ref))
    }
}

extension AnyActorCell {
    /// Takes a turn of a cell whose message type is known here, so that the loop is compiled for that type.
    @inlinable
    package func takeTurn<Message: Sendable>(of type: Message.Type, _ grant: TurnGrant) {
        unsafeDowncast(self, to: ActorCell<Message>.self).drain(grant)
    }
}

/// Why an actor could not be started.
public struct SpawnError: CastyError, Hashable {
    /// The reason.
    @nonexhaustive
    public enum Code: String, CastyErrorCode {
        /// The name is in use.
        case nameTaken
        /// The name cannot be that of an actor.
        case badName
        /// The parent or the system is stopping.
        case stopping
    }

    /// The reason.
    public let code: Code
    /// A readable description.
    public let message: String

    static func nameTaken(_ name: String, parent: String) -> SpawnError {
        SpawnError(code: .nameTaken, message: "\(parent) has a child named \"\(name)\" already")
    }

    static func badName(_ name: String) -> SpawnError {
        SpawnError(
            code: .badName,
            message: "\"\(name)\" cannot name an actor: a name is not empty and does not start with $")
    }

    static func stopping(_ path: String) -> SpawnError {
        SpawnError(code: .stopping, message: "\(path) is stopping and starts no children")
    }
}
