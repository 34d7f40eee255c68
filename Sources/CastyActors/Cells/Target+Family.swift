public import CastyInspection
import CastyPrimitives
import Synchronization

extension Target {
    /// Starts a child.
    @usableFromInline
    package func spawn<Child: Sendable>(
        _ behavior: sending Behavior<Child>, name: String?, mailbox: MailboxCapacity,
        turn: @escaping @Sendable (AnyTarget, Int) -> Void, hooks: CellHooks<Child>? = nil,
        traffic: LossClass? = nil
    ) throws(SpawnError) -> Target<Child> {
        if let name, name.isEmpty || name.hasPrefix("$") { throw .badName(name) }
        guard life != .stopping, life != .stopped else { throw .stopping(pathText) }
        let chosen = name ?? anonymousName()
        let child = Target<Child>(
            system: system, name: chosen, parent: self, uid: system.nextUID(), traffic: traffic ?? self.traffic,
            behavior: behavior, capacity: mailbox.limit, turn: turn, hooks: hooks)
        let taken = children.withLock { family -> Bool in
            if family == nil { family = Children() }
            if family?.byName[chosen] != nil { return true }
            family?.byName[chosen] = child
            return false
        }
        if taken { throw .nameTaken(chosen, parent: pathText) }
        system.actorStarted()
        system.dispatcher.execute(child)
        return child
    }

    private func anonymousName() -> String {
        let number = children.withLock { family -> UInt64 in
            var made = family ?? Children()
            made.anonymous += 1
            family = made
            return made.anonymous
        }
        return "$" + String(number, radix: 36)
    }

    func watch(_ ref: AnyActorRef, message: Message?) {
        let extras = needExtras()
        if let index = extras.watching.firstIndex(where: { $0.watched == ref }) {
            extras.watching[index].message = message
            return
        }
        extras.watching.append((ref, message))
        ref.target.post(.watch(AnyActorRef(self), ref))
    }

    func unwatch(_ ref: AnyActorRef) {
        guard let extras, let index = extras.watching.firstIndex(where: { $0.watched == ref }) else { return }
        extras.watching.remove(at: index)
        ref.target.post(.unwatch(AnyActorRef(self), ref))
    }
}

extension AnyTarget {
    /// Takes a turn of a target whose message type is known here, so that the loop is compiled for it.
    @inlinable
    package func takeTurn<Message: Sendable>(of type: Message.Type, _ budget: Int) {
        unsafeDowncast(self, to: Target<Message>.self).drain(budget: budget)
    }
}

/// Why an actor could not be started.
public struct SpawnError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What stands in the way.
    public enum Code: String, Sendable {
        case nameTaken, badName, stopping
    }

    /// What stands in the way.
    public let code: Code
    /// For a person.
    public let description: String

    static func nameTaken(_ name: String, parent: String) -> SpawnError {
        SpawnError(code: .nameTaken, description: "\(parent) has a child named \"\(name)\" already")
    }

    static func badName(_ name: String) -> SpawnError {
        SpawnError(
            code: .badName,
            description: "\"\(name)\" cannot name an actor: a name is not empty and does not start with $")
    }

    static func stopping(_ path: String) -> SpawnError {
        SpawnError(code: .stopping, description: "\(path) is stopping and starts no children")
    }
}
