extension Behavior {
    /// The next behavior is the result of asynchronous work. Until it is there, the actor's mailbox waits.
    ///
    /// A handler returns it to wait in the middle of otherwise synchronous code, and a ``setup(_:)`` to begin with what
    /// it loads:
    ///
    /// ```swift
    /// .setup { context in
    ///     .awaiting {
    ///         let prices = try await shop.prices()
    ///         return running(prices)
    ///     }
    /// }
    /// ```
    ///
    /// Between two suspension points of the work nothing else of the actor runs. Signals, timers and a stop wait for
    /// its end. An error it throws counts as the actor's failure.
    ///
    /// - Parameter work: Returns the behavior to go on with; ``same`` for the one before.
    public static func awaiting(_ work: @escaping () async throws -> Behavior) -> Behavior {
        Behavior(.awaiting(Awaiting(work)))
    }
}

/// Asynchronous work whose result is a behavior.
@usableFromInline
package final class Awaiting<Message: Sendable> {
    let work: () async throws -> Behavior<Message>
    /// What it is done for, if there is a tracer.
    let context: (any TraceContext)?

    init(_ work: @escaping () async throws -> Behavior<Message>, in context: (any TraceContext)? = nil) {
        self.work = work
        self.context = context
    }
}
