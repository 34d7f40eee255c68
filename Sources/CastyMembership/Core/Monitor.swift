import CastyCore

/// What this node knows of the life of one peer that it monitors.
///
/// ```
/// listening ──▶ probing ──▶ suspected ──▶ marked
///     ▲            │            │            │
///     └────────────┴── answer ──┴────────────┘
/// ```
struct Monitor: Sendable {
    enum Stage: Hashable, Sendable {
        /// Answers come as they should.
        case listening
        /// Long silent: witnesses were asked to reach it.
        case probing
        /// Phi is above the lower threshold.
        case suspected
        /// Phi crossed the threshold, and this node told the others.
        case marked
    }

    let peer: UniqueAddress
    var detector: PhiAccrualFailureDetector
    var stage = Stage.listening
    /// The number of the last heartbeat sent, and of the last one answered.
    var sent: UInt64 = 0
    var answered: UInt64 = 0
    /// When the last heartbeat was sent that the peer acknowledged as that of a member; `nil` before the first.
    var provenAt: Instant?
    /// The same, of those that it acknowledged while it saw the same members vote and be reachable as this node.
    var sharedAt: Instant?
    var roundTrip: Duration?
    /// No step is taken before this time: this node was late itself.
    var grace: Instant?
    /// Whether the present silence was forgiven once already.
    var hadGrace = false
    /// Whether the present silence was this node's own fault, in part.
    var isInterrupted = false
    /// The number of the heartbeat that was sent out of turn, when the peer came under watch.
    var early: UInt64?
    /// The number under which witnesses were asked.
    var probe: UInt64?
    /// The numbers of the last calls that were not answered.
    var calls: [UInt64] = []
    /// How many calls there were in the present silence, and when the next is due.
    var callCount = 0
    var nextCall: Instant?
    /// Since when the peer has answered calls, and nothing on the connection that stands.
    var callsOnlySince: Instant?
    /// Who reached the peer during the present silence.
    var witness: UniqueAddress?
    /// For when the suspicion timer is set. It may lie before the next step, never after it.
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
        // What follows an answered call, or a heartbeat out of turn, ends no interval of the heartbeats' rhythm either.
        isInterrupted = isCall || sequence == early
        probe = nil
        witness = nil
    }

    /// When the peer is to be called, at the earliest.
    func callDue(_ settings: MembershipSettings) -> Instant {
        if let nextCall { return nextCall }
        let half = detector.lastArrival + (detector.mean + settings.pause) / 2
        return grace.map { max($0, half) } ?? half
    }

    /// Takes the number of a call, and puts the next one off: the longer the silence, the more.
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
        // Half a heartbeat less, so that the round at that time does not come just too early.
        nextCall = now + settings.heartbeat * pause - settings.heartbeat / 2
    }

    /// When the silence tells the next thing.
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
