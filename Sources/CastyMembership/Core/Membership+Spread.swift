import CastyCore

/// A version that this node has passed on for another one.
struct Relayed: Sendable {
    let digest: UInt64
    /// Who has asked for it, and is told when all have it.
    let origin: UniqueAddress
    /// To whom it was passed on, sorted.
    let to: [UniqueAddress]
}

/// How a new version gets to everyone at once, in about two messages a member.
///
/// Whoever changes the state sends it to all; in a big cluster to some, each of which passes it on to a few others. Everyone acknowledges it
/// to whoever it came from, and when all that count have, its maker says so. Where two changes meet, everyone merges them to the same
/// version by itself, and the leader alone sends it round, a moment later, because changes that meet rarely come in twos. Gossip by rounds
/// makes good whatever gets lost on the way.
///
/// When a link or a node breaks, many mark many others at once. So each sends its first mark at once, and the next ones together; what joins,
/// leaves or is decided never waits. And whom somebody cannot reach, and this node does not watch itself, it takes for silent: only rounds
/// try it.
extension Membership {
    /// How long the leader waits for more before it sends on what it has merged.
    private static let merging = Duration.milliseconds(5)
    /// The least time between two spreadings of marks, or of what was merged.
    private static let gathering = Duration.milliseconds(50)

    /// Sees to it that the present version gets to those who are not known to have it.
    mutating func push(at now: Instant) {
        guard pushedDigest != digest else { return }
        pushedDigest = digest
        let gathered = max(gatheredAt.map { $0 + Self.gathering } ?? now, now)
        if isMark {
            hasUnsentMarks = true
            if gathered == now { spreadGathered(at: now) } else { armSpread(at: gathered) }
        } else if isMerged {
            if leader == myself { armSpread(at: max(gathered, now + Self.merging)) }
        } else if let spreadBy {
            help(spreadBy)
        } else {
            spread()
        }
    }

    private mutating func armSpread(at due: Instant) {
        if timers[.spread] == nil { arm(.spread, at: due) }
    }

    mutating func spreadGathered(at now: Instant) {
        guard phase == .member, hasUnsentMarks || isMerged && leader == myself else { return }
        gatheredAt = now
        spread()
    }

    /// Members that somebody cannot reach, and of which this node itself knows nothing; none where everyone watches everyone.
    var presumedSilent: [UniqueAddress] {
        gossip.unreachable.filter { $0 != myself && monitorIndex($0) == nil }
    }

    /// Somebody sent an older version: it gets this one, once. Were that lost, rounds would bring it.
    mutating func answerOlder(to peer: UniqueAddress) {
        if answered.digest != digest { answered = (digest, []) }
        if answered.peers.insertSorted(peer) { effects.append(.send(.gossipEnvelope(gossip), to: peer)) }
    }

    private mutating func spread() {
        originDigest = digest
        hasUnsentMarks = false
        let welcomed = justWelcomed?.digest == digest ? justWelcomed?.node : nil
        let silent = presumedSilent
        let unseen = targets.filter {
            $0 != welcomed && !gossip.seen.sortedContains($0) && !silent.sortedContains($0)
        }
        guard !unseen.isEmpty else { return }
        // As even as whole numbers allow; whose turn it is to pass on changes from version to version.
        let heads = min(unseen.count, max(1, settings.gossipFanout))
        let first = heads < unseen.count ? generator.below(unseen.count) : 0
        for head in 0..<heads {
            let (low, high) = (head * unseen.count / heads, (head + 1) * unseen.count / heads)
            let part = (low..<high).map { unseen[(first + $0) % unseen.count] }
            effects.append(.send(.gossipSpread(gossip, relay: Array(part.dropFirst())), to: part[0]))
        }
    }

    /// Sends the version to those whom its sender cannot reach.
    private mutating func help(_ sender: UniqueAddress) {
        let mine = gossip.rows(by: myself)
        for row in gossip.rows(by: sender) where row.subject != myself {
            guard !gossip.seen.sortedContains(row.subject), mine.sortedElement(of: row.subject, by: \.subject) == nil
            else { continue }
            effects.append(.send(.gossipEnvelope(gossip), to: row.subject))
        }
    }

    mutating func receiveSpread(_ theirs: Gossip, relay: [UniqueAddress], from peer: UniqueAddress, at now: Instant) {
        receiveGossip(theirs, from: peer, isSpread: true, at: now)
        guard listens(to: peer), pendingStop == nil, !relay.isEmpty else { return }
        let targets = targets
        let others = relay.sortedUniquely(by: { $0 }) { first, _ in first }
            .filter { targets.sortedContains($0) && !gossip.seen.sortedContains($0) }
        for node in others { effects.append(.send(.gossipSpread(gossip, relay: []), to: node)) }
        relayed = others.isEmpty ? nil : Relayed(digest: digest, origin: peer, to: others)
    }

    /// Tells a sender that this node has its version, and of whom else it knows that.
    mutating func acknowledge(_ theirs: [UniqueAddress], to peer: UniqueAddress) {
        let more = gossip.seen.filter { $0 != peer && $0 != myself && !theirs.sortedContains($0) }
        if more.isEmpty, theirs.sortedContains(myself) { return }
        effects.append(.send(.gossipAck(digest: digest, seen: more), to: peer))
    }

    mutating func reportRelayed() {
        guard let relayed, relayed.digest == digest, relayed.to.allSatisfy({ gossip.seen.sortedContains($0) }) else {
            return
        }
        self.relayed = nil
        effects.append(.send(.gossipAck(digest: digest, seen: relayed.to), to: relayed.origin))
    }

    /// Who has sent a version to everyone tells the others once everyone has seen it.
    mutating func spreadConvergence(at now: Instant) {
        guard originDigest == digest else { return }
        originDigest = nil
        let leader = gossip.leader(seenBy: myself)
        if settings.gossipAtOnce, !pendingLeaderActions(at: now).isEmpty {
            // The next version is about to come: only who makes it has to know.
            if let leader, leader != myself {
                effects.append(.send(.gossipAck(digest: digest, seen: gossip.seen), to: leader))
            }
            return
        }
        var targets = targets
        if targets.count > settings.gossipFanout {
            targets = Array(generator.permuted(targets).prefix(settings.gossipFanout))
            if let leader, leader != myself, !targets.contains(leader) { targets.append(leader) }
        }
        for target in targets { effects.append(.send(.gossipAck(digest: digest, seen: gossip.seen), to: target)) }
    }
}
