import CastyCore

/// The failure detection of this node: the peers that it monitors, and the members that are silent to others.
struct Detection: Sendable {
    let parameters: PhiAccrualFailureDetector.Parameters
    let suspicionDeviations: Double
    /// Sorted by peer.
    var monitors: [Monitor] = []
    /// Since when this node has known of each member that it cannot be reached, sorted by member.
    private(set) var silences: [Silence] = []
    /// The number of the last question to witnesses.
    private var lastProbe: UInt64 = 0

    init(_ settings: MembershipSettings) {
        parameters = .init(
            threshold: settings.threshold, sigmaFloor: settings.sigmaFloor,
            pause: settings.mutations.contains(.isImpatient) ? .zero : settings.pause,
            samples: settings.samples, expected: settings.heartbeat,
            learnsOutages: settings.mutations.contains(.learnsOutages))
        suspicionDeviations = GaussianTail.y(ofPhi: min(settings.suspicion, settings.threshold))
    }

    func index(of peer: UniqueAddress) -> Int? { monitors.firstIndex { $0.peer == peer } }

    func silence(of node: UniqueAddress) -> Silence? { silences.first { $0.node == node } }

    /// The time as of which half of the monitored peers are known to have seen the same members vote and be reachable.
    var sharedProof: Instant? {
        let known = monitors.map { $0.sharedAt ?? .start }.sorted()
        let middle = known.isEmpty ? Instant.start : known[(known.count - 1) / 2]
        return middle == .start ? nil : middle
    }

    func nextStep(_ index: Int, _ settings: MembershipSettings) -> Instant? {
        monitors[index].nextStep(settings, suspicionDeviations: suspicionDeviations)
    }

    /// A number for a question to witnesses about a peer.
    mutating func beginProbe(_ index: Int) -> UInt64 {
        lastProbe &+= 1
        monitors[index].probe = lastProbe
        return lastProbe
    }

    /// Updates which members are silent.
    ///
    /// - Parameter proofs: The time as of which each of them counts as heard from where it has just become silent.
    mutating func sync(silent nodes: [UniqueAddress], _ proofs: [Instant?], at now: Instant) {
        silences = zip(nodes, proofs).map { node, proven in
            silence(of: node) ?? Silence(node: node, since: now, proven: proven)
        }
    }

    /// The present silences may be this node's own fault: each is extended, once.
    mutating func extendSilences(until grace: Instant) {
        for index in monitors.indices where monitors[index].stage != .marked {
            monitors[index].isInterrupted = true
            if monitors[index].hadGrace { continue }
            monitors[index].hadGrace = true
            monitors[index].grace = grace
        }
    }
}

/// A member that at least one member cannot reach, and since when this node has known.
struct Silence: Sendable {
    let node: UniqueAddress
    let since: Instant
    /// The time as of which it counts for the lease where this node does not monitor it.
    let proven: Instant?
}

/// What this node knows of its own lateness.
struct LocalHealth: Sendable {
    /// When this node last noticed that it was late itself.
    private(set) var lastLate: Instant?
    /// When it last noticed that it had been late by at least the duration of a lease; `nil` once a member has
    /// acknowledged it since.
    private(set) var hungUntil: Instant?

    /// Returns whether the last time is longer ago than a heartbeat.
    mutating func noteLate(by lateness: Duration, at now: Instant, _ settings: MembershipSettings) -> Bool {
        defer { lastLate = now }
        if lateness >= settings.entityLease { hungUntil = now }
        return lastLate.map { now - $0 >= settings.heartbeat } ?? true
    }

    /// A member acknowledged a heartbeat of that time: whatever happened while this node hung, it was not removed.
    mutating func noteAcknowledged(sentAt: Instant) { if let hung = hungUntil, sentAt >= hung { hungUntil = nil } }
}
