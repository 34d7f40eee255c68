package import CastyCore

/// How far this node is with being let in.
struct JoinState: Sendable {
    /// Who founds the cluster where there is none; also knows whom to ask.
    var founding: Founding
    /// Which places said no since the last round of questions.
    var refusals: [NodeAddress] = []
    /// How often the join was sent since a member said that this node may join.
    var attempts = 0
    /// The member that said so: the one to turn to if the leader does not answer.
    var contact: UniqueAddress?
    /// The place among the others of the next one to ask.
    var next = 0
    /// Those who were asked last.
    var asked: [NodeAddress] = []
    /// How many were asked in this attempt.
    var askedInVain = 0
    /// The cluster this node was in, or its data belongs to.
    var remembered: RememberedCluster?
    /// Whether a member was asked to let this node in, so that it may have done so.
    var mayBeIn = false
    /// Whether this node is to leave as soon as it has been let in.
    var isLeaving = false
    /// When the log last said what this node waits for.
    var saidAt: Instant?

    init(_ founding: Founding) { self.founding = founding }
}

extension Membership {
    /// The node starts.
    ///
    /// - Parameters:
    ///   - seeds: Where to ask, the same set on every node; with none the node is its only seed.
    ///   - mayFound: Whether it was told that no cluster runs, and that this node founds it, without asking.
    ///   - remembered: The cluster it was in before. Then it founds nothing while a member of that one may live, and where all of them and all
    ///     seeds are in none it founds the same cluster again. Where it is told to found, those that give no answer for long are taken for lost.
    package mutating func onStart(
        seeds: [NodeAddress], mayFound: Bool, remembered: RememberedCluster? = nil, at now: Instant
    ) -> [MembershipEffect] {
        guard phase == .idle else { return [] }
        join.remembered = remembered
        join.founding = Founding(
            myself, seeds: seeds.isEmpty ? [myself.address] : seeds, remembered: remembered,
            settings: settings)
        sharedSettings = (sharedSettings + [SharedSetting("seeds", join.founding.seedsText)])
            .sortedUniquely(by: \.name) { first, _ in first }
        join.founding.isTold = mayFound
        let founds =
            mayFound && join.founding.isSeed && join.founding.remembered.isEmpty
            || settings.mutations.contains(.everyoneFounds)
        if founds || join.founding.isAlone { found(at: now) } else { ask(at: now) }
        return finish(at: now)
    }

    /// A place that was contacted refused the connection.
    package mutating func onUnreachableContact(_ address: NodeAddress, at now: Instant) -> [MembershipEffect] {
        switch phase {
        case .contacting:
            follow(join.founding.onRefusedConnection(address, at: now), at: now)
            noteNo(from: address, at: now)
        case .joining(let contact) where contact.address == address: ask(at: now)
        case .idle, .joining, .member, .stopped: break
        }
        return finish(at: now)
    }

    /// What answers at an address is no node of this cluster: of another cluster name, or one that calls itself otherwise.
    package mutating func onWrongNode(at address: NodeAddress, answer: String, now: Instant) -> [MembershipEffect] {
        if phase == .contacting { join.founding.onWrongNode(at: address, answer, now: now) }
        return finish(at: now)
    }

    /// The node cannot go on, for a reason outside the membership.
    package mutating func onFailure(_ reason: String, at now: Instant) -> [MembershipEffect] {
        if case .stopped = phase { return [] }
        pendingStop = pendingStop ?? .failed(reason)
        return finish(at: now)
    }

    /// What this node waits for before it is a member, for a person; `nil` where it does not wait for a cluster.
    package var waitingForCluster: String? { phase == .contacting ? join.founding.waiting : nil }

    // MARK: the side of the joiner

    private mutating func found(voters: [UniqueAddress] = [], at now: Instant) {
        phase = .member
        cancel(.join)
        effects.append(.welcomed)
        var generator = generator.fork("cluster \(myself)")
        let memory = join.founding.memory
        let id = memory?.id ?? ClusterID(from: &generator)
        let founding = max(1, generator.next())
        let founder = Member(node: myself, status: .joining, roles: roles)
        let highest = settings.mutations.contains(.reusesUpNumbers) ? 0 : memory?.highestUpNumber ?? 0
        change(.start, at: now) { gossip, _ in
            gossip.cluster = id
            gossip.founding = founding
            gossip.highestUpNumber = highest
            gossip.add(founder)
        }
        performLeaderActions(at: now)
        startRounds(at: now)
        effects.append(.note("founds cluster \(id)"))
        // They need not wait for their next round.
        for voter in voters { effects.append(.send(.initJoinAck(leader: nil, cluster: id), to: voter)) }
    }

    private mutating func ask(at now: Instant) {
        phase = .contacting
        join.askedInVain = 0
        askSome(at: now)
    }

    /// Asks the next few seeds: one that is in a cluster is enough. A seed asks all, because it may have to found one.
    private mutating func askSome(at now: Instant) {
        join.refusals = []
        join.attempts = 0
        if let lost = join.founding.lost(at: now) {
            let names = lost.map(\.description).joined(separator: ", ")
            effects.append(.note("founds its former cluster again, as it was told, though \(names) may be in it"))
            return found(at: now)
        }
        let others = join.founding.others
        join.asked = others
        if !join.founding.isSeed, others.count > Self.askedAtOnce {
            join.asked = (0..<Self.askedAtOnce).map { others[(join.next + $0) % others.count] }
            join.next = (join.next + Self.askedAtOnce) % others.count
        }
        join.askedInVain += join.asked.count
        let ballot = join.founding.ask(at: now)
        for seed in join.asked {
            effects.append(.contact(.initJoin(settings: sharedSettings, ballot: ballot), at: seed))
        }
        sayWaiting(at: now)
        arm(.join, at: now + settings.joinRetry)
    }

    private static let askedAtOnce = 5
    /// How often the log says what a node waits for that finds no cluster.
    private static let saying = Duration.seconds(5)

    private mutating func sayWaiting(at now: Instant) {
        guard let saidAt = join.saidAt else { return join.saidAt = now }
        guard now - saidAt >= Self.saying else { return }
        join.saidAt = now
        effects.append(.note(join.founding.waiting))
    }

    private mutating func sendJoin(to contact: UniqueAddress, at now: Instant) {
        join.attempts += 1
        join.mayBeIn = true
        let highest = settings.mutations.contains(.forgetsJoinersNumbers) ? 0 : join.remembered?.highestUpNumber ?? 0
        effects.append(.send(.join(roles: roles, settings: sharedSettings, highest: highest), to: contact))
        arm(.join, at: now + settings.joinRetry)
    }

    mutating func retryJoin(at now: Instant) {
        switch phase {
        case .contacting:
            if let (address, answer) = join.founding.lastingError(at: now) {
                pendingStop = .refused(.wrongSeed(address: address, answer: answer))
            } else {
                ask(at: now)
            }
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

    mutating func contactAccepted(
        by peer: UniqueAddress, leader: UniqueAddress?, _ cluster: ClusterID?, at now: Instant
    ) {
        guard phase == .contacting else { return }
        if belongsElsewhere(than: cluster) { return }
        join.contact = peer
        let door = leader == myself ? peer : leader ?? peer
        phase = .joining(through: door)
        sendJoin(to: door, at: now)
    }

    /// Whether this node's data belongs to another cluster than the one that it found; then it stops.
    private mutating func belongsElsewhere(than found: ClusterID?) -> Bool {
        guard let found, let mine = join.remembered?.id, mine != found else { return false }
        pendingStop = .refused(.otherCluster(remembered: mine, found: found))
        return true
    }

    mutating func refused(_ refusal: JoinRefusal, by peer: UniqueAddress, at now: Instant) {
        switch phase {
        case .contacting: break
        case .joining(let contact) where contact == peer: break
        case .idle, .joining, .member, .stopped: return
        }
        switch refusal {
        case .settingDiffers, .removed, .wrongSeed, .otherCluster: pendingStop = .refused(refusal)
        case .notInitialised, .goingAway:
            if phase == .contacting {
                if refusal == .goingAway { follow(join.founding.onGoingAway(peer, at: now), at: now) }
                noteNo(from: peer.address, at: now)
            } else if let other = join.contact, other != peer {
                phase = .joining(through: other)
                sendJoin(to: other, at: now)
            } else {
                ask(at: now)
            }
        }
    }

    mutating func heardNoCluster(
        from peer: UniqueAddress, round: UInt64, _ vote: VoteAnswer, _ memory: RememberedCluster?, at now: Instant
    ) {
        guard phase == .contacting else { return }
        follow(join.founding.onNoCluster(from: peer, round: round, vote, memory, at: now), at: now)
        noteNo(from: peer.address, at: now)
    }

    private mutating func follow(_ outcome: Founding.Outcome, at now: Instant) {
        switch outcome {
        case .none: break
        case .found where join.isLeaving: pendingStop = pendingStop ?? .left
        case .found(let voters): found(voters: voters, at: now)
        case .askAgain(let pause):
            let due = now + pause
            if let armed = timers[.join], due < armed { arm(.join, at: due) }
        }
    }

    /// A seed that is no help is noted; where all that were asked are none, the next few are asked at once.
    private mutating func noteNo(from address: NodeAddress, at now: Instant) {
        guard phase == .contacting, join.asked.contains(address), !join.refusals.contains(address) else { return }
        join.refusals.append(address)
        guard join.refusals.count == join.asked.count else { return }
        if join.askedInVain < join.founding.others.count { askSome(at: now) }
    }

    mutating func welcomed(_ theirs: Gossip, by peer: UniqueAddress, at now: Instant) {
        guard phase == .joining(through: peer), theirs.member(myself) != nil, theirs.member(peer) != nil else { return }
        if belongsElsewhere(than: theirs.cluster) { return }
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
        guard join.isLeaving else { return }
        cancel(.leave)
        beginToLeave(at: now)
    }

    private mutating func startRounds(at now: Instant) {
        beat(at: now)
        // Nodes that start together do not gossip in step.
        arm(.gossip, at: now + settings.gossip * generator.unit())
        arm(.leaderActions, at: now + settings.leaderActions)
        armSeedProbe(at: now)
    }

    // MARK: the side of the member that is asked

    private func objection(to settings: [SharedSetting]) -> JoinRefusal? {
        guard phase == .member, let status = gossip.member(myself)?.status else { return .notInitialised }
        if status >= .leaving { return .goingAway }
        return difference(from: settings)
    }

    /// The first setting, by name, that is not the same on both sides; one that a side does not have at all is different. What explains
    /// others comes before them: nodes of two presets differ in every timing.
    private func difference(from settings: [SharedSetting]) -> JoinRefusal? {
        var differences: [JoinRefusal] = []
        mergeSorted(sharedSettings, settings.sortedUniquely(by: \.name) { first, _ in first }, key: \.name) {
            mine, theirs in
            guard mine?.value != theirs?.value, let name = mine?.name ?? theirs?.name else { return }
            let refusal = JoinRefusal.settingDiffers(
                name: name, cluster: mine?.value ?? SharedSetting.missing,
                joiner: theirs?.value ?? SharedSetting.missing)
            if name == "preset" { differences.insert(refusal, at: 0) } else { differences.append(refusal) }
        }
        return differences.first
    }

    mutating func answerContact(
        from peer: UniqueAddress, settings: [SharedSetting], _ ballot: Ballot, at now: Instant
    ) {
        switch phase {
        case .contacting:
            let theirs = settings.first { $0.name == "seeds" }?.value
            let mine = join.founding.seedsText
            let vote =
                theirs == mine || theirs == nil
                ? join.founding.onAsked(by: peer, ballot, at: now) : VoteAnswer.otherSeeds(mine)
            let answer = ClusterMessage.noCluster(round: ballot.round, vote: vote, memory: join.founding.memory)
            return effects.append(.send(answer, to: peer))
        case .joining:
            // It has found one.
            return effects.append(.send(.noCluster(round: ballot.round, vote: .knowsCluster), to: peer))
        case .idle, .member, .stopped: break
        }
        // The other one asks again.
        if mayBeLeftBehind { return }
        // Where all joins go to one member, no two of them have to be merged.
        let door = leader.flatMap { gossip.member($0) }.flatMap { $0.status <= .up ? $0.node : nil }
        let answer =
            objection(to: settings).map { ClusterMessage.initJoinNack($0) }
            ?? .initJoinAck(leader: door, cluster: gossip.cluster)
        effects.append(.send(answer, to: peer))
    }

    mutating func letIn(
        _ peer: UniqueAddress, roles: [String], settings: [SharedSetting], highest: UInt32, at now: Instant
    ) {
        if self.settings.mutations.contains(.ignoresJoiners) || mayBeLeftBehind { return }
        var objection = objection(to: settings)
        if gossip.member(peer)?.status == .down || peer.address == myself.address { objection = .removed }
        if let objection {
            effects.append(.send(.joinRefused(objection), to: peer))
            return
        }
        if gossip.member(peer) == nil {
            // Whoever lived at that place before is dead: its place is taken.
            let isShared = self.settings.mutations.contains(.sharesPlaces)
            for former in gossip.members(at: peer.address) where !isShared {
                change(.newIncarnation(peer), at: now) { gossip, myself in
                    gossip.setStatus(.down, of: former.node)
                    let row = ReachabilityRow(subject: former.node, verdict: .terminated)
                    gossip.setRow(row, by: myself, of: former.node)
                }
                settle(former.node)
            }
            let isInvented = self.settings.mutations.contains(.inventsMembers)
            let node = isInvented ? UniqueAddress(address: peer.address, incarnation: ~peer.incarnation) : peer
            change(.join, at: now) { gossip, _ in
                gossip.add(Member(node: node, status: .joining, roles: roles))
                // This node may have hung while others, which are gone by now, gave numbers that only the joiner remembers. No cluster comes near the end of
                // the numbers, and a word that is wrong must not bring this one there.
                if highest < .max / 2 { gossip.highestUpNumber = max(gossip.highestUpNumber, highest) }
            }
        }
        effects.append(.send(.welcome(gossip), to: peer))
        justWelcomed = (peer, digest)
    }
}
