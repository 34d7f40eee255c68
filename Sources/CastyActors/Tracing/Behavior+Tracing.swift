extension Behavior {
    /// The same behavior, with handlers that run in the contexts of their messages where a system carries any.
    @usableFromInline
    func traced(in system: ActorSystem) -> Behavior { system.tracing.map { traced(by: $0) } ?? self }

    /// The same behavior, with handlers that run in the contexts of their messages.
    ///
    /// - Parameter context: That of the message whose handler has returned this behavior.
    func traced(by tracing: ContextCarrier, after context: (any TraceContext)? = nil) -> Behavior {
        switch kind {
        case .same, .stopped, .unhandled: return self
        case .empty: return .unhandledAfterTaking
        case .ignore: return .sameAfterTaking
        case .handle(let handler): return Behavior(.handle(Self.traced(handler, by: tracing)))
        case .receive(let receiver):
            return Behavior(
                .receive(
                    Receiver(
                        onMessage: Self.traced(receiver.onMessage, by: tracing),
                        onSignal: Self.traced(receiver.onSignal, by: tracing))))
        case .receiveAsync(let receiver):
            // Its task inherits the context in which it is made.
            return Behavior(
                .receiveAsync(
                    AsyncReceiver(
                        onMessage: { actor, message in
                            try await receiver.onMessage(actor, message).traced(by: tracing)
                        }, onSignal: receiver.onSignal.map { Self.traced($0, by: tracing) })))
        case .setup(let factory): return .setup { try factory($0).traced(by: tracing) }
        case .supervised(let supervised):
            return Behavior(
                .supervised(
                    Supervised(
                        behavior: supervised.behavior.traced(by: tracing), strategy: supervised.strategy,
                        covers: supervised.covers)))
        case .unstash(let unstash):
            return Behavior(
                .unstash(Unstash(buffer: unstash.buffer, behavior: unstash.behavior.traced(by: tracing))))
        case .dispatched(let dispatched):
            return .on(dispatched.dispatcher, dispatched.behavior.traced(by: tracing))
        case .awaiting(let awaiting):
            return Behavior(
                .awaiting(
                    Awaiting({ try await awaiting.work().traced(by: tracing) }, in: awaiting.context ?? context)))
        }
    }

    private typealias MessageHandler = (ActorContext<Message>, Message) throws -> Behavior

    private static func traced(
        _ onMessage: @escaping MessageHandler, by tracing: ContextCarrier
    ) -> MessageHandler {
        { actor, message in
            // Also without a context: the thread may run this turn in the middle of something else.
            let context = actor.target.takeContext()
            return try tracing.tracer.run(in: context) { try onMessage(actor, message) }
                .traced(by: tracing, after: context)
        }
    }

    private typealias SignalHandler = (ActorContext<Message>, Signal) throws -> Behavior

    private static func traced(_ onSignal: @escaping SignalHandler, by tracing: ContextCarrier) -> SignalHandler {
        { actor, signal in try onSignal(actor, signal).traced(by: tracing) }
    }

    private static var unhandledAfterTaking: Behavior {
        .receive { actor, _ in
            _ = actor.target.takeContext()
            return .unhandled
        }
    }

    private static var sameAfterTaking: Behavior {
        .receive { actor, _ in
            _ = actor.target.takeContext()
            return .same
        }
    }
}
