/// Hooks that a part of the runtime adds to the cells of actors it manages; sharding adds them to entities.
@usableFromInline
package struct CellHooks<Message: Sendable>: Sendable {
    /// Called before every message and signal. While it returns `false`, the actor handles nothing, and its messages
    /// and timers wait. The part of the runtime that allows running again posts `SystemMessage.resume`.
    package let mayRun: @Sendable () -> Bool
    /// Called once when the actor has stopped, with its failure, if any, and the messages that no handler saw. These
    /// are not dead letters.
    package let onEnd: @Sendable (_ failure: (any Error)?, _ unhandled: [Message]) -> Void

    package init(
        mayRun: @escaping @Sendable () -> Bool,
        onEnd: @escaping @Sendable (_ failure: (any Error)?, _ unhandled: [Message]) -> Void
    ) {
        self.mayRun = mayRun
        self.onEnd = onEnd
    }
}
