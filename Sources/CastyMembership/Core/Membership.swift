package import CastyCore

/// The membership of one node: join, gossip, failure detection, leader, downing. A value without clock, randomness or
/// socket.
///
/// Each `on…` method takes an input and its time, and returns the effects for the shell to carry out, in order. All
/// random numbers come from the generator passed in, so the same inputs give the same effects.
package struct Membership: Sendable {
    /// The phase of this node's membership.
    package enum Phase: Hashable, Sendable {
        /// Not started.
        case idle
        /// Asking the seeds.
        case contacting
        /// Has asked a member to let it in, and waits for the welcome.
        case joining(through: UniqueAddress)
        /// A member.
        case member
        /// Stopped permanently.
        case stopped(StopReason)
    }

    package let myself: UniqueAddress
    package let roles: [String]
    package let settings: MembershipSettings
    /// What all nodes must agree on, sorted by name; complete once the node has started.
    package internal(set) var sharedSettings: [SharedSetting]
    package internal(set) var phase = Phase.idle { didSet { edits &+= 1 } }
    package internal(set) var gossip = Gossip() { didSet { edits &+= 1 } }
    /// Incremented whenever the phase, the gossip or what this node knows about agreement may have changed; for observers
    /// that compare them.
    package private(set) var edits: UInt64 = 0
    var present = PresentVersion()
    /// Why this node stops at the end of the present input.
    var pendingStop: StopReason?

    var generator: SeededGenerator
    var effects: [MembershipEffect] = []
    var timers = ArmedTimers()

    var join: JoinState
    var detection: Detection
    var health = LocalHealth()
    var lease = EntityLease()
    var dissemination = Dissemination()
    var convergence = Convergence() { didSet { edits &+= 1 } }
    var leadership = Leadership()
    var downing = DowningState()
    var departure = Departure.staying
    /// When this node learned of each removal; the tombstones expire by it.
    var tombstoneTimes: [TombstoneTime] = []
    var proofs = LastProofs()
    var familiarity = Familiarity()
    /// The members that were reported because they do not keep to the protocol, sorted.
    var doubted: [UniqueAddress] = []
    var secondClusters: SecondClusters

    /// Incremented whenever the gossip, or the list of members that have seen it, may have changed.
    package var revision: UInt64 { present.revision }
    /// Until when this node may run entities if no further acknowledgement arrives.
    package var leaseValidUntil: Instant { lease.validUntil }
    /// Since when this node has known the present version.
    package var versionSince: Instant { present.since }

    /// Creates the membership of a node that has not started.
    ///
    /// - Parameters:
    ///   - sharedSettings: What all nodes must agree on (shard counts…); the shared ones of `settings`, the downing
    ///     strategy among them, are added here.
    package init(
        myself: UniqueAddress, roles: [String] = [], settings: MembershipSettings, sharedSettings: [SharedSetting] = [],
        generator: SeededGenerator
    ) {
        self.myself = myself
        self.roles = roles.sorted()
        self.settings = settings
        self.sharedSettings = (sharedSettings + settings.shared)
            .sortedUniquely(by: \.name) { first, _ in first }
        self.generator = generator
        secondClusters = SecondClusters(generator: generator.fork("seed probes"))
        join = JoinState(Founding(myself, seeds: [], remembered: nil, settings: settings))
        detection = Detection(settings)
    }

    /// A message came in from a peer whose identity the handshake has established.
    package mutating func onMessage(
        _ message: ClusterMessage, from peer: UniqueAddress, at now: Instant
    ) -> [MembershipEffect] {
        switch phase {
        case .idle, .stopped: return []
        case .contacting, .joining, .member: break
        }
        guard peer != myself else { return [] }
        if gossip.isTombstoned(peer), settings.mutations.contains(.readmitsRemoved) {
            change(.join, at: now) { gossip, _ in
                gossip.tombstones.removeAll { $0.node == peer }
                gossip.add(Member(node: peer, status: .up))
            }
        } else if gossip.isTombstoned(peer) {
            // Two nodes that have removed each other would otherwise answer each other without end.
            if message != .gone { effects.append(.send(.gone, to: peer)) }
            return finish(at: now)
        }
        receive(message, from: peer, at: now)
        return finish(at: now)
    }

    private mutating func receive(_ message: ClusterMessage, from peer: UniqueAddress, at now: Instant) {
        noteFamiliarity(message, from: peer, at: now)
        switch message {
        case .initJoin(let settings, let ballot): answerContact(from: peer, settings: settings, ballot, at: now)
        case .clusterProbe(let number, let claim): answerProbe(number, claim, from: peer, at: now)
        case .clusterAnswer(let number, let claim, let yours):
            probeOfClusterAnswered(number, claim, mine: yours, from: peer, at: now)
        case .otherCluster(let addresses): heardOfOtherCluster(at: addresses, from: peer, at: now)
        case .noCluster(let round, let vote, let memory):
            heardNoCluster(from: peer, round: round, vote, memory, at: now)
        case .initJoinAck(let leader, let cluster): contactAccepted(by: peer, leader: leader, cluster, at: now)
        case .initJoinNack(let refusal): refused(refusal, by: peer, at: now)
        case .join(let roles, let settings, let highest):
            letIn(peer, roles: roles, settings: settings, highest: highest, at: now)
        case .welcome(let gossip): welcomed(gossip, by: peer, at: now)
        case .joinRefused(let refusal): refused(refusal, by: peer, at: now)
        case .heartbeat(let sequence, let sentAt):
            answerHeartbeat(from: peer, sequence: sequence, sentAt: sentAt, at: now)
        case .heartbeatAck(let sequence, let sentAt, let voters):
            heard(peer, sequence: sequence, sentAt: sentAt, voters: voters, at: now)
        case .unknown(let sequence, let sentAt):
            heard(peer, sequence: sequence, sentAt: sentAt, voters: nil, at: now)
            unknownTo(peer, at: now)
        case .probeConnection(let sequence, let sentAt):
            answerProbeConnection(from: peer, sequence: sequence, sentAt: sentAt, at: now)
        case .gossipStatus(let digest, let seenDigest):
            receiveStatus(digest: digest, seenDigest: seenDigest, from: peer)
        case .gossipSeen(let digest, let seen): receiveSeen(digest: digest, seen: seen, from: peer)
        case .gossipEnvelope(let gossip): receiveGossip(gossip, from: peer, at: now)
        case .gossipSpread(let gossip, let relay): receiveSpread(gossip, relay: relay, from: peer, at: now)
        case .gossipAck(let digest, let seen): receiveAck(digest: digest, seen: seen, from: peer)
        case .exitingConfirmed: confirmed(by: peer)
        case .lastAcknowledged(let subject, let ago): receiveReport(about: subject, ago: ago, from: peer, at: now)
        case .probeRequest(let id, let subject):
            // Without this check any peer could make this node send messages to addresses of its choice.
            if areMembers(peer, subject) { effects.append(.send(.probe(id: id, origin: peer), to: subject)) }
        case .probe(let id, let origin): effects.append(.send(.probeAck(id: id, origin: origin), to: peer))
        case .probeAck(let id, let origin):
            if areMembers(peer, origin) { effects.append(.send(.probeAnswer(id: id, subject: peer), to: origin)) }
        case .probeAnswer(let id, let subject): probeAnswered(id: id, subject: subject, by: peer, at: now)
        case .gone: toldGone(by: peer)
        case .unknownPeer: markUnknown(to: peer)
        }
    }

    private func areMembers(_ first: UniqueAddress, _ second: UniqueAddress) -> Bool {
        phase == .member && gossip.hasMember(first) && gossip.hasMember(second)
    }

    /// A timer fired, on time or late.
    package mutating func onTimer(_ key: TimerKey, at now: Instant) -> [MembershipEffect] {
        if case .stopped = phase { return [] }
        guard let due = armed(key) else { return [] }
        if now < due {
            effects.append(.schedule(key, at: due))
            return finish(at: now)
        }
        if now - due > settings.lateTolerance, timers.markReposted(key) {
            noteLate(by: now - due, at: now)
            effects.append(.repost(key))
            return finish(at: now)
        }
        timers.unmarkReposted(key)
        disarm(key)
        switch key {
        case .join: retryJoin(at: now)
        case .heartbeat: beat(at: now)
        case .gossip: gossipRound(at: now)
        case .spread: spreadGathered(at: now)
        case .leaderActions: lookAsLeader(at: now)
        case .suspicion(let peer): listen(to: peer, at: now)
        case .downing: decideDowning(at: now)
        case .lease: lookAtClaim(at: now)
        case .leave: leaveUnagreed(at: now)
        case .seedProbe: probeSeeds(at: now)
        case .exit: pendingStop = .left
        }
        return finish(at: now)
    }

    /// Whether this node may run entities now. O(1).
    package func leaseHeld(at now: Instant) -> Bool { now < leaseValidUntil }
}
