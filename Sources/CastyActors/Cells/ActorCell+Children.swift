public import CastyCore
public import CastyObservability
import Synchronization

extension ActorCell {
    /// Starts a child.
    @usableFromInline
    package func spawn<Child: Sendable>(
        _ behavior: sending Behavior<Child>, name: String?, mailbox: MailboxCapacity,
        dispatcher: DispatcherKind? = nil, turn: @escaping @Sendable (AnyActorCell, Int) -> Void,
        hooks: CellHooks<Child>? = nil, traffic: LossClass? = nil
    ) throws(SpawnError) -> ActorCell<Child> {
        let dispatcher = behavior.dispatcher ?? dispatcher ?? self.dispatcher
        if let name, name.isEmpty || name.hasPrefix("$") { throw .badName(name) }
        let family = self.family(orElse: Family())
        let chosen = name ?? family.anonymousName()
        let child = ActorCell<Child>(
            system: system, name: chosen, parent: self, uid: system.nextUID(), traffic: traffic ?? self.traffic,
            behavior: behavior, capacity: mailbox.limit, dispatcher: dispatcher, turn: turn, hooks: hooks)
        // Only this insertion decides whether a child starts. Stopping the actor closes the family under the same lock,
        // so every child is either refused here or stopped there.
        switch family.insert(child, isAnonymous: name == nil) {
        case .inserted: break
        case .nameTaken: throw .nameTaken(chosen, parent: pathText)
        case .closed: throw .stopping(pathText)
        }
        system.actorStarted(child)
        system.execute(child)
        return child
    }

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
    package func takeTurn<Message: Sendable>(of type: Message.Type, _ budget: Int) {
        unsafeDowncast(self, to: ActorCell<Message>.self).drain(budget: budget)
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
