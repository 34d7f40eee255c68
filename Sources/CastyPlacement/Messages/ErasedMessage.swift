public import CastyCore

/// A user's message on its way through sharding, which only carries it.
///
/// One type for the messages of all types: so the code that carries them is compiled once and for it, and does not look up types at run
/// time. Only ``TypedMessage`` derives from it.
@usableFromInline
package class ErasedMessage: MessageBox, @unchecked Sendable {
    @inlinable
    package init() {}

    /// The message inside, or `nil` where it was sealed as another type.
    ///
    /// Which type it was sealed with follows from what a peer has sent, so it is compared each time. ``TypedMessage`` is final: one comparison of
    /// class pointers tells, and no cast has to look anything up.
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
