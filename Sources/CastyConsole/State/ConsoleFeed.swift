package import CastyInspection
import CastyPrimitives

/// All that the console knows about the cluster: the newest snapshot and what it remembers of earlier ones.
package struct ConsoleFeed: Sendable {
    package private(set) var snapshot = LabSnapshot(time: .start, version: 0, nodes: [])
    package private(set) var log = EventLog()
    private(set) var phi = PhiHistory()
    private(set) var rates = RateMeter()
    /// When each node's newest incarnation was started.
    private(set) var started: [String: Instant] = [:]
    /// The moments at which peers were suspected, by observer and subject.
    private(set) var suspected: [String: Instant] = [:]
    package private(set) var title = "casty"
    package private(set) var recording: String?

    private var eventCursor: UInt64 = 0
    private var messageCursor: UInt64 = 0

    package init() {}

    /// Reads what is new.
    ///
    /// - Returns: the answers to submitted lines, for the flash line.
    package mutating func refresh(from backend: any ConsoleBackend) -> [ConsoleMessage] {
        title = backend.title
        recording = backend.recording
        let page = backend.events(after: eventCursor)
        eventCursor = page.next
        take(backend.latest(), events: page.events, dropped: page.dropped)
        let messages = backend.messages(after: messageCursor)
        messageCursor = messages.next
        return messages.messages
    }

    /// Takes a snapshot and the events that came with it.
    package mutating func take(_ next: LabSnapshot, events: [RuntimeEvent] = [], dropped: UInt64 = 0) {
        if next.time < snapshot.time { rewind(to: next.time) }
        if next.version != snapshot.version || next.time != snapshot.time {
            phi.sample(next)
            rates.sample(next)
        }
        snapshot = next
        log.append(events, dropped: dropped)
        for event in events {
            let key = "\(event.node)>\(event.subject ?? "")"
            if event.kind == .nodeStarted {
                started[event.subject ?? event.node] = event.time
            } else if event.kind == .suspected || event.kind == .memberUnreachable {
                if suspected[key] == nil { suspected[key] = event.time }
            } else if event.kind == .memberReachable {
                suspected[key] = nil
            }
        }
    }

    /// Time was turned back: what lies ahead has not happened.
    private mutating func rewind(to time: Instant) {
        let past = log.events.filter { $0.time <= time }
        log.clear()
        log.append(past)
        started = started.filter { $0.value <= time }
        suspected = suspected.filter { $0.value <= time }
    }
}

extension ConsoleFeed {
    /// Tenths of a second of the world's time: as fine as the screen shows it.
    package var clockTenths: Int64 { snapshot.time.nanoseconds / 100_000_000 }
    /// How many events have come so far.
    package var eventCount: Int { log.end }
}
