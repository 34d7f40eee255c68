/// What an event-sourced entity decides about a message.
///
/// ```swift
/// case .withdraw(let amount, let replyTo) where amount > account.balance:
///     replyTo.tell(.refused)
///     return .none
/// case .withdraw(let amount, let replyTo):
///     return .persist(.withdrawn(amount)).then { account in replyTo.tell(.done(account.balance)) }
/// ```
public struct EventEffect<State, Event> {
    enum Following { case same, stopped, unhandled }

    var events: [Event]
    var following = Following.same
    var actions: [(State) -> Void] = []

    /// Nothing happens; what was told leaves at once.
    public static var none: EventEffect { EventEffect(events: []) }

    /// The message is not for this entity in its state: it is counted as unhandled.
    public static var unhandled: EventEffect { EventEffect(events: [], following: .unhandled) }

    /// The entity stops; the next message starts it again.
    public static var stop: EventEffect { EventEffect(events: [], following: .stopped) }

    /// The events are appended, all or none, and then applied to the state in this order.
    public static func persist(_ events: Event...) -> EventEffect { EventEffect(events: events) }

    /// The events are appended, all or none, and then applied to the state in this order; without events, nothing
    /// happens.
    public static func persist(_ events: [Event]) -> EventEffect { EventEffect(events: events) }

    /// Does something with the state after the events, when they are stored: the place for replies that need it.
    ///
    /// It is not done when the entity recovers.
    public func then(_ action: @escaping (State) -> Void) -> EventEffect {
        var effect = self
        effect.actions.append(action)
        return effect
    }

    /// Stops the entity when the events are stored.
    public func thenStop() -> EventEffect {
        var effect = self
        effect.following = .stopped
        return effect
    }
}
