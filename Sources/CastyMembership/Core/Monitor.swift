import CastyPrimitives

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
    /// When the last answered heartbeat was sent: the peer lived at that time or later.
    var aliveAsOf: Instant
    var roundTrip: Duration?
    /// No step is taken before this time: this node was late itself.
    var grace: Instant?
    /// Whether the present silence was forgiven once already.
    var hadGrace = false
    /// Whether the present silence was this node's own fault, in part.
    var isInterrupted = false
    /// The number under which witnesses were asked.
    var probe: UInt64?
    /// Who reached the peer during the present silence.
    var witness: UniqueAddress?
    /// For when the suspicion timer is set. It may lie before the next step, never after it.
    var timer: Instant?

    init(peer: UniqueAddress, parameters: PhiAccrualFailureDetector.Parameters, at now: Instant) {
        self.peer = peer
        detector = PhiAccrualFailureDetector(parameters, startingAt: now)
        aliveAsOf = now
    }

    /// A heartbeat was answered.
    mutating func hear(sequence: UInt64, sentAt: Instant, at now: Instant) {
        detector.heartbeat(at: now, isInterrupted: isInterrupted)
        answered = sequence
        aliveAsOf = max(aliveAsOf, sentAt)
        roundTrip = now - sentAt
        stage = .listening
        grace = nil
        hadGrace = false
        isInterrupted = false
        probe = nil
        witness = nil
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
