extension Behavior {
    /// Handles messages with asynchronous code: the mailbox waits until the handler of a message has ended.
    ///
    /// ```swift
    /// Behavior<Order>.receiveAsync { context, order in
    ///     let price = try await context.ask(prices) { .price(of: order.item, replyTo: $0) }
    ///     order.replyTo.tell(price * order.count)
    ///     return .same
    /// }
    /// ```
    ///
    /// One message at a time: between two suspension points of a handler nothing else of the actor runs, so its state
    /// and its context are its own all the time. Signals and timers wait for the end of the handler too. An error it
    /// throws counts as the actor's failure.
    ///
    /// A stop cancels the handler's task and then waits for its end: asks, the system's ``ActorSystem/sleep(for:)`` and
    /// what else notices a cancellation end at once. `CancellationError` is then no failure.
    ///
    /// Of an entity the lease is checked before each message and again at each suspension point: a handler whose shard
    /// runs elsewhere by the time its wait is over does not go on.
    @inlinable
    public static func receiveAsync(
        _ onMessage: @escaping (ActorContext<Message>, Message) async throws -> Behavior
    ) -> Behavior {
        Behavior(.receiveAsync(AsyncReceiver(onMessage: onMessage, onSignal: nil)))
    }

    /// Handles messages with asynchronous code, and signals at once.
    @inlinable
    public static func receiveAsync(
        _ onMessage: @escaping (ActorContext<Message>, Message) async throws -> Behavior,
        onSignal: @escaping (ActorContext<Message>, Signal) throws -> Behavior
    ) -> Behavior {
        Behavior(.receiveAsync(AsyncReceiver(onMessage: onMessage, onSignal: onSignal)))
    }

    /// The handler of signals, if the behavior has one.
    var onSignal: ((ActorContext<Message>, Signal) throws -> Behavior<Message>)? {
        switch kind {
        case .receive(let receiver): receiver.onSignal
        case .receiveAsync(let receiver): receiver.onSignal
        case .same, .stopped, .unhandled, .empty, .ignore, .handle, .setup, .supervised, .unstash, .dispatched,
            .awaiting:
            nil
        }
    }
}

/// The handlers of an asynchronous behavior.
@usableFromInline
package final class AsyncReceiver<Message: Sendable> {
    package let onMessage: (ActorContext<Message>, Message) async throws -> Behavior<Message>
    package let onSignal: ((ActorContext<Message>, Signal) throws -> Behavior<Message>)?

    @usableFromInline
    package init(
        onMessage: @escaping (ActorContext<Message>, Message) async throws -> Behavior<Message>,
        onSignal: ((ActorContext<Message>, Signal) throws -> Behavior<Message>)?
    ) {
        self.onMessage = onMessage
        self.onSignal = onSignal
    }
}
