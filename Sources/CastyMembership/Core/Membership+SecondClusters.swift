package import CastyCore

/// How members find out that two clusters of one name run, and end one of them.
///
/// A cluster may be founded twice: two nodes are ordered to found; a founder is cut off from its voters; the only seed
/// of a list is started again. So each member asks the seeds that are not members which cluster they are in, every few
/// seconds, and less often while nothing is found. A seed that is in no cluster thereby learns of one that it can join.
/// Where a seed is in another cluster, both sides report it. The cluster that ends by ``ClusterClaim/ends(before:)``
/// stops, member by member, each with the reason.
///
/// A claim must not end a healthy cluster: any process that can connect could make one up. So a member never stops on
/// an unsolicited claim. It stops only on answers to *its own* probes, each from an address that it dialled and that
/// answered there (which the shell ensures), an address counting once; and only when
/// - a seed of its own configuration, or an address at which another member of its cluster has found the other cluster,
///   has confirmed in two rounds, or
/// - more than half of the members that the other cluster claims to have, each at an address of its own, have
///   confirmed, over at least one such interval.
///
/// A claim counts the voting members that its sender reaches, and says whether that cluster has members in trouble.
/// Until these are back or declared down, no other cluster ends before that one, because it may itself be about to end.
/// A round takes at least the interval between two looks; in that time a cluster notices that members have died. A
/// cluster that is founded again keeps its identity, so each founding has its own number, which distinguishes the two.
///
/// Seeds whose processes have all ended may come back together, and then no seed among them knows of the cluster. So a
/// few members, the lookouts, ask often: within the time that a seed waits before it gives its first vote, so that it
/// hears of the cluster first.
///
/// This node reports an unsolicited claim, and answers it with a probe of its own. It compares the claims of one
/// exchange: the prober's claim is sent with the probe and comes back with the answer, so both sides compare the same
/// two.
extension Membership {
    /// This node's claim about its cluster; `nil` while it is in none.
    package var claim: ClusterClaim? {
        guard phase == .member, let id = gossip.cluster else { return nil }
        let unreachable = gossip.unreachable
        let size = gossip.members.count { $0.status.isVoting && !unreachable.sortedContains($0.node) }
        return ClusterClaim(
            id: id, founding: gossip.founding, size: UInt32(clamping: size),
            age: gossip.members.compactMap(\.upNumber).max() ?? 0, isTroubled: downing.split != nil)
    }

    mutating func armSeedProbe(after intervals: Int = 1, at now: Instant) {
        arm(
            .seedProbe,
            at: now + settings.seedProbe * (Double(intervals) * (0.8 + 0.4 * secondClusters.generator.unit())))
    }

    /// How many members are lookouts: they ask seeds that do not run as often as ``lookout``.
    private static let lookouts = 5
    /// The longest pause between two looks of a lookout. A seed gives no vote in the first
    /// ``MembershipSettings/joinRetry`` after its start.
    private var lookout: Duration { settings.joinRetry * 0.6 }

    /// Whether this node is a lookout: one of the oldest reachable members.
    private var isLookout: Bool {
        guard let mine = gossip.member(myself), mine.status == .up, let number = mine.upNumber,
            !settings.mutations.contains(.looksSeldom)
        else { return false }
        let unreachable = gossip.unreachable
        let older = gossip.members.count { member in
            member.status == .up && (member.upNumber ?? .max) < number && !unreachable.sortedContains(member.node)
        }
        return older < Self.lookouts
    }

    /// Whether a member is at an address, or may still be.
    private func isTaken(_ address: NodeAddress) -> Bool {
        gossip.members.contains { member in
            member.node.address == address && member.status != .down && !gossip.isGone(member.node)
        }
    }

    /// A seed may have just ended: a lookout asks there at once, and often.
    mutating func lookForSeeds(at now: Instant) {
        guard let due = timers[.seedProbe], due > now + lookout,
            join.founding.seeds.contains(where: { $0 != myself.address && !isTaken($0) }), isLookout
        else { return }
        arm(.seedProbe, at: now)
    }

    /// Probes the seeds that are not members.
    mutating func probeSeeds(at now: Instant) {
        guard phase == .member else { return }
        let isLeaving = gossip.member(myself).map { $0.status >= .leaving } ?? true
        let targets =
            isLeaving
            ? []
            : (join.founding.seeds + secondClusters.vouched).sortedUniquely(by: { $0 }) { first, _ in first }
                .filter { $0 != myself.address && !isTaken($0) }
        let pause = secondClusters.beginRound(targets)
        if let claim, !settings.mutations.contains(.ignoresSecondClusters) {
            for target in targets {
                effects.append(
                    .contact(.clusterProbe(number: secondClusters.probe(target), claim: claim), at: target))
            }
        }
        if !targets.isEmpty, isLookout {
            arm(.seedProbe, at: now + lookout * (0.7 + 0.3 * secondClusters.generator.unit()))
        } else {
            armSeedProbe(after: pause, at: now)
        }
    }

    /// A member of some cluster asks which one this node is in.
    mutating func answerProbe(
        _ number: UInt64, _ theirs: ClusterClaim, from peer: UniqueAddress, at now: Instant
    ) {
        if phase == .contacting {
            // There is a cluster, and the sender is a member of it: better than any vote.
            join.founding.heardOfCluster(at: now)
            let question = Ballot.question(round: join.founding.round)
            return effects.append(.send(.initJoin(settings: sharedSettings, ballot: question), to: peer))
        }
        guard let claim, !settings.mutations.contains(.ignoresSecondClusters) else { return }
        effects.append(.send(.clusterAnswer(number: number, claim: claim, yours: theirs), to: peer))
        guard !theirs.isSame(as: claim) else { return }
        report(theirs, from: peer, at: now)
        if theirs.size > 0, claim.ends(before: theirs), !secondClusters.awaits(peer.address) {
            let probe = ClusterMessage.clusterProbe(number: secondClusters.probe(peer.address), claim: claim)
            // Sent to the address and not to the peer: an answer on the connection on which a claim came proves
            // nothing.
            effects.append(.contact(probe, at: peer.address))
        }
    }

    /// The answer to a probe.
    ///
    /// - Parameter mine: The claim that this node sent with the probe.
    mutating func probeOfClusterAnswered(
        _ number: UInt64, _ theirs: ClusterClaim, mine: ClusterClaim, from peer: UniqueAddress, at now: Instant
    ) {
        guard let claim, secondClusters.isAnswer(number, from: peer.address), !theirs.isSame(as: claim),
            mine.isSame(as: claim)
        else { return }
        report(theirs, from: peer, at: now)
        let loses = mine.ends(before: theirs) && claim.ends(before: theirs) && !theirs.isTroubled
        secondClusters.confirm(theirs, at: peer.address, loses: loses, spacing: settings.seedProbe * 0.75, at: now)
        // A cluster that has just been found is probed again soon.
        if let due = timers[.seedProbe], due > now + settings.seedProbe { armSeedProbe(at: now) }
        guard settings.endsSecondClusters, loses else { return }
        let trusted = join.founding.seeds + secondClusters.vouched
        guard let winner = secondClusters.winner(trusted: trusted, spacing: settings.seedProbe * 0.75, at: now) else {
            if trusted.contains(peer.address) { tellFellows(of: theirs) }
            return
        }
        tellFellows(of: winner.claim)
        pendingStop = pendingStop ?? .secondCluster(own: claim, other: winner.claim)
    }

    /// Sends the addresses to the other members of this cluster: they may have no seed by which they could find the
    /// other one.
    private mutating func tellFellows(of cluster: ClusterClaim) {
        let witnesses = secondClusters.witnesses(of: cluster)
        for target in targets { effects.append(.send(.otherCluster(at: Array(witnesses.prefix(8))), to: target)) }
    }

    /// Another member of this cluster has found another cluster at these addresses.
    mutating func heardOfOtherCluster(at addresses: [NodeAddress], from peer: UniqueAddress, at now: Instant) {
        guard let claim, gossip.hasMember(peer) else { return }
        let members = gossip.members.map(\.node.address)
        for address in addresses where !members.contains(address) && secondClusters.vouch(for: address) {
            effects.append(
                .contact(.clusterProbe(number: secondClusters.probe(address), claim: claim), at: address))
        }
    }

    private mutating func report(_ theirs: ClusterClaim, from peer: UniqueAddress, at now: Instant) {
        guard let claim, secondClusters.heard(theirs, at: now) else { return }
        publish(.secondCluster(own: claim, other: theirs), peer, .probe(of: peer), at: now)
        effects.append(.note(.otherCluster(peer.address, own: claim, other: theirs)))
        armSeedProbe(at: now)
    }
}
