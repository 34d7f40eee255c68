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
    /// fault, or began with a call or an extra heartbeat.
    var isInterrupted = false
    /// The number of the extra heartbeat that was sent when this node began to monitor the peer.
    var early: UInt64?
    /// The number under which witnesses were asked.
    var probe: UInt64?
    /// The numbers of the last calls that were not answered.
    var calls: [UInt64] = []
    /// How many calls there were in the present silence, and when the next is due.
    var callCount = 0
    var nextCall: Instant?
    /// Since when the peer has answered calls only, and nothing on the established connection.
    var callsOnlySince: Instant?
    /// The member that reached the peer during the present silence.
    var witness: UniqueAddress?
    /// When the suspicion timer fires. That may be before the next step, never after it.
    var timer: Instant?

    init(peer: UniqueAddress, parameters: PhiAccrualFailureDetector.Parameters, at now: Instant) {
        self.peer = peer
        detector = PhiAccrualFailureDetector(parameters, startingAt: now)
    }

    /// A heartbeat was answered, or a call.
    mutating func hear(sequence: UInt64, sentAt: Instant, at now: Instant) {
        let isCall = calls.contains(sequence)
        detector.heartbeat(at: now, isInterrupted: isInterrupted || isCall)
        calls.removeAll { $0 <= sequence }
        callCount = 0
        nextCall = nil
        if !isCall { callsOnlySince = nil } else if callsOnlySince == nil || stage == .marked { callsOnlySince = now }
        answered = sequence
        roundTrip = now - sentAt
        stage = .listening
        grace = nil
        hadGrace = false
        // The arrival after an answered call, or after an extra heartbeat, ends no regular interval either.
        isInterrupted = isCall || sequence == early
        probe = nil
        witness = nil
    }

    /// The earliest time for the next call.
    func callDue(_ settings: MembershipSettings) -> Instant {
        if let nextCall { return nextCall }
        let half = detector.lastArrival + (detector.mean + settings.pause) / 2
        return grace.map { max($0, half) } ?? half
    }

    /// Records a call, and schedules the next one: the longer the silence, the longer the pause.
    mutating func noteCall(at now: Instant, _ settings: MembershipSettings) {
        calls.append(sent)
        if calls.count > 8 { calls.removeFirst() }
        let pause =
            switch callCount {
            case ..<4: 1
            case ..<12: 2
            default: min(4 << min(callCount - 12, 3), 32)
            }
        callCount += 1
        // Half a heartbeat less, so that the heartbeat round at that time is not just too early.
        nextCall = now + settings.heartbeat * pause - settings.heartbeat / 2
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
