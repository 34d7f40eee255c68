import CastyCore
package import CastyObservability

/// The console's data about the cluster: the newest snapshot, and a history of earlier ones.
package struct ConsoleFeed: Sendable {
    package private(set) var snapshot = ClusterSnapshot(time: .start, version: 0, nodes: [])
    package private(set) var log = EventLog()
    /// What came of each fault.
    private(set) var stories = StoryBook()
    private(set) var phi = PhiHistory()
    /// The peers whose curves stay after their end.
    private(set) var departed = DepartedPeers()
    private(set) var rates = RateMeter()
    /// When each node's latest incarnation was started.
    private(set) var started: [String: Instant] = [:]
    /// When the process of each node ended, as far as the testbed knows and no later one was started.
    private(set) var died: [String: Instant] = [:]
    /// When peers were first suspected, by observer and subject.
    private var suspected: [Pair: Instant] = [:]
    /// When peers were suspected last, by observer and subject.
    private var lastSuspected: [Pair: Instant] = [:]
    package private(set) var title = "casty"
    package private(set) var recording: String?
    /// How far a long run to another time is, as a line.
    package internal(set) var progress: String?
    /// The conditions that are watched.
    package internal(set) var watches: [WatchStatus] = []
    /// The latest comparison of two futures.
    package internal(set) var hypothesis: Hypothesis?
    /// The latest time that the run has reached, if it can be turned back.
    private var furthest: Instant?

    /// The time to return to, if the run shows an earlier one.
    var newest: Instant? { furthest.flatMap { $0 > snapshot.time ? $0 : nil } }

    private struct Pair: Hashable {
        var observer: String
        var subject: String
    }

    private var eventCursor: UInt64 = 0
    private var messageCursor: UInt64 = 0

    /// The moments that can be shown again; `nil` where the run itself can be turned back.
    private(set) var moments: MomentList?

    /// - Parameter limits: How much of the past is kept; `nil` for nothing.
    package init(keeping limits: MomentList.Limits? = nil) {
        moments = limits.map { MomentList($0) }
    }

    /// Reads new data from the backend.
    ///
    /// - Returns: The results of submitted lines, for the flash line.
    package mutating func refresh(from backend: any ConsoleBackend) -> [ConsoleMessage] {
        title = backend.title
        recording = backend.recording
        progress = backend.progress
        watches = backend.watches
        hypothesis = backend.hypothesis
        // Before the snapshot, so that a run that goes on is never in its own past.
        furthest = backend.furthest
        // Before the snapshot, which is of the same time or a later one.
        if let past = backend.takePast() { (phi, rates) = (past.phi, past.rates) }
        let page = backend.events(after: eventCursor)
        eventCursor = page.next
        take(backend.latest(), events: page.events, dropped: page.dropped)
        let messages = backend.messages(after: messageCursor)
        messageCursor = messages.next
        return messages.messages
    }

    /// Takes in a snapshot and the events that came with it.
    package mutating func take(_ next: ClusterSnapshot, events: [RuntimeEvent] = [], dropped: UInt64 = 0) {
        if next.time < snapshot.time { rewind(to: next.time) }
        if next.version != snapshot.version || next.time != snapshot.time {
            phi.sample(next)
            departed.take(before: snapshot, after: next)
            rates.sample(next)
        }
        stories.take(events, dropped: dropped, before: snapshot, after: next)
        snapshot = next
        log.append(events, dropped: dropped)
        for event in events { note(event) }
        moments?.take(next, hasEvents: events.contains { $0.kind.level > .debug })
    }

    /// The feed as it was at a moment; `nil` if that cannot be read.
    func past(at index: Int) -> ConsoleFeed? {
        guard let moments, let snapshot = moments.snapshot(at: index) else { return nil }
        var past = self
        past.snapshot = snapshot
        past.rewind(to: snapshot.time)
        past.stories.look(snapshot)
        let recent = moments.past(at: index)
        (past.phi, past.rates) = (recent.phi, recent.rates)
        past.departed = moments.departed(at: index)
        past.moments = nil
        past.progress = nil
        return past
    }

    private mutating func note(_ event: RuntimeEvent) {
        let pair = Pair(observer: event.node, subject: event.subject ?? event.node)
        if event.kind == .nodeStarted {
            started[pair.subject] = event.time
            // A new incarnation: suspicions of the earlier one, or by it, are over.
            suspected = suspected.filter { $0.key.subject != pair.subject && $0.key.observer != pair.subject }
        } else if event.kind == .suspected || event.kind == .memberUnreachable {
            if suspected[pair] == nil { suspected[pair] = event.time }
        } else if event.kind == .memberReachable || event.kind == .memberRemoved {
            suspected[pair] = nil
        }
        noteMarks(event)
    }

    /// Keeps the moments that are marked on the curves of phi.
    private mutating func noteMarks(_ event: RuntimeEvent) {
        let subject = event.subject ?? event.node
        switch event.kind {
        case .nodeStarted: died[subject] = nil
        case .nodeKilled, .nodeStopped: died[subject] = event.time
        case .suspected: lastSuspected[Pair(observer: event.node, subject: subject)] = event.time
        default: break
        }
    }

    /// When an observer began to suspect this incarnation of a peer; `nil` if the suspicion concerns an earlier
    /// incarnation or an earlier silence.
    func suspicion(of peer: PeerSnapshot, by observer: String) -> Instant? {
        guard let since = suspected[Pair(observer: observer, subject: peer.name)] else { return nil }
        let begun = [peer.lastHeartbeat, started[peer.name], started[observer]].compactMap(\.self).max() ?? .start
        return since >= begun ? since : nil
    }

    /// When an observer last suspected a peer, up to a time.
    func lastSuspicion(of subject: String, by observer: String, before end: Instant) -> Instant? {
        lastSuspected[Pair(observer: observer, subject: subject)].flatMap { $0 <= end ? $0 : nil }
    }

    /// Removes everything after a time to which the run was turned back.
    private mutating func rewind(to time: Instant) {
        log.rewind(to: time)
        let past = log.events
        stories.rewind(to: time, past, snapshot)
        started = started.filter { $0.value <= time }
        suspected = suspected.filter { $0.value <= time }
        (died, lastSuspected) = ([:], [:])
        // Also restores the suspicions that ended later.
        for event in past { note(event) }
        departed.rewind(to: time)
    }
}

extension ConsoleFeed {
    /// The forecast for cutting off these nodes, as the strategy in use decides; `nil` while the latest forecast is for
    /// other nodes.
    func forecast(cutting names: [String]) -> PartitionForecast? {
        guard let forecast = snapshot.forecast else { return nil }
        let chosen = Set(names).intersection(forecast.sides.flatMap(\.nodes))
        return forecast.sides.contains { !$0.nodes.isEmpty && Set($0.nodes) == chosen } ? forecast : nil
    }

    /// What is shown besides the snapshot and the events.
    package struct Asides: Hashable, Sendable {
        var progress: String?
        var watches: [WatchStatus]
        var hypothesis: Hypothesis?
    }

    package var asides: Asides { Asides(progress: progress, watches: watches, hypothesis: hypothesis) }

    /// Whether the run waits for a condition.
    var isAwaiting: Bool { watches.contains(where: \.isAwaited) }

    /// The number of events so far.
    package var eventCount: Int { log.end + log.counted }
}
