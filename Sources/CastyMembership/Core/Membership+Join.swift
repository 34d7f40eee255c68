package import CastyCore

extension Membership {
    /// The node starts.
    ///
    /// - Parameters:
    ///   - seeds: The addresses to ask, the same set on every node; with none the node is its only seed.
    ///   - mayFound: Whether a person has ordered this node to found, because no cluster runs. It then founds at once,
    ///     without asking, if it is a seed and remembers no other members.
    ///   - remembered: The cluster that the node was in before. Then the node founds nothing while a member of that
    ///     cluster may run; where all of its members and all seeds are in no cluster, the node founds that cluster
    ///     again. If `mayFound` is set, addresses that do not answer for long count as lost.
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

    /// The seeds are others now than when the node started: the name that stands for them was looked up again.
    ///
    /// It changes nothing once the node has found a cluster.
    package mutating func onSeeds(_ seeds: [NodeAddress], at now: Instant) -> [MembershipEffect] {
        guard phase == .contacting, !seeds.isEmpty else { return [] }
        var founding = Founding(
            myself, seeds: seeds, remembered: join.remembered, settings: settings, after: join.founding)
        guard founding.seeds != join.founding.seeds else { return [] }
        founding.isTold = join.founding.isTold
        join.founding = founding
        sharedSettings = ([SharedSetting("seeds", founding.seedsText)] + sharedSettings)
            .sortedUniquely(by: \.name) { first, _ in first }
        ask(at: now)
        return finish(at: now)
    }

    /// This node depends on a setting from now on that is compared only where both sides have it, when a node joins.
    package mutating func onDeclaration(_ setting: SharedSetting) {
        let declared = sharedSettings.count { $0.name.hasPrefix(SharedSetting.whereKnown) }
        guard setting.name.hasPrefix(SharedSetting.whereKnown), declared < SharedSetting.mostDeclared else { return }
        sharedSettings = ([setting] + sharedSettings).sortedUniquely(by: \.name) { first, _ in first }
    }

    /// A contacted address refused the connection.
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

    /// The process at an address is not a node of this cluster: it has another cluster name, or identifies itself as
    /// another node.
    package mutating func onWrongNode(at address: NodeAddress, answer: String, now: Instant) -> [MembershipEffect] {
        if phase == .contacting { join.founding.onWrongNode(at: address, answer, now: now) }
        return finish(at: now)
    }

    /// The process at an address and this node do not accept each other's credentials. This node asks again: they may be
    /// renewed at either end.
    package mutating func onNotTrusted(by address: NodeAddress, reason: String, now: Instant) -> [MembershipEffect] {
        if phase == .contacting { join.founding.onNotTrusted(by: address, reason) }
        return finish(at: now)
    }

    /// The node cannot go on, for a reason outside the membership.
    package mutating func onFailure(_ reason: String, at now: Instant) -> [MembershipEffect] {
        if case .stopped = phase { return [] }
        pendingStop = pendingStop ?? .failed(reason)
        return finish(at: now)
    }

    /// What this node waits for before it is a member, or `nil` where it does not wait for a cluster.
    package var waitingForCluster: FoundingWait? { phase == .contacting ? join.founding.waiting : nil }

    // MARK: the side of the joiner

    mutating func found(voters: [UniqueAddress] = [], at now: Instant) {
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
        effects.append(.note(.founds(id)))
        // The voters need not wait for their next round.
        for voter in voters { effects.append(.send(.initJoinAck(leader: nil, cluster: id), to: voter)) }
    }

    mutating func ask(at now: Instant) {
        phase = .contacting
        join.round.restart()
        askSome(at: now)
    }

    /// Asks the next few seeds: one that is in a cluster is enough. A seed asks all of them, because it may have to
    /// found a cluster.
    mutating func askSome(at now: Instant) {
        join.attempts = 0
        if let lost = join.founding.lost(at: now) {
            effects.append(.note(.foundsAgain(without: lost)))
            return found(at: now)
        }
        join.round.begin(join.founding.others, all: join.founding.isSeed)
        let ballot = join.founding.ask(at: now)
        for seed in join.round.asked {
            effects.append(.contact(.initJoin(settings: sharedSettings, ballot: ballot), at: seed))
        }
        sayWaiting(at: now)
        arm(.join, at: now + settings.joinRetry)
    }

    /// The interval at which the log reports what a node waits for that finds no cluster.
    static let saying = Duration.seconds(5)

    mutating func sayWaiting(at now: Instant) {
        guard let saidAt = join.saidAt else { return join.saidAt = now }
        guard now - saidAt >= Self.saying else { return }
        join.saidAt = now
        effects.append(.note(.waits(join.founding.waiting)))
    }

    mutating func sendJoin(to contact: UniqueAddress, at now: Instant) {
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
            // A member that does not answer joins for this long is itself in trouble; another one may do better.
            if join.attempts >= 5 {
                ask(at: now)
            } else if let other = join.contact, other != contact, join.attempts >= 1 {
                // The leader may be dead already, unnoticed by the member that named it.
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

    /// Whether this node's data belongs to another cluster than the one found; if so, the node stops.
    mutating func belongsElsewhere(than found: ClusterID?) -> Bool {
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

    mutating func follow(_ outcome: Founding.Outcome, at now: Instant) {
        switch outcome {
        case .none: break
        case .found where join.isLeaving: pendingStop = pendingStop ?? .left
        case .found(let voters): found(voters: voters, at: now)
        case .askAgain(let pause):
            let due = now + pause
            if let armed = timers[.join], due < armed { arm(.join, at: due) }
        }
    }

    /// Records a seed that does not help; once all that were asked are recorded, asks the next few at once.
    mutating func noteNo(from address: NodeAddress, at now: Instant) {
        guard phase == .contacting, join.round.refuse(address) else { return }
        if join.round.askedInVain < join.founding.others.count { askSome(at: now) }
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
        dissemination.origin = .received(from: peer)
        startRounds(at: now)
        effects.append(.send(.gossipAck(digest: present.digest, seen: []), to: peer))
        guard join.isLeaving else { return }
        cancel(.leave)
        beginToLeave(at: now)
    }

    mutating func startRounds(at now: Instant) {
        beat(at: now)
        // Nodes that start together do not gossip in step.
        arm(.gossip, at: now + settings.gossip * generator.unit())
        arm(.leaderActions, at: now + settings.leaderActions)
        armSeedProbe(at: now)
    }
}
