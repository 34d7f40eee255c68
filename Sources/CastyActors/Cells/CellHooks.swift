/// What a part of the runtime that keeps actors of its own, as sharding keeps entities, adds to their cells.
@usableFromInline
package struct CellHooks<Message: Sendable>: Sendable {
    /// Asked before every message and signal; as long as it says no, the actor handles nothing, and its messages and timers wait. Who says yes
    /// again posts `SystemMessage.resume`.
    package let mayRun: @Sendable () -> Bool
    /// Told once, when the actor has stopped: why it failed, if it did, and what no handler saw, which are then not dead letters.
    package let onEnd: @Sendable (_ failure: (any Error)?, _ unhandled: [Message]) -> Void

    package init(
        mayRun: @escaping @Sendable () -> Bool,
        onEnd: @escaping @Sendable (_ failure: (any Error)?, _ unhandled: [Message]) -> Void
    ) {
        self.mayRun = mayRun
        self.onEnd = onEnd
    }
}
