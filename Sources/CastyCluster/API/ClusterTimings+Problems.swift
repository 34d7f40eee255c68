import CastyCore
import CastyMembership

extension ClusterTimings {
    /// The same timings with other values; what is left out stays.
    ///
    /// - Parameters:
    ///   - heartbeat: The time between two heartbeats to a peer.
    ///   - acceptablePause: How much longer than usual a peer may be silent.
    ///   - threshold: The phi at which a peer is marked unreachable.
    ///   - gossip: The time between two rounds of gossip.
    ///   - stableAfter: How long the view must have been stable before a downing decision.
    ///   - removalMargin: The time from the last proof for a crashed member's lease to the start of its shards elsewhere.
    ///   - lease: How long a node may run entities after the last acknowledgement.
    ///   - exitTimeout: How long a leaver waits for its removal.
    public func with(
        heartbeat: Duration? = nil, acceptablePause: Duration? = nil, threshold: Double? = nil,
        gossip: Duration? = nil, stableAfter: Duration? = nil, removalMargin: Duration? = nil, lease: Duration? = nil,
        exitTimeout: Duration? = nil
    ) -> ClusterTimings {
        var timings = self
        if let heartbeat { timings.heartbeat = heartbeat }
        if let acceptablePause { timings.acceptablePause = acceptablePause }
        if let threshold { timings.threshold = threshold }
        if let gossip { timings.gossip = gossip }
        if let stableAfter { timings.stableAfter = stableAfter }
        if let removalMargin { timings.removalMargin = removalMargin }
        if let lease { timings.lease = lease }
        if let exitTimeout { timings.exitTimeout = exitTimeout }
        return timings
    }

    /// The first value that cannot work: its name, the value, and what is possible; `nil` if all can.
    public var problem: String? { problem(under: .keepMajority()) }

    func problem(under strategy: DowningStrategy) -> String? {
        for (name, value) in durations where value <= .zero { return "\(name) is \(value): it must be above zero" }
        if weaklyUpAfter < .zero { return "weaklyUpAfter is \(weaklyUpAfter): it must be zero (never) or above" }
        if !(threshold > 0 && threshold <= 300) { return "threshold is \(threshold): it must be above 0, at most 300" }
        if !(suspicion > 0 && suspicion <= threshold) {
            return "suspicion is \(suspicion): it must be above 0 and at most the threshold, \(threshold)"
        }
        for (name, value, least) in [("samples", samples, 2), ("monitors", monitors, 1), ("witnesses", witnesses, 0)]
        where value < least { return "\(name) is \(value): it must be at least \(least)" }
        if acceptablePause < heartbeat {
            return
                "acceptablePause is \(acceptablePause): it must be at least the heartbeat, \(heartbeat), or one late "
                + "heartbeat marks a peer"
        }
        var settings = settings
        settings.strategy = strategy
        let margin = settings.removalMargin(members: 1)
        if settings.entityLease * 1.02 > margin {
            let exact = margin / 1.02 - (strategy.needsLease ? leaseDelay : .zero)
            let most = Duration.milliseconds(exact.nanoseconds / 1_000_000)
            return
                "lease is \(lease): it must be at most \(most), 2 % less than the removal margin, or an entity could "
                + "run on two nodes"
        }
        if strategy.needsLease, leaseHold <= unstableLimit + leaseTimeout {
            return "leaseHold is \(leaseHold): it must be above \(unstableLimit + leaseTimeout), unstableLimit and "
                + "leaseTimeout together"
        }
        return nil
    }

    private var durations: [(String, Duration)] {
        [
            ("heartbeat", heartbeat), ("minimumDeviation", minimumDeviation), ("acceptablePause", acceptablePause),
            ("lateTolerance", lateTolerance), ("gossip", gossip), ("leaderActions", leaderActions),
            ("tombstones", tombstones), ("joinRetry", joinRetry), ("seedProbe", seedProbe),
            ("exitTimeout", exitTimeout), ("unstableLimit", unstableLimit), ("lease", lease),
            ("leaseDelay", leaseDelay), ("leaseTimeout", leaseTimeout), ("leaseHold", leaseHold),
        ]
            + [("stableAfter", stableAfter), ("removalMargin", removalMargin)].compactMap { name, value in
                value.map { (name, $0) }
            }
    }
}
