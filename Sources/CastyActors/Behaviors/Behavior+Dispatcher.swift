public import CastyCore

extension Behavior {
    /// Chooses the threads that take the turns of an actor with this behavior, wherever it is started: the place for an
    /// entity or a singleton whose handlers block.
    ///
    /// ```swift
    /// Behavior.on(.blocking, .receive { context, file in
    ///     try file.writeAndSync()
    ///     return .same
    /// })
    /// ```
    ///
    /// Given to an actor at its start, all of its turns are taken there, the first included. Returned by a handler, it
    /// counts from the next turn on. The choice stays until another one is made.
    public static func on(_ dispatcher: DispatcherKind, _ behavior: Behavior) -> Behavior {
        Behavior(.dispatched(Dispatched(dispatcher: dispatcher, behavior: behavior)))
    }

    /// The threads that a behavior asks for before it does anything else.
    @inlinable
    var dispatcher: DispatcherKind? {
        switch kind {
        case .dispatched(let dispatched): dispatched.innermost
        case .supervised(let supervised): supervised.dispatcher
        case .same, .stopped, .unhandled, .empty, .ignore, .handle, .receive, .receiveAsync, .setup, .unstash,
            .awaiting:
            nil
        }
    }
}

/// A behavior and the threads it asks for.
@usableFromInline
package final class Dispatched<Message: Sendable> {
    let dispatcher: DispatcherKind
    let behavior: Behavior<Message>

    init(dispatcher: DispatcherKind, behavior: Behavior<Message>) {
        self.dispatcher = dispatcher
        self.behavior = behavior
    }

    @usableFromInline
    var innermost: DispatcherKind { behavior.dispatcher ?? dispatcher }
}
