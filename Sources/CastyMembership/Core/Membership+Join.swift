package import CastyPrimitives

/// How far this node is with being let in.
struct JoinState: Sendable {
    /// The seeds but for this node, in their order.
    var others: [NodeAddress] = []
    /// Whether this node is the first of the seeds: it alone may found a cluster.
    var isFirstSeed = false
    /// Who has said no since the last round of questions.
    var refusals: [NodeAddress] = []
    var startedAt = Instant.start
    /// How often the join was sent since a member said that this node may join.
    var attempts = 0
    /// Who said so: the one to turn to if the leader does not answer.
    var contact: UniqueAddress?
    /// The place among the others of the next one to ask.
    var next = 0
    /// Those who were asked last.
    var asked: [NodeAddress] = []
    /// How many were asked in this attempt.
    var askedInVain = 0
}

extension Membership {
    /// The node starts.
    ///
    /// - Parameters:
    ///   - seeds: Where to ask, the same list on every node; with none the node founds a cluster of its own.
    ///   - mayFound: Whether this is the first start of a node at this place: only then the first seed founds at once,
    ///     without asking the others.
    package mutating func onStart(seeds: [NodeAddress], mayFound: Bool, at now: Instant) -> [MembershipEffect] {
        guard phase == .idle else { return [] }
        for seed in seeds where seed != myself.address && !join.others.contains(seed) { join.others.append(seed) }
        join.isFirstSeed = seeds.isEmpty || seeds.first == myself.address
        if settings.sabotage.contains(.everyoneFounds) { join.isFirstSeed = true }
        join.startedAt = now
        if join.isFirstSeed, mayFound || join.others.isEmpty { found(at: now) } else { ask(at: now) }
        return finish(at: now)
    }

    /// A place that was contacted refused the connection.
    package mutating func onUnreachableContact(_ address: NodeAddress, at now: Instant) -> [MembershipEffect] {
        switch phase {
        case .contacting: noteNo(from: address, at: now)
        case .joining(let contact) where contact.address == address: ask(at: now)
        case .idle, .joining, .member, .stopped: break
        }
        return finish(at: now)
    }

    // MARK: the side of the joiner

    private mutating func found(at now: Instant) {
        phase = .member
        cancel(.join)
        effects.append(.welcomed)
        let founder = Member(node: myself, status: .joining, roles: roles)
        change(.start, at: now) { gossip, _ in gossip.add(founder) }
        performLeaderActions(at: now)
        startRounds(at: now)
    }

    private mutating func ask(at now: Instant) {
        phase = .contacting
        join.askedInVain = 0
        askSome(at: now)
    }

    /// Asks the next few seeds: one that answers is enough. Who may found a cluster needs everyone's answer.
    private mutating func askSome(at now: Instant) {
        join.refusals = []
        join.attempts = 0
        join.asked = join.others
        if !join.isFirstSeed, join.others.count > Self.askedAtOnce {
            join.asked = (0..<Self.askedAtOnce).map { join.others[(join.next + $0) % join.others.count] }
            join.next = (join.next + Self.askedAtOnce) % join.others.count
        }
        join.askedInVain += join.asked.count
        for seed in join.asked { effects.append(.contact(.initJoin(settings: sharedSettings), at: seed)) }
        arm(.join, at: now + settings.joinRetry)
    }

    private static let askedAtOnce = 5

    private mutating func sendJoin(to contact: UniqueAddress, at now: Instant) {
        join.attempts += 1
        effects.append(.send(.join(roles: roles, settings: sharedSettings), to: contact))
        arm(.join, at: now + settings.joinRetry)
    }

    mutating func retryJoin(at now: Instant) {
        switch phase {
        case .contacting:
            let isOverdue = settings.seedTimeout > .zero && now - join.startedAt >= settings.seedTimeout
            if join.isFirstSeed, isOverdue { found(at: now) } else { ask(at: now) }
        case .joining(let contact):
            // A member that lets nobody in for so long is itself in trouble; another one may do better.
            if join.attempts >= 5 {
                ask(at: now)
            } else if let other = join.contact, other != contact, join.attempts >= 1 {
                // The leader may be dead already; whoever said so has only not noticed yet.
                phase = .joining(through: other)
                sendJoin(to: other, at: now)
            } else {
                sendJoin(to: contact, at: now)
            }
        case .idle, .member, .stopped: break
        }
    }

    mutating func contactAccepted(by peer: UniqueAddress, leader: UniqueAddress?, at now: Instant) {
        guard phase == .contacting else { return }
        join.contact = peer
        let door = leader == myself ? peer : leader ?? peer
        phase = .joining(through: door)
        sendJoin(to: door, at: now)
    }

    mutating func refused(_ refusal: JoinRefusal, by peer: UniqueAddress, at now: Instant) {
        switch phase {
        case .contacting: break
        case .joining(let contact) where contact == peer: break
        case .idle, .joining, .member, .stopped: return
        }
        switch refusal {
        case .settingDiffers, .removed: pendingStop = .refused(refusal)
        case .notInitialised, .goingAway:
            if phase == .contacting {
                noteNo(from: peer.address, at: now)
            } else if let other = join.contact, other != peer {
                phase = .joining(through: other)
                sendJoin(to: other, at: now)
            } else {
                ask(at: now)
            }
        }
    }

    private mutating func noteNo(from address: NodeAddress, at now: Instant) {
        guard join.asked.contains(address), !join.refusals.contains(address) else { return }
        join.refusals.append(address)
        guard join.refusals.count == join.asked.count else { return }
        if join.isFirstSeed {
            found(at: now)
        } else if join.askedInVain < join.others.count {
            askSome(at: now)
        }
    }

    mutating func welcomed(_ theirs: Gossip, by peer: UniqueAddress, at now: Instant) {
        guard phase == .joining(through: peer), theirs.member(myself) != nil, theirs.member(peer) != nil else { return }
        phase = .member
        cancel(.join)
        effects.append(.welcomed)
        let old = gossip
        gossip = theirs
        gossip.seen.insertSorted(myself)
        adopted(over: old, cause: .welcome(from: peer, version: theirs.number), at: now)
        spreadBy = peer
        startRounds(at: now)
        effects.append(.send(.gossipAck(digest: digest, seen: []), to: peer))
    }

    private mutating func startRounds(at now: Instant) {
        beat(at: now)
        // Nodes that start together do not gossip in step.
        arm(.gossip, at: now + settings.gossip * generator.unit())
        arm(.leaderActions, at: now + settings.leaderActions)
    }

    // MARK: the side of the member that is asked

    private func objection(to settings: [SharedSetting]) -> JoinRefusal? {
        guard phase == .member, let status = gossip.member(myself)?.status else { return .notInitialised }
        if status >= .leaving { return .goingAway }
        var objection: JoinRefusal?
        mergeSorted(sharedSettings, settings.sortedUniquely(by: \.name) { first, _ in first }, key: \.name) {
            mine, theirs in
            if let mine, let theirs, mine.value != theirs.value, objection == nil {
                objection = .settingDiffers(name: mine.name, cluster: mine.value, joiner: theirs.value)
            }
        }
        return objection
    }

    mutating func answerContact(from peer: UniqueAddress, settings: [SharedSetting]) {
        // Where all joins go to one member, no two of them have to be merged.
        let door = leader.flatMap { gossip.member($0) }.flatMap { $0.status <= .up ? $0.node : nil }
        let answer = objection(to: settings).map { ClusterMessage.initJoinNack($0) } ?? .initJoinAck(leader: door)
        effects.append(.send(answer, to: peer))
    }

    mutating func letIn(_ peer: UniqueAddress, roles: [String], settings: [SharedSetting], at now: Instant) {
        if self.settings.sabotage.contains(.ignoresJoiners) { return }
        var objection = objection(to: settings)
        if gossip.member(peer)?.status == .down || peer.address == myself.address { objection = .removed }
        if let objection {
            effects.append(.send(.joinRefused(objection), to: peer))
            return
        }
        if gossip.member(peer) == nil {
            // Whoever lived at that place before is dead: its place is taken.
            let isShared = self.settings.sabotage.contains(.sharesPlaces)
            for former in gossip.members(at: peer.address) where !isShared {
                change(.newIncarnation(peer), at: now) { gossip, myself in
                    gossip.setStatus(.down, of: former.node)
                    let row = ReachabilityRow(subject: former.node, verdict: .terminated)
                    gossip.setRow(row, by: myself, of: former.node)
                }
                settle(former.node)
            }
            let isInvented = self.settings.sabotage.contains(.inventsMembers)
            let node = isInvented ? UniqueAddress(address: peer.address, incarnation: ~peer.incarnation) : peer
            change(.join, at: now) { gossip, _ in
                gossip.add(Member(node: node, status: .joining, roles: roles))
            }
        }
        effects.append(.send(.welcome(gossip), to: peer))
        justWelcomed = (peer, digest)
    }
}
