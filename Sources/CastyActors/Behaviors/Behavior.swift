public import CastyCore

/// What an actor does with its next message.
///
/// A handler returns the next behavior: ``same`` to continue unchanged, another one to change, ``stopped`` to end. Two
/// styles:
///
/// ```swift
/// // inout state: simple, and the fastest
/// let counter = Behavior<Int>.stateful(0) { total, context, number in
///     total += number
///     return .same
/// }
/// // functional: the next behavior carries the state
/// func counting(_ total: Int) -> Behavior<Int> {
///     .receive { context, number in counting(total + number) }
/// }
/// ```
///
/// A behavior belongs to the one actor that it was given to, and is not shared. A handler that throws stops its actor,
/// unless ``supervise(_:with:)`` sets another strategy.
public struct Behavior<Message: Sendable> {
    @usableFromInline
    package enum Kind {
        case same
        case stopped
        case unhandled
        case empty
        case ignore
        /// A handler of messages alone, without an object of its own: most actors have one, and many are small.
        case handle((ActorContext<Message>, Message) throws -> Behavior<Message>)
        case receive(Receiver<Message>)
        case setup((ActorContext<Message>) throws -> Behavior<Message>)
        case supervised(Supervised<Message>)
        case receiveAsync(AsyncReceiver<Message>)
        case unstash(Unstash<Message>)
        case dispatched(Dispatched<Message>)
        case awaiting(Awaiting<Message>)
    }

    @usableFromInline
    package let kind: Kind

    @inlinable
    package init(_ kind: Kind) {
        self.kind = kind
    }

    /// Continue unchanged.
    @inlinable
    public static var same: Behavior { Behavior(.same) }

    /// Stop: children first, then the actor.
    @inlinable
    public static var stopped: Behavior { Behavior(.stopped) }

    /// Continue unchanged. The actor does not handle this message, and it is counted as lost.
    @inlinable
    public static var unhandled: Behavior { Behavior(.unhandled) }

    /// Handle nothing: every message counts as unhandled.
    @inlinable
    public static var empty: Behavior { Behavior(.empty) }

    /// Handle every message by doing nothing.
    @inlinable
    public static var ignore: Behavior { Behavior(.ignore) }

    /// Runs a function when the actor starts and at each restart, for example to spawn children or start timers. The
    /// actor then continues with the behavior it returns.
    @inlinable
    public static func setup(_ factory: @escaping (ActorContext<Message>) throws -> Behavior) -> Behavior {
        Behavior(.setup(factory))
    }

    /// Handles messages, and returns the next behavior for each.
    @inlinable
    public static func receive(
        _ onMessage: @escaping (ActorContext<Message>, Message) throws -> Behavior
    ) -> Behavior {
        Behavior(.handle(onMessage))
    }

    /// Handles messages and signals, and returns the next behavior for each.
    @inlinable
    public static func receive(
        _ onMessage: @escaping (ActorContext<Message>, Message) throws -> Behavior,
        onSignal: @escaping (ActorContext<Message>, Signal) throws -> Behavior
    ) -> Behavior {
        Behavior(.receive(Receiver(onMessage: onMessage, onSignal: onSignal)))
    }

    /// Handles messages with a state of its own, changed in place: the simple style, and the fastest.
    ///
    /// - Parameters:
    ///   - initial: The state; made anew at the start and at each restart. It need not be Sendable.
    ///   - onMessage: Handles one message; returns the next behavior, usually ``same``.
    @inlinable
    public static func stateful<State>(
        _ initial: @escaping @autoclosure () -> State,
        _ onMessage: @escaping (inout State, ActorContext<Message>, Message) throws -> Behavior
    ) -> Behavior {
        .setup { _ in
            let box = StateBox(initial())
            return .receive { context, message in try onMessage(&box.state, context, message) }
        }
    }

    /// Handles messages and signals with a state of its own, changed in place.
    @inlinable
    public static func stateful<State>(
        _ initial: @escaping @autoclosure () -> State,
        _ onMessage: @escaping (inout State, ActorContext<Message>, Message) throws -> Behavior,
        onSignal: @escaping (inout State, ActorContext<Message>, Signal) throws -> Behavior
    ) -> Behavior {
        .setup { _ in
            let box = StateBox(initial())
            return .receive(
                { context, message in try onMessage(&box.state, context, message) },
                onSignal: { context, signal in try onSignal(&box.state, context, signal) })
        }
    }

    /// Puts a behavior under supervision: what happens when one of its handlers throws.
    public static func supervise(_ behavior: Behavior, with strategy: SupervisionStrategy) -> Behavior {
        Behavior(.supervised(Supervised(behavior: behavior, strategy: strategy, covers: { _ in true })))
    }

    /// Puts a behavior under supervision for the errors of one type.
    ///
    /// Supervisions nest: the innermost one that covers the error decides, and where none does the actor stops.
    ///
    /// ```swift
    /// Behavior.supervise(
    ///     .supervise(till, on: PaperJam.self, with: .resume),
    ///     on: ConnectionLost.self, with: .restart(limit: 3))
    /// ```
    ///
    /// - Parameters:
    ///   - behavior: What is supervised.
    ///   - error: The type of the errors that the strategy is for.
    ///   - strategy: What happens then. A restart begins again with the actor's whole initial behavior.
    public static func supervise<Failure: Error>(
        _ behavior: Behavior, on error: Failure.Type, with strategy: SupervisionStrategy
    ) -> Behavior {
        Behavior(.supervised(Supervised(behavior: behavior, strategy: strategy, covers: { $0 is Failure })))
    }
}

/// The handlers of a behavior for messages and signals.
@usableFromInline
package final class Receiver<Message: Sendable> {
    @usableFromInline
    package let onMessage: (ActorContext<Message>, Message) throws -> Behavior<Message>
    @usableFromInline
    package let onSignal: (ActorContext<Message>, Signal) throws -> Behavior<Message>

    @inlinable
    package init(
        onMessage: @escaping (ActorContext<Message>, Message) throws -> Behavior<Message>,
        onSignal: @escaping (ActorContext<Message>, Signal) throws -> Behavior<Message>
    ) {
        self.onMessage = onMessage
        self.onSignal = onSignal
    }
}

/// The state of a stateful behavior. Only its actor's turn touches it, so dynamic exclusivity checks would only add
/// cost.
@usableFromInline
package final class StateBox<State> {
    @usableFromInline @exclusivity(unchecked)
    var state: State

    @inlinable
    package init(_ state: State) {
        self.state = state
    }
}

/// A behavior and what happens when it fails.
@usableFromInline
package final class Supervised<Message: Sendable> {
    package let behavior: Behavior<Message>
    package let strategy: SupervisionStrategy
    /// Whether the strategy is for an error.
    package let covers: (any Error) -> Bool

    package init(
        behavior: Behavior<Message>, strategy: SupervisionStrategy, covers: @escaping (any Error) -> Bool
    ) {
        self.behavior = behavior
        self.strategy = strategy
        self.covers = covers
    }

    @usableFromInline
    var dispatcher: DispatcherKind? { behavior.dispatcher }
}
