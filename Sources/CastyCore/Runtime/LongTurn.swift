/// A turn that has run for long and has not ended yet.
package struct LongTurn: Sendable {
    /// The `ObjectIdentifier` of the runnable that takes the turn, as a number: the runnable may end at any time.
    package let runnable: UInt
    /// How long it has run so far.
    package let duration: Duration
    /// Whether the same turn still runs. While it does, no other object has that identity.
    package let isRunning: @Sendable () -> Bool

    package init(runnable: UInt, duration: Duration, isRunning: @escaping @Sendable () -> Bool) {
        self.runnable = runnable
        self.duration = duration
        self.isRunning = isRunning
    }
}
