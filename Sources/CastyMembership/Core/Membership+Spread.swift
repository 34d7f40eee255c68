import CastyCore

/// How a new version gets to all members at once, in about two messages a member.
///
/// The node that changes the state sends it to all; in a big cluster it sends it to some, each of which relays it to a
/// few others. Each receiver acknowledges it to its sender, and when all members that count have, the originator
/// announces that. Where two changes meet, each member merges them to the same version by itself. Only the leader sends
/// the merged version round, a moment later, because usually more than two changes meet. Gossip rounds repair whatever
/// is lost on the way.
///
/// When a link or a node breaks, many nodes mark many others at once. So each node sends its first mark at once, and
/// the next ones together; joins, departures and decisions never wait. A member that is marked by another node, and
/// that this node does not monitor itself, counts as silent: only gossip rounds try it.
extension Membership {
    /// How long the leader waits for further changes before it sends a merged version.
    private static let merging = Duration.milliseconds(5)
    /// The least time between two sends of marks, or of merged versions.
    private static let gathering = Duration.milliseconds(50)

    /// Sends the present version, directly or relayed, to the members that are not known to have it.
    mutating func push(at now: Instant) {
        guard dissemination.pushed != present.digest else { return }
        dissemination.pushed = present.digest
        let gathered = max(dissemination.gatheredAt.map { $0 + Self.gathering } ?? now, now)
        switch dissemination.origin {
        case .own: spread()
        case .mark:
            dissemination.hasUnsentMarks = true
            if gathered == now { spreadGathered(at: now) } else { armSpread(at: gathered) }
        case .merged: if leader == myself { armSpread(at: max(gathered, now + Self.merging)) }
        case .received(let sender): help(sender)
        }
    }

    private mutating func armSpread(at due: Instant) {
        if timers[.spread] == nil { arm(.spread, at: due) }
    }

    mutating func spreadGathered(at now: Instant) {
        guard phase == .member, dissemination.hasUnsentMarks || dissemination.origin == .merged && leader == myself
        else { return }
        dissemination.gatheredAt = now
        spread()
    }

    /// The members that at least one member cannot reach and that this node does not monitor itself; none where all
    /// members monitor all.
    var presumedSilent: [UniqueAddress] {
        gossip.unreachable.filter { $0 != myself && monitorIndex($0) == nil }
    }

    /// A peer sent an older version: it gets this one, once. If that is lost, gossip rounds repeat it.
    mutating func answerOlder(to peer: UniqueAddress) {
        if dissemination.mayAnswer(peer, with: present.digest) {
            effects.append(.send(.gossipEnvelope(gossip), to: peer))
        }
    }

    private mutating func spread() {
        dissemination.originated = present.digest
        dissemination.hasUnsentMarks = false
        let welcomed = dissemination.justWelcomed?.digest == present.digest ? dissemination.justWelcomed?.node : nil
        let silent = presumedSilent
        let unseen = targets.filter {
            $0 != welcomed && !gossip.seen.sortedContains($0) && !silent.sortedContains($0)
        }
        guard !unseen.isEmpty else { return }
        // The parts are as equal as whole numbers allow; the relaying members change from version to version.
        let heads = min(unseen.count, max(1, settings.gossipFanout))
        let first = heads < unseen.count ? generator.below(unseen.count) : 0
        for head in 0..<heads {
            let (low, high) = (head * unseen.count / heads, (head + 1) * unseen.count / heads)
            let part = (low..<high).map { unseen[(first + $0) % unseen.count] }
            effects.append(.send(.gossipSpread(gossip, relay: Array(part.dropFirst())), to: part[0]))
        }
    }

    /// Sends the version to the members that its sender cannot reach.
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
        dissemination.relayed = others.isEmpty ? nil : Relayed(digest: present.digest, origin: peer, to: others)
    }

    /// Acknowledges a version to its sender, with the other members that this node knows to have it.
    mutating func acknowledge(_ theirs: [UniqueAddress], to peer: UniqueAddress) {
        let more = gossip.seen.filter { $0 != peer && $0 != myself && !theirs.sortedContains($0) }
        if more.isEmpty, theirs.sortedContains(myself) { return }
        effects.append(.send(.gossipAck(digest: present.digest, seen: more), to: peer))
    }

    mutating func reportRelayed() {
        guard let relayed = dissemination.finishRelay(of: present.digest, seen: gossip.seen) else { return }
        effects.append(.send(.gossipAck(digest: present.digest, seen: relayed.to), to: relayed.origin))
    }

    /// The node that sent a version to everyone notifies the others once all have seen it.
    mutating func spreadConvergence(at now: Instant) {
        guard dissemination.originated == present.digest else { return }
        dissemination.originated = nil
        let leader = gossip.leader(seenBy: myself)
        if settings.gossipAtOnce, !pendingLeaderActions(at: now).isEmpty {
            // The next version is about to come: only the node that makes it has to know.
            if let leader, leader != myself {
                effects.append(.send(.gossipAck(digest: present.digest, seen: gossip.seen), to: leader))
            }
            return
        }
        var targets = targets
        if targets.count > settings.gossipFanout {
            targets = Array(generator.permuted(targets).prefix(settings.gossipFanout))
            if let leader, leader != myself, !targets.contains(leader) { targets.append(leader) }
        }
        for target in targets {
            effects.append(.send(.gossipAck(digest: present.digest, seen: gossip.seen), to: target))
        }
    }
}
