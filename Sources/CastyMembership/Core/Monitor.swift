import CastyCore

/// The state of the failure detection of one monitored peer.
///
/// ```
/// listening ──▶ probing ──▶ suspected ──▶ marked
///     ▲            │            │            │
///     └────────────┴── answer ──┴────────────┘
/// ```
struct Monitor: Sendable {
    enum Stage: Hashable, Sendable {
        /// Answers arrive as expected.
        case listening
        /// Silent for long: witnesses were asked to reach the peer.
        case probing
        /// Phi is above the lower threshold.
        case suspected
        /// Phi crossed the threshold, and this node marked the peer.
        case marked
    }

    let peer: UniqueAddress
    var detector: PhiAccrualFailureDetector
    var stage = Stage.listening
    /// The number of the last heartbeat sent, and of the last one answered.
    var sent: UInt64 = 0
    var answered: UInt64 = 0
    /// When the last heartbeat was sent that the peer acknowledged as coming from a member; `nil` before the first.
    var provenAt: Instant?
    /// As `provenAt`, but only for heartbeats that the peer acknowledged while it saw the same members vote and be
    /// reachable as this node.
    var sharedAt: Instant?
    var roundTrip: Duration?
    /// No step is taken before this time, because this node was late itself.
    var grace: Instant?
    /// Whether the present silence was already extended once.
    var hadGrace = false
    /// Whether the detector must not learn from the next arrival: the silence before it was partly this node's own
    /// fault, or began with a probe connection or an extra heartbeat.
    var isInterrupted = false
    /// The number of the extra heartbeat that was sent when this node began to monitor the peer.
    var early: UInt64?
    /// The number under which witnesses were asked.
    var probe: UInt64?
    /// The numbers of the last probe connections that were not answered.
    var probeConnections: [UInt64] = []
    /// How many probe connections there were in the present silence, and when the next is due.
    var probeConnectionCount = 0
    var nextProbeConnection: Instant?
    /// Since when the peer has answered on probe connections only, and nothing on the established connection.
    var probeConnectionsOnlySince: Instant?
    /// The member that reached the peer during the present silence.
    var witness: UniqueAddress?
    /// When the suspicion timer fires. That may be before the next step, never after it.
    var timer: Instant?

    init(peer: UniqueAddress, parameters: PhiAccrualFailureDetector.Parameters, at now: Instant) {
        self.peer = peer
        detector = PhiAccrualFailureDetector(parameters, startingAt: now)
    }

    /// A heartbeat was answered, or a probe connection.
    mutating func hear(sequence: UInt64, sentAt: Instant, at now: Instant) {
        let isProbeConnection = probeConnections.contains(sequence)
        detector.heartbeat(at: now, isInterrupted: isInterrupted || isProbeConnection)
        probeConnections.removeAll { $0 <= sequence }
        probeConnectionCount = 0
        nextProbeConnection = nil
        if !isProbeConnection {
            probeConnectionsOnlySince = nil
        } else if probeConnectionsOnlySince == nil || stage == .marked {
            probeConnectionsOnlySince = now
        }
        answered = sequence
        roundTrip = now - sentAt
        stage = .listening
        grace = nil
        hadGrace = false
        // The arrival after an answered probe connection, or after an extra heartbeat, ends no regular interval either.
        isInterrupted = isProbeConnection || sequence == early
        probe = nil
        witness = nil
    }

    /// The earliest time for the next probe connection.
    func probeConnectionDue(_ settings: MembershipSettings) -> Instant {
        if let nextProbeConnection { return nextProbeConnection }
        let half = detector.lastArrival + (detector.mean + settings.pause) / 2
        return grace.map { max($0, half) } ?? half
    }

    /// Records a probe connection, and schedules the next one: the longer the silence, the longer the pause.
    mutating func noteProbeConnection(at now: Instant, _ settings: MembershipSettings) {
        probeConnections.append(sent)
        if probeConnections.count > 8 { probeConnections.removeFirst() }
        let pause =
            switch probeConnectionCount {
            case ..<4: 1
            case ..<12: 2
            default: min(4 << min(probeConnectionCount - 12, 3), 32)
            }
        probeConnectionCount += 1
        // Half a heartbeat less, so that the heartbeat round at that time is not just too early.
        nextProbeConnection = now + settings.heartbeat * pause - settings.heartbeat / 2
    }

    /// When the silence leads to the next step; `nil` for a marked peer.
    func nextStep(_ settings: MembershipSettings, suspicionDeviations: Double) -> Instant? {
        let deadline = detector.deadline
        let step: Instant
        switch stage {
        case .listening:
            // Two heartbeats before the deadline, but not before a second answer is missing.
            let early = max(deadline - settings.heartbeat * 2, detector.lastArrival + detector.mean * 2)
            step = min(early, detector.deadline(deviations: suspicionDeviations))
        case .probing: step = detector.deadline(deviations: suspicionDeviations)
        case .suspected: step = witness == nil ? deadline : deadline + settings.pause
        case .marked: return nil
        }
        return grace.map { max($0, step) } ?? step
    }
}
