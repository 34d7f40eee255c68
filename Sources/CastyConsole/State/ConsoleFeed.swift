import CastyCore
package import CastyObservability

/// All that the console knows about the cluster: the newest snapshot and what it remembers of earlier ones.
package struct ConsoleFeed: Sendable {
    package private(set) var snapshot = ClusterSnapshot(time: .start, version: 0, nodes: [])
    package private(set) var log = EventLog()
    private(set) var phi = PhiHistory()
    private(set) var rates = RateMeter()
    /// When each node's newest incarnation was started.
    private(set) var started: [String: Instant] = [:]
    /// The moments at which peers were suspected, by observer and subject.
    private var suspected: [Pair: Instant] = [:]
    package private(set) var title = "casty"
    package private(set) var recording: String?

    private struct Pair: Hashable {
        var observer: String
        var subject: String
    }

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
    package mutating func take(_ next: ClusterSnapshot, events: [RuntimeEvent] = [], dropped: UInt64 = 0) {
        if next.time < snapshot.time { rewind(to: next.time) }
        if next.version != snapshot.version || next.time != snapshot.time {
            phi.sample(next)
            rates.sample(next)
        }
        snapshot = next
        log.append(events, dropped: dropped)
        for event in events { note(event) }
    }

    private mutating func note(_ event: RuntimeEvent) {
        let pair = Pair(observer: event.node, subject: event.subject ?? event.node)
        if event.kind == .nodeStarted {
            started[pair.subject] = event.time
            // A new life: what was thought of the earlier one, or by it, is over.
            suspected = suspected.filter { $0.key.subject != pair.subject && $0.key.observer != pair.subject }
        } else if event.kind == .suspected || event.kind == .memberUnreachable {
            if suspected[pair] == nil { suspected[pair] = event.time }
        } else if event.kind == .memberReachable || event.kind == .memberRemoved {
            suspected[pair] = nil
        }
    }

    /// When an observer began to suspect this life of a peer; `nil` where it was an earlier life or an earlier silence.
    func suspicion(of peer: PeerSnapshot, by observer: String) -> Instant? {
        guard let since = suspected[Pair(observer: observer, subject: peer.name)] else { return nil }
        let begun = [peer.lastHeartbeat, started[peer.name], started[observer]].compactMap(\.self).max() ?? .start
        return since >= begun ? since : nil
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
