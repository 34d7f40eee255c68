import CastyCore

/// What only some actors need; made when first needed, so that the others stay small.
final class ColdState<Message: Sendable> {
    /// Who watches this actor, and the reference by which each knows it.
    var watchers: [(watcher: AnyActorRef, watched: AnyActorRef)] = []
    /// Whom this actor watches, and what it wants to be told instead of a signal.
    var watching: [(watched: AnyActorRef, message: Message?)] = []
    var timers: [String: RunningTimer<Message>] = [:]
    var timerGeneration: UInt64 = 0
    /// Targets that stand for this actor and are reachable while it lives, by the type they take.
    var adapters: [ObjectIdentifier: AnyActorCell] = [:]
    var strategy: SupervisionStrategy?
    var restarts: [Instant] = []
    var generation: UInt32 = 0
    var failure: (any Error)?
    /// Signals that came while the actor was kept from running, in order.
    var held: [SystemMessage] = []
}

/// A timer of an actor.
struct RunningTimer<Message: Sendable> {
    let generation: UInt64
    let message: Message
    /// The pause between two firings; `nil` fires once.
    let interval: Duration?
    let scheduled: any ScheduledTimer
}
