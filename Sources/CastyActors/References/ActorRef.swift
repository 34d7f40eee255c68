public import CastyCore

/// A reference to an actor that takes messages of one type: the only way to reach it.
///
/// A reference may be stored, compared, and sent in messages, also to other nodes. It names one incarnation: when the
/// actor has stopped, messages to it become dead letters, even if another actor was started under the same name.
public struct ActorRef<Message: Sendable>: Sendable {
    @usableFromInline
    package let target: MessageCell<Message>

    @inlinable
    package init(_ target: MessageCell<Message>) {
        self.target = target
    }

    /// Where the actor lives.
    public var address: ActorAddress { target.address }

    /// Puts a message into the actor's mailbox and returns at once.
    ///
    /// Messages from one sender to one actor arrive in the order they were sent, each at most once. A message that
    /// cannot be delivered is counted, with its reason, in the loss ledger.
    @inlinable
    public func tell(_ message: Message) {
        target.tell(message)
    }

    /// The same reference without its type: enough to watch or stop the actor.
    public var untyped: AnyActorRef { AnyActorRef(target) }
}

extension ActorRef: Hashable {
    /// References are equal when they name the same incarnation.
    public static func == (left: ActorRef, right: ActorRef) -> Bool { AnyActorCell.same(left.target, right.target) }

    /// Hashes what equality compares.
    public func hash(into hasher: inout Hasher) { hasher.combine(target.uid) }
}

extension ActorRef: CustomStringConvertible {
    /// The actor's address as text.
    public var description: String { address.description }
}

/// A reference to an actor whose message type is not known.
public struct AnyActorRef: Sendable {
    package let target: AnyActorCell

    package init(_ target: AnyActorCell) {
        self.target = target
    }

    /// Where the actor lives.
    public var address: ActorAddress { target.address }
}

extension AnyActorRef: Hashable {
    /// References are equal when they name the same incarnation.
    public static func == (left: AnyActorRef, right: AnyActorRef) -> Bool {
        AnyActorCell.same(left.target, right.target)
    }

    /// Hashes what equality compares.
    public func hash(into hasher: inout Hasher) { hasher.combine(target.uid) }
}

extension AnyActorRef: CustomStringConvertible {
    /// The actor's address as text.
    public var description: String { address.description }
}
