import CastyCore

extension Membership {
    /// Applies a change by this node itself. It ticks the clock; apart from this, only a merge does that has the
    /// version of one side but other content.
    ///
    /// - Returns: Whether anything changed.
    @discardableResult
    mutating func change(
        _ cause: EventCause, at now: Instant, _ edit: (inout Gossip, _ myself: UniqueAddress) -> Void
    ) -> Bool {
        let old = gossip
        edit(&gossip, myself)
        guard !gossip.hasSameContent(as: old) else { return false }
        gossip.version.tick(myself)
        gossip.seen = [myself]
        adopted(over: old, cause: cause, at: now)
        dissemination.begin(present.digest)
        return true
    }

    /// The members to gossip with: those that this node itself can reach. Whether others can reach them does not
    /// matter.
    var targets: [UniqueAddress] {
        let mine = gossip.rows(by: myself)
        return gossip.members.map(\.node).filter { node in
            node != myself && (mine.isEmpty || mine.sortedElement(of: node, by: \.subject) == nil)
        }
    }

    // MARK: sending

    mutating func gossipRound(at now: Instant) {
        let silent = presumedSilent
        let reachable = gossip.members.count - silent.count
        let isSlow = gossip.members.contains { $0.status == .down } || gossip.seen.count * 2 < reachable
        arm(.gossip, at: now + (isSlow ? settings.gossip / 3 : settings.gossip))
        if departure.areTasksDone { confirmExit() }
        reportProofs(at: now)
        let targets = targets
        guard !targets.isEmpty else { return }
        let unseen = targets.filter { !gossip.seen.sortedContains($0) && !silent.sortedContains($0) }
        let preferUnseen = generator.unit() < settings.gossipPreferUnseen
        let choice = preferUnseen && !unseen.isEmpty ? unseen : targets
        let target = choice[generator.below(choice.count)]
        if settings.mutations.contains(.isRestless) { change(.command, at: now) { $0.version.tick($1) } }
        if gossip.seen.sortedContains(target), !settings.mutations.contains(.gossipsWhole) {
            effects.append(.send(.gossipStatus(digest: present.digest, seenDigest: gossip.seenDigest), to: target))
        } else {
            effects.append(.send(.gossipEnvelope(gossip), to: target))
        }
    }

    // MARK: receiving

    /// Whether gossip of a peer counts: the peer is a member, and this node hears from it.
    func listens(to peer: UniqueAddress) -> Bool {
        phase == .member && gossip.hasMember(peer) && gossip.row(by: myself, of: peer) == nil
    }

    mutating func receiveStatus(digest theirs: UInt64, seenDigest: UInt64, from peer: UniqueAddress) {
        guard listens(to: peer) else { return }
        if theirs != present.digest {
            effects.append(.send(.gossipEnvelope(gossip), to: peer))
        } else if seenDigest != gossip.seenDigest {
            effects.append(.send(.gossipSeen(digest: present.digest, seen: gossip.seen), to: peer))
        }
    }

    /// A peer has the version with this digest, and knows others that have it. Once all nodes to which this node
    /// relayed the version have it, this node reports that to the sender.
    mutating func receiveAck(digest theirs: UInt64, seen: [UniqueAddress], from peer: UniqueAddress) {
        guard listens(to: peer), theirs == present.digest else { return }
        let known = seen.filter { gossip.hasMember($0) }.sortedUniquely(by: { $0 }) { first, _ in first }
        addSeen(known.sortedUnion([peer]))
        reportRelayed()
    }

    mutating func receiveSeen(digest theirs: UInt64, seen: [UniqueAddress], from peer: UniqueAddress) {
        guard listens(to: peer), theirs == present.digest else { return }
        let known = seen.filter { gossip.hasMember($0) }.sortedUniquely(by: { $0 }) { first, _ in first }
        addSeen(known.sortedUnion([peer]))
        if gossip.seen.contains(where: { !known.sortedContains($0) }) {
            effects.append(.send(.gossipSeen(digest: present.digest, seen: gossip.seen), to: peer))
        }
    }

    mutating func addSeen(_ more: [UniqueAddress]) {
        let union = gossip.seen.sortedUnion(more)
        guard union != gossip.seen else { return }
        gossip.seen = union
        present.revision &+= 1
        present.isDirty = true
    }

    /// - Parameter isSpread: Whether the sender itself sends the version to everyone, so that no other node has to.
    mutating func receiveGossip(
        _ theirs: Gossip, from peer: UniqueAddress, isSpread: Bool = false, at now: Instant
    ) {
        guard phase == .member else { return }
        if theirs.isTombstoned(myself) { return toldGone(by: peer) }
        guard listens(to: peer), theirs.hasMember(myself), theirs.hasMember(peer) else { return }
        if let problem = gossip.problem(with: theirs) { return doubt(peer, .implausibleState(of: peer, problem)) }
        let old = gossip
        defer { reclaimRows(over: old, from: peer, at: now) }
        let cause = EventCause.gossip(from: peer, version: theirs.number)
        switch gossip.version.compare(theirs.version) {
        case .same:
            addSeen(theirs.seen.sortedUnion([peer]))
            if isSpread { acknowledge(theirs.seen, to: peer) } else { answerSeen(theirs.seen, to: peer) }
        case .after: answerOlder(to: peer)
        case .before where settings.mutations.contains(.ignoresGossip): break
        case .before where !theirs.members.contains(where: { gossip.isTombstoned($0.node) }):
            gossip = theirs
            if settings.mutations.contains(.keepsBuried), !theirs.tombstones.isEmpty { gossip.members = old.members }
            gossip.seen = theirs.seen.sortedUnion([peer]).sortedUnion([myself])
            adopted(over: old, cause: cause, at: now)
            dissemination.receive(from: peer)
            if isSpread { acknowledge(theirs.seen, to: peer) } else { answerSeen(theirs.seen, to: peer) }
        case .before, .concurrent:
            mergeIn(theirs, from: peer, cause: cause, at: now)
            // The node that spreads the other part has sent it to that peer as well, or will.
            if isSpread { return }
            effects.append(.send(.gossipEnvelope(gossip), to: peer))
            // It has just been sent there.
            if targets == [peer] { dissemination.pushed = present.digest }
        }
    }

    /// Only this node writes its rows. Where a state has others, a peer has made them up: this node writes its own
    /// again, in a later version, so that they replace the false ones at all members.
    ///
    /// Refusing the state instead would not do: the others cannot tell, and would never agree with this node again.
    private mutating func reclaimRows(over old: Gossip, from peer: UniqueAddress, at now: Instant) {
        guard phase == .member, pendingStop == nil, gossip.hasMember(myself) else { return }
        let mine = old.reachability.sortedElement(of: myself, by: \.observer)
        let present = gossip.reachability.sortedElement(of: myself, by: \.observer)
        let rows = (mine?.rows ?? []).filter { gossip.hasMember($0.subject) }
        if present?.version ?? 0 == mine?.version ?? 0, present?.rows ?? [] == rows { return }
        change(.command, at: now) { $0.restoreRows(mine, by: $1) }
        doubt(peer, .foreignRows(from: peer))
    }

    /// A member does not keep to the protocol. It is reported once while it is a member, because it may do so often.
    private mutating func doubt(_ peer: UniqueAddress, _ notice: MembershipNotice) {
        doubted.removeAll { !gossip.hasMember($0) }
        guard !doubted.sortedContains(peer) else { return }
        doubted.insertSorted(peer)
        effects.append(.note(notice))
    }

    private mutating func answerSeen(_ theirs: [UniqueAddress], to peer: UniqueAddress) {
        if gossip.seen.contains(where: { $0 != peer && !theirs.sortedContains($0) }) {
            effects.append(.send(.gossipSeen(digest: present.digest, seen: gossip.seen), to: peer))
        }
    }

    private mutating func mergeIn(_ theirs: Gossip, from peer: UniqueAddress, cause: EventCause, at now: Instant) {
        let old = gossip
        var merged = gossip.merged(with: theirs)
        let isOurs = merged.version == old.version
        let isTheirs = merged.version == theirs.version
        if isOurs || isTheirs {
            // Without the entries of removed members, one version includes the other. A removed member may have sent
            // one side a change that the other side, which removed it, never received. Then the merged content is new,
            // and needs a new version.
            if merged.hasSameContent(as: isOurs ? old : theirs) {
                merged.seen = (isOurs ? old.seen : theirs.seen.sortedUnion([peer])).sortedUnion([myself])
            } else {
                merged.version.tick(myself)
                merged.seen = [myself]
            }
        } else {
            merged.seen = [myself]
        }
        if settings.mutations.contains(.mergeTicks), leader == myself { merged.version.tick(myself) }
        gossip = merged
        if merged.hasSameContent(as: old) {
            if merged.seen != old.seen { present.revision &+= 1 }
        } else {
            adopted(over: old, cause: cause, at: now)
            dissemination.origin = .merged
        }
    }
}
