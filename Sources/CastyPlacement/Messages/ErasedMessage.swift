public import CastyCore

/// A type-erased user message; sharding only transports it.
///
/// All message types share this one type, so the code that transports messages is compiled once and looks up no types
/// at run time. Only ``TypedMessage`` derives from it.
@usableFromInline
package class ErasedMessage: MessageBox, @unchecked Sendable {
    /// What the sender did it for, while the message waits: set by the shell that took it, in its turn.
    @usableFromInline package final var context: AnyObject?

    @inlinable
    package init() {}

    /// The message inside, or `nil` if it was erased from another type.
    ///
    /// The erased type depends on what a peer has sent, so it is compared each time. ``TypedMessage`` is final: the
    /// check is one comparison of class pointers, and no cast needs a lookup.
    @inlinable
    package func unwrap<Message: Sendable>(as type: Message.Type = Message.self) -> Message? {
        guard Swift.type(of: self) == TypedMessage<Message>.self else { return nil }
        return unsafeDowncast(self, to: TypedMessage<Message>.self).message
    }
}

/// A message of one type.
///
/// Unchecked because only a final class may conform; the message is a constant.
@usableFromInline
package final class TypedMessage<Message: Sendable>: ErasedMessage, @unchecked Sendable {
    @usableFromInline
    package let message: Message

    @inlinable
    package init(_ message: Message) {
        self.message = message
        super.init()
    }
}
