package import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import Logging
import Synchronization

/// Answers observers. It buffers the latest events for them and computes nothing until one asks.
///
/// It has a thread of its own: an answer takes about a millisecond, and many observers may ask at once, so it would
/// delay what decides about members, and users' messages too.
package enum ObservationService {
    /// How many events are buffered for observers that come later or are slow.
    private static let kept = 5000
    /// The pause between two answers: ten observers that ask as often as they do are answered at once.
    private static let pause = Duration.milliseconds(25)

    /// Makes a node answer observers.
    package static func start(on system: ActorSystem) throws {
        try ObservationProtocol.register(in: system.registry)
        let memory = EventMemory(limit: kept)
        system.inspector.subscribe { memory.keep($0) }
        _ = try system.spawnSystem(
            Behavior<ObservationRequest>.stateful(
                AnswerPace<ActorRef<ObserverMessage>, ObservationRequest>(
                    pause: pause, longestWait: ClusterObserver.patience)
            ) { pace, context, request in
                switch pace.take(request, number: request.number, of: request.replyTo, at: context.system.now) {
                case .answer(let request): answer(request, memory, context.system)
                case .wait(let time): context.scheduleOnce(after: time, context.`self`, request)
                case .skip: break
                case .refuse:
                    context.system.inspector.lose(
                        .bufferFull, .control, target: request.replyTo.address.description,
                        type: "question of an observer")
                }
                return .same
            }, name: ObservationProtocol.path[1], mailbox: .bounded(256), dispatcher: .blocking)
    }

    private static func answer(_ request: ObservationRequest, _ memory: EventMemory, _ system: ActorSystem) {
        let (events, missed) = memory.events(after: request.after, limit: ObservationProtocol.events)
        let observation = Observation(snapshot: system.snapshot(), events: events, missed: missed)
        guard let bytes = try? BinarySerializer().encode(observation) else {
            return system.log.warning("an observer is not answered: what this node shows cannot be written")
        }
        let size = ObservationProtocol.piece
        let count = max(1, (bytes.count + size - 1) / size)
        guard count <= ObservationProtocol.pieces else {
            return system.log.warning("an observer is not answered: this node shows \(bytes.count) bytes")
        }
        for index in 0..<count {
            let piece = Array(bytes[index * size..<min(bytes.count, (index + 1) * size)])
            request.replyTo.tell(
                .part(ObservationPart(number: request.number, index: index, count: count, bytes: piece)))
        }
    }
}

/// The latest events of a node.
private final class EventMemory: Sendable {
    private let limit: Int
    private let events = Mutex<[RuntimeEvent]>([])

    init(limit: Int) {
        self.limit = limit
    }

    func keep(_ event: RuntimeEvent) {
        events.withLock { events in
            events.append(event)
            // Drops half at a time, so that a full buffer costs little per event.
            if events.count > limit { events.removeFirst(limit / 2) }
        }
    }

    /// The events after the one with this number, the oldest first, and how many in between are dropped.
    func events(after number: UInt64, limit: Int) -> (events: [RuntimeEvent], missed: UInt64) {
        events.withLock { events in
            // Concurrent threads may have appended two events out of order.
            let later = events.filter { $0.id.number > number }.sorted { $0.id.number < $1.id.number }
            let page = Array(later.prefix(limit))
            guard let first = page.first else { return ([], 0) }
            return (page, first.id.number - number - 1)
        }
    }
}
