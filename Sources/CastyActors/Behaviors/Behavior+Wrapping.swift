extension Behavior {
    /// Gives a behavior the timers of its actor.
    @inlinable
    public static func withTimers(_ factory: @escaping (Timers<Message>) throws -> Behavior) -> Behavior {
        .setup { context in try factory(context.timers) }
    }

    /// Gives a behavior a buffer for messages that it cannot handle yet.
    ///
    /// ```swift
    /// Behavior<Request>.withStash(capacity: 100) { stash in
    ///     .receive { context, request in
    ///         guard case .opened = request else { try stash.stash(request); return .same }
    ///         return stash.unstashAll(serving())
    ///     }
    /// }
    /// ```
    ///
    /// An actor has one buffer. A second call gives it another capacity, and the messages stay.
    ///
    /// - Precondition: `capacity` is at least 1.
    public static func withStash(
        capacity: Int, _ factory: @escaping (StashBuffer<Message>) throws -> Behavior
    ) -> Behavior {
        precondition(capacity >= 1, "a stash holds at least one message, not \(capacity)")
        return .setup { context in
            let coldState = context.target.needColdState()
            let buffer = coldState.stash ?? StashBuffer(capacity: capacity, tracing: context.system.tracing)
            buffer.capacity = capacity
            coldState.stash = buffer
            return try factory(buffer)
        }
    }

    /// Puts a function around each message of a behavior: to measure, to log, to change a message, or to keep it back.
    ///
    /// ```swift
    /// Behavior.intercept(account) { context, message, next in
    ///     context.log.debug("\(message)")
    ///     return try next(message)
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - behavior: What handles the messages. It may not be ``receiveAsync(_:)``.
    ///   - around: Calls its last argument with the message, or another one, or not at all, and returns the result, or
    ///     a behavior of its own that ends the interception.
    public static func intercept(
        _ behavior: Behavior,
        _ around: @escaping (ActorContext<Message>, Message, (Message) throws -> Behavior) throws -> Behavior
    ) -> Behavior {
        .setup { context in
            let inner = InterceptedBehavior<Message>()
            let first = try inner.become(behavior, context)
            if case .stopped = first.kind { return first }
            return .receive(
                { context, message in try around(context, message) { try inner.handle($0, context) } },
                onSignal: { context, signal in try inner.handle(signal, context) })
        }
    }
}

/// The behavior inside an interception, which changes without its actor's knowledge.
private final class InterceptedBehavior<Message: Sendable> {
    private var current = Behavior<Message>.empty

    func handle(_ message: Message, _ context: ActorContext<Message>) throws -> Behavior<Message> {
        switch current.kind {
        case .handle(let handler): try become(handler(context, message), context)
        case .receive(let receiver): try become(receiver.onMessage(context, message), context)
        case .ignore: .same
        case .same, .stopped, .unhandled, .empty, .setup, .supervised, .receiveAsync, .unstash, .dispatched, .awaiting:
            .unhandled
        }
    }

    func handle(_ signal: Signal, _ context: ActorContext<Message>) throws -> Behavior<Message> {
        guard let onSignal = current.onSignal else { return .unhandled }
        return try become(onSignal(context, signal), context)
    }

    /// Continues with a behavior. Returns what concerns the actor: that it goes on, stops, or did not handle a message.
    func become(_ following: Behavior<Message>, _ context: ActorContext<Message>) throws -> Behavior<Message> {
        var following = following
        while true {
            switch following.kind {
            case .same, .stopped, .unhandled: return following
            case .empty, .ignore, .handle, .receive:
                current = following
                return .same
            case .setup(let factory): following = try factory(context)
            case .supervised(let supervised):
                context.target.needColdState().supervisions.append(supervised)
                following = supervised.behavior
            case .dispatched(let dispatched): following = dispatched.behavior
            case .unstash(let unstash):
                context.target.putInFront(unstash.buffer.take())
                following = unstash.behavior
            case .awaiting(let awaiting):
                return .awaiting { [self] in try become(try await awaiting.work(), context) }
            case .receiveAsync: throw BehaviorError.interceptsAsync
            }
        }
    }
}
