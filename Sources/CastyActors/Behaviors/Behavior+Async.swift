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
    /// and its context are its own all the time. Signals, timers and a stop wait for the end of the handler too. An
    /// error it throws counts as the actor's failure.
    ///
    /// Of an entity the lease is checked before each message, as ever, and not again at a suspension point: what a
    /// handler does after a long wait, it may do when its shard already runs elsewhere.
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
        case .same, .stopped, .unhandled, .empty, .ignore, .setup, .supervised, .unstash, .dispatched: nil
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
