import CastyCore
package import CastyMembership

/// Every time and number that the membership of a cluster works with. All nodes of a cluster must use the same: a node
/// with another value is refused when it joins, with both values.
///
/// Start from a preset and change what differs:
///
/// ```swift
/// $0.timings = .lan.with(heartbeat: .milliseconds(500))
/// $0.timings.threshold = 10
/// ```
///
/// | | a crash is noticed | and its keys answer elsewhere |
/// |---|---|---|
/// | ``responsive`` | after about 1.5 s | after about 4.5 s |
/// | ``lan`` | after about 4.5 s | after about 11 s |
/// | ``wan`` | after about 9 s | after about 22 s |
///
/// `casty bench outages` measures what each preset costs, in clusters of 3 to 100 nodes.
///
/// Values that cannot work together are refused when a node is made, see ``problem``.
public struct ClusterTimings: Hashable, Sendable {
    package var settings: MembershipSettings

    package init(_ settings: MembershipSettings) { self.settings = settings }

    /// For one machine or one rack, and for demonstrations.
    public static let responsive = ClusterTimings(.responsive)

    /// For machines in a data centre.
    public static let lan = ClusterTimings(.lan)

    /// For machines hundreds of milliseconds apart, over links that lose packets: in several data centres, or at home.
    public static let wan = ClusterTimings(.wan)

    // MARK: Failure detection

    /// The time between two heartbeats to a peer; above zero.
    public var heartbeat: Duration {
        get { settings.heartbeat }
        set { settings.heartbeat = newValue }
    }

    /// The phi at which a peer is marked unreachable; above 0. 8 stands for one false suspicion in 10⁸ heartbeats.
    public var threshold: Double {
        get { settings.threshold }
        set { settings.threshold = newValue }
    }

    /// The phi at which a peer is reported as suspected; above 0, at most ``threshold``.
    public var suspicion: Double {
        get { settings.suspicion }
        set { settings.suspicion = newValue }
    }

    /// How many intervals between heartbeats a detector remembers; at least 2.
    public var samples: Int {
        get { settings.samples }
        set { settings.samples = newValue }
    }

    /// The least standard deviation that phi is computed with; above zero.
    public var minimumDeviation: Duration {
        get { settings.sigmaFloor }
        set { settings.sigmaFloor = newValue }
    }

    /// How much longer than usual a peer may be silent before its phi begins to grow; at least ``heartbeat``.
    public var acceptablePause: Duration {
        get { settings.pause }
        set { settings.pause = newValue }
    }

    /// How many peers each node monitors; at least 1.
    public var monitors: Int {
        get { settings.monitors }
        set { settings.monitors = newValue }
    }

    /// How many witnesses are asked to probe a silent peer; 0 turns indirect probes off.
    public var witnesses: Int {
        get { settings.witnesses }
        set { settings.witnesses = newValue }
    }

    /// A node whose own timers are later than this doubts itself before its peers; above zero.
    public var lateTolerance: Duration {
        get { settings.lateTolerance }
        set { settings.lateTolerance = newValue }
    }

    // MARK: Gossip

    /// The time between two rounds of gossip; above zero.
    public var gossip: Duration {
        get { settings.gossip }
        set { settings.gossip = newValue }
    }

    /// The time between two looks at what the leader has to do; above zero.
    public var leaderActions: Duration {
        get { settings.leaderActions }
        set { settings.leaderActions = newValue }
    }

    /// How long a removed member is remembered; above zero.
    public var tombstones: Duration {
        get { settings.tombstones }
        set { settings.tombstones = newValue }
    }

    // MARK: Joining and leaving

    /// The time between two attempts to join; above zero.
    public var joinRetry: Duration {
        get { settings.joinRetry }
        set { settings.joinRetry = newValue }
    }

    /// The time between two looks for a second cluster at seeds that are not members; above zero.
    public var seedProbe: Duration {
        get { settings.seedProbe }
        set { settings.seedProbe = newValue }
    }

    /// The time without convergence after which joiners are let in as weakly up; zero: never.
    public var weaklyUpAfter: Duration {
        get { settings.weaklyUpAfter }
        set { settings.weaklyUpAfter = newValue }
    }

    /// How long a leaver waits for its removal once its last tasks are done; above zero.
    public var exitTimeout: Duration {
        get { settings.exitTimeout }
        set { settings.exitTimeout = newValue }
    }

    // MARK: Split brain

    /// How long the view must have been stable before unreachable members are declared down; `nil`: by the size of the
    /// cluster, 7 s for 5 members to 30 s for 1000.
    public var stableAfter: Duration? {
        get { settings.stableAfter.fixed }
        set { settings.stableAfter = newValue.map { .fixed($0) } ?? .bySize }
    }

    /// How long after the first change a decision is taken even if the view has not been stable; above zero.
    public var unstableLimit: Duration {
        get { settings.unstableLimit }
        set { settings.unstableLimit = newValue }
    }

    /// The time from the last acknowledgement that can have prolonged a crashed member's lease to the start of its
    /// shards elsewhere; `nil`: by the size of the cluster, like ``stableAfter``. It is over before the member is
    /// removed, unless the member was heard from until then.
    public var removalMargin: Duration? {
        get { settings.removalMargin.fixed }
        set { settings.removalMargin = newValue.map { .fixed($0) } ?? .bySize }
    }

    /// How long a node may run entities after the last acknowledgement from the members it needs: shorter than
    /// ``removalMargin`` by 2 % at least, so that no entity runs twice.
    public var lease: Duration {
        get { settings.lease }
        set { settings.lease = newValue }
    }

    /// With ``CastyMembership/DowningStrategy/leaseMajority(role:)``: how long the side with fewer votes waits before
    /// it requests the lease.
    public var leaseDelay: Duration {
        get { settings.leaseDelay }
        set { settings.leaseDelay = newValue }
    }

    /// With that strategy: the time without an answer after which the lease counts as not granted.
    public var leaseTimeout: Duration {
        get { settings.leaseTimeout }
        set { settings.leaseTimeout = newValue }
    }

    /// With that strategy: how long the lease is held if its holder dies; more than ``unstableLimit`` and
    /// ``leaseTimeout`` together.
    public var leaseHold: Duration {
        get { settings.leaseHold }
        set { settings.leaseHold = newValue }
    }
}

extension StabilityPeriod {
    fileprivate var fixed: Duration? {
        switch self {
        case .fixed(let duration): duration
        case .bySize: nil
        }
    }
}
