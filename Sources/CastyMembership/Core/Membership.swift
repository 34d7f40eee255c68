package import CastyPrimitives

/// The membership of one node: join, gossip, failure detection, leader, downing. A value without clock, chance or socket.
///
/// Each `on…` takes what happened and when, and returns what the shell must do, in order. What it draws comes from the
/// generator it was given; so the same inputs give the same effects.
package struct Membership: Sendable {
    /// Where this node stands.
    package enum Phase: Hashable, Sendable {
        /// Not started.
        case idle
        /// Asking the seeds.
        case contacting
        /// Asked a member to let it in, waits for the welcome.
        case joining(through: UniqueAddress)
        /// A member.
        case member
        /// Stopped for good.
        case stopped(StopReason)
    }

    package let myself: UniqueAddress
    package let roles: [String]
    package let settings: MembershipSettings
    package internal(set) var phase = Phase.idle
    package internal(set) var gossip = Gossip()
    var generator: SeededGenerator
    var effects: [MembershipEffect] = []

    /// Creates the membership of a node that has not started.
    ///
    /// - Parameters:
    ///   - sharedSettings: What all nodes must agree on (shard counts…); the downing strategy is added here.
    package init(
        myself: UniqueAddress, roles: [String] = [], settings: MembershipSettings, sharedSettings: [SharedSetting] = [],
        generator: SeededGenerator
    ) {
        self.myself = myself
        self.roles = roles.sorted()
        self.settings = settings
        self.generator = generator
    }

    /// The node starts.
    ///
    /// - Parameters:
    ///   - seeds: Where to ask, the same list on every node; with none the node founds a cluster of its own.
    ///   - mayFound: Whether this is the first start of a node at this place: only then the first seed founds at once,
    ///     without asking the others.
    package mutating func onStart(seeds: [NodeAddress], mayFound: Bool, at now: Instant) -> [MembershipEffect] { [] }

    /// A message came in from a peer whose identity the handshake has established.
    package mutating func onMessage(_ message: ClusterMessage, from peer: UniqueAddress, at now: Instant)
        -> [MembershipEffect]
    { [] }

    /// A place that was contacted refused the connection.
    package mutating func onUnreachableContact(_ address: NodeAddress, at now: Instant) -> [MembershipEffect] { [] }

    /// A timer fired, on time or late.
    package mutating func onTimer(_ key: TimerKey, at now: Instant) -> [MembershipEffect] { [] }

    /// This node wants to leave gracefully.
    package mutating func onLeave(at now: Instant) -> [MembershipEffect] { [] }

    /// The last tasks of the exiting node (`runExitTasks`) are done.
    package mutating func onExitTasksDone(at now: Instant) -> [MembershipEffect] { [] }

    /// A person at this node declares whoever lives at a place dead.
    package mutating func onDown(_ address: NodeAddress, at now: Instant) -> [MembershipEffect] { [] }

    /// The transport learnt that an incarnation is gone: another one answers at its place.
    package mutating func onPeerIncarnationGone(_ peer: UniqueAddress, at now: Instant) -> [MembershipEffect] { [] }

    /// Until when this node may run entities, should no further sign of life come in.
    package var leaseValidUntil: Instant { .start }

    /// Whether this node may run entities now. Constant time.
    package func leaseHeld(at now: Instant) -> Bool { now < leaseValidUntil }
}
