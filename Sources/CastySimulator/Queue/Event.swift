import CastyCore

/// What an event does when it is due.
enum EventPayload {
    /// Nothing: the event was removed.
    case none
    case turn(Runnable)
    case timer(SimulatedTimer)
    case arrival(Pipe)
    case write(Endpoint)
    case notice(Endpoint)
    case credit(Pipe)
    case control(EventAction)
    case world(EventAction)

    /// The kind that the trace shows; `nil` for an event that was removed.
    var kind: StepKind? {
        switch self {
        case .none: nil
        case .turn: .turn
        case .timer: .timer
        case .arrival: .arrival
        case .write: .write
        case .notice: .notice
        case .credit: .credit
        case .control: .control
        case .world: .world
        }
    }
}

/// An action of an event. A class, so that every payload is one word.
final class EventAction {
    let run: () -> Void

    init(_ run: @escaping () -> Void) { self.run = run }
}

/// An event that has been taken from the queue.
struct DueEvent {
    var time: Int64
    var node: Int32
    var payload: EventPayload
}

/// Identifies an event in the queue, to remove it.
struct EventTicket {
    var slot: UInt32
    var generation: UInt32
}
