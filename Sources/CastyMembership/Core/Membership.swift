package import CastyCore

/// The membership of one node: join, gossip, failure detection, leader, downing. A value without clock, chance or
/// socket.
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
    /// What all nodes must agree on, sorted by name; complete once the node has started.
    package internal(set) var sharedSettings: [SharedSetting]
    package internal(set) var phase = Phase.idle
    package internal(set) var gossip = Gossip()
    /// Grows whenever the gossip may have changed, or who has seen it.
    package internal(set) var revision: UInt64 = 0
    /// Until when this node may run entities, should no further sign of life come in.
    package internal(set) var leaseValidUntil = Instant.start
    /// Since when this node has known the present version.
    package internal(set) var versionSince = Instant.start

    var leaseQuorum: LeaseQuorum?
    /// Whether this node has led, or would have, while its lease had run out.
    var waitsForLease = false
    var generator: SeededGenerator
    /// Draws the moments of seed probes.
    var probeGenerator: SeededGenerator
    var secondClusters = SecondClusters()
    var effects: [MembershipEffect] = []
    var timers = ArmedTimers()
    var join: JoinState
    let detectorParameters: PhiAccrualFailureDetector.Parameters
    let suspicionDeviations: Double
    /// Sorted by peer.
    var monitors: [Monitor] = []
    var lastProbe: UInt64 = 0
    /// When this node last noticed that it was late itself.
    var lastLate: Instant?
    /// When it last noticed that it had been late for longer than a lease lasts; `nil` once a member has acknowledged it since.
    var hungUntil: Instant?
    /// Members that are done and wait for their removal, sorted.
    var leavers: [UniqueAddress] = []
    /// When this node learnt of each removal; the tombstones expire by it.
    var tombstoneTimes: [TombstoneTime] = []
    /// Since when this node has known that a member cannot be reached, sorted by member.
    var silences: [Silence] = []
    /// Hashes of the members that voted and could be reached in the last versions here, the latest last.
    var recentVoters: [UInt64] = []
    var downing = DowningState()
    var exit = ExitState()
    /// Why this node stops at the end of the present input.
    var pendingStop: StopReason?

    // What was told last, so that each change is told once.
    var digest: UInt64 = 0
    var isDirty = false
    var lastCause = EventCause.start
    var toldLeader: UniqueAddress?
    var toldConvergence: UInt64?
    var pushedDigest: UInt64 = 0
    /// The digest of the last version that this node has sent to everyone; it tells the others once all have seen it.
    var originDigest: UInt64?
    /// Who has sent the present version, and sees to it that everyone else gets it as well.
    var spreadBy: UniqueAddress?
    /// Whether the present version came about by a merge, here and wherever both of its parts have arrived.
    var isMerged = false
    /// Whether the present version is a mark that this node has just made or taken back.
    var isMark = false
    /// Whether the present version has marks of this node that it has not sent to anyone.
    var hasUnsentMarks = false
    /// When this node last sent marks, or what it had merged, to everyone.
    var gatheredAt: Instant?
    /// Who has sent older versions, and got this one for it.
    var answered: (digest: UInt64, peers: [UniqueAddress]) = (0, [])
    /// Who was welcomed last, and with which version.
    var justWelcomed: (node: UniqueAddress, digest: UInt64)?
    /// To whom this node has passed a version on, and for whom.
    var relayed: Relayed?
    var divergedSince: Instant?

    /// Those that speak to this node as members, and are none here.
    var strangers: [Stranger] = []
    /// The members whose clusters do not know this node, as they say, sorted.
    var strangerTo: [UniqueAddress] = []
    /// The members that have known this node as one of their cluster, sorted.
    var acquaintances: [UniqueAddress] = []
    /// Those of them that answer as if they did not.
    var forgetters: [Forgetter] = []

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
        self.sharedSettings = (sharedSettings + settings.shared)
            .sortedUniquely(by: \.name) { first, _ in first }
        self.generator = generator
        probeGenerator = generator.fork("seed probes")
        join = JoinState(Founding(myself, seeds: [], remembered: nil, settings: settings))
        detectorParameters = .init(
            threshold: settings.threshold, sigmaFloor: settings.sigmaFloor,
            pause: settings.mutations.contains(.isImpatient) ? .zero : settings.pause,
            samples: settings.samples, expected: settings.heartbeat,
            learnsOutages: settings.mutations.contains(.learnsOutages))
        suspicionDeviations = GaussianTail.y(ofPhi: min(settings.suspicion, settings.threshold))
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
            // Two that have removed each other would never stop to say so.
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
        case .heartbeat(let sequence, let sentAt): answerHeartbeat(from: peer, sequence: sequence, sentAt: sentAt)
        case .heartbeatAck(let sequence, let sentAt, let voters):
            heard(peer, sequence: sequence, sentAt: sentAt, voters: voters, at: now)
        case .unknown(let sequence, let sentAt):
            heard(peer, sequence: sequence, sentAt: sentAt, voters: nil, at: now)
            unknownTo(peer, at: now)
        case .call(let sequence, let sentAt): answerCall(from: peer, sequence: sequence, sentAt: sentAt)
        case .gossipStatus(let digest, let seenDigest):
            receiveStatus(digest: digest, seenDigest: seenDigest, from: peer)
        case .gossipSeen(let digest, let seen): receiveSeen(digest: digest, seen: seen, from: peer)
        case .gossipEnvelope(let gossip): receiveGossip(gossip, from: peer, at: now)
        case .gossipSpread(let gossip, let relay): receiveSpread(gossip, relay: relay, from: peer, at: now)
        case .gossipAck(let digest, let seen): receiveAck(digest: digest, seen: seen, from: peer)
        case .exitingConfirmed: confirmed(by: peer)
        case .probeRequest(let id, let subject):
            // Otherwise anyone could have this node talk to addresses of their choice.
            if areMembers(peer, subject) { effects.append(.send(.probe(id: id, origin: peer), to: subject)) }
        case .probe(let id, let origin): effects.append(.send(.probeAck(id: id, origin: origin), to: peer))
        case .probeAck(let id, let origin):
            if areMembers(peer, origin) { effects.append(.send(.probeAnswer(id: id, subject: peer), to: origin)) }
        case .probeAnswer(let id, let subject): probeAnswered(id: id, subject: subject, by: peer, at: now)
        case .gone: toldGone(by: peer)
        case .stranger: toldStranger(by: peer)
        }
    }

    private func areMembers(_ first: UniqueAddress, _ second: UniqueAddress) -> Bool {
        phase == .member && gossip.member(first) != nil && gossip.member(second) != nil
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

    /// Whether this node may run entities now. Constant time.
    package func leaseHeld(at now: Instant) -> Bool { now < leaseValidUntil }
}
