import CastyCore

/// State that only some actors need. It is created on demand, so that the others stay small.
@usableFromInline
final class ColdState<Message: Sendable> {
    /// The watchers of this actor, and the reference by which each knows it.
    var watchers = WatchTable<AnyActorRef, AnyActorRef>()
    /// The actors that this actor watches, and what it wants to receive when one has stopped.
    var watching = WatchTable<AnyActorRef, WatchNews<Message>>()
    var timers: [String: RunningTimer<Message>] = [:]
    var timerGeneration: UInt64 = 0
    /// The key of the timer whose message is handled now.
    var firingTimer: String?
    /// The adapter cells of this actor by the type they take, reachable while it lives.
    var adapters: [ObjectIdentifier: AnyActorCell] = [:]
    /// The supervisions that surround the behavior, outermost first.
    var supervisions: [Supervised<Message>] = []
    /// The backoff of the restart under way.
    var backoff = SupervisionStrategy.Backoff.none
    var restarts: [Instant] = []
    var generation: UInt32 = 0
    var failure: (any Error)?
    /// Signals that arrived while the actor might not run, in order.
    var held: [SystemMessage] = []
    var stash: StashBuffer<Message>?
    /// Where the messages that were put in front of the mailbox end, counted as ``ActorCell/consumed`` counts.
    var frontEnd: UInt64 = 0
    var receiveTimeout: ReceiveTimeout<Message>?
    /// The asynchronous handler that runs now.
    var call: RunningCall<Message>?
}

/// What an actor wants to receive when one that it watches has stopped.
enum WatchNews<Message: Sendable> {
    /// ``Signal/terminated(_:)``.
    case signal
    case message(Message)
}

/// A timer of an actor.
struct RunningTimer<Message: Sendable> {
    let generation: UInt64
    let message: Message
    /// The pause between two firings; `nil` fires once.
    let interval: Duration?
    let scheduled: any ScheduledTimer
    /// What the code that started it ran for, where it fires once.
    let context: (any TraceContext)?
}
