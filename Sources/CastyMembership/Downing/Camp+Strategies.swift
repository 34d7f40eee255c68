import CastyCore

/// The decision of each strategy, taking into account changes that may be in progress.
///
/// Only the leader promotes members and moves them to exiting, only on a version that all voters have seen, and in one
/// step. So the cluster is at most one such step ahead of any voter, and a side that has the leader knows that step. A
/// side without the leader cannot know it: every joiner may be up by now, and every leaver may have lost its vote. That
/// side stays only if it wins whichever of these changes have happened.
///
/// - A pure rule (more than half, the quorum, the oldest) lets at most one side win in any one state of the cluster.
/// - The side with the leader applies the rule to the present state. Any other side that stays would win in that state
///   as well, because that state is among those it has considered. So there are never two.
/// - The cost: a side that might be wrong goes. With changes in progress at the moment of a split there may be no
///   survivor.
extension Camp {
    /// Whether the member that would have made the changes in progress is on this side, so that they are known.
    ///
    /// A leader that was declared down here may be alive elsewhere and still lead there.
    var knowsChanges: Bool {
        if ignoresChanges { return true }
        let leading = (all + lost).filter { $0.status.isVoting || $0.hasVote }.min { $0.node < $1.node }
        return leading.map { kept.sortedContains($0.node) } ?? true
    }

    func hasRole(_ member: Member, _ role: String?) -> Bool { role.map { member.roles.contains($0) } ?? true }

    private func isHere(_ member: Member) -> Bool { kept.sortedContains(member.node) }

    /// The members whose votes this side has whatever changes are in progress.
    private func certainHere(_ role: String?) -> [Member] {
        voters(role).filter { isHere($0) && (knowsChanges || $0.status == .up) }
    }

    /// The most votes that the other side can have.
    private func possibleThere(_ role: String?) -> [Member] {
        let known = voters(role).filter { !isHere($0) }
        if knowsChanges { return known }
        // A joiner that was declared down here may be up on the other side, where that is not known.
        let joiners =
            all.filter { $0.status <= .weaklyUp && !isHere($0) }
            + lost.filter { $0.upNumber == nil && !ended.sortedContains($0.node) }
        return known + joiners.filter { hasRole($0, role) }
    }

    /// Whether this side has more votes than the others, or as many and the lowest address among all of them, whatever
    /// changes are in progress.
    private func isAhead(_ role: String?) -> Bool {
        let (here, there) = (certainHere(role), possibleThere(role))
        guard here.count == there.count else { return here.count > there.count }
        guard let lowest = (here + there).map(\.node).min() else { return false }
        return kept.sortedContains(lowest)
    }

    func keepMajority(role: String?) -> DowningDecision {
        let voters = voters(role)
        guard let lowest = voters.first else { return go(.majority(.noVotes)) }
        let mine = voters.count { isHere($0) }
        let wins = mine * 2 > voters.count || (mine * 2 == voters.count && isHere(lowest))
        let votes = DowningReason.Votes(mine, of: voters.count)
        guard wins else { return go(.majority(.tooFew(votes))) }
        guard isAhead(role) else { return go(.majority(.doubtful(votes))) }
        return stay(.majority(.stays(votes, byLowestAddress: mine * 2 == voters.count)))
    }

    func leaseMajority(role: String?, isGranted: Bool?) -> DowningDecision {
        let voters = voters(role)
        let mine = voters.count { isHere($0) }
        guard mine > 0 else { return go(.lease(.noVoteHere)) }
        let votes = DowningReason.Votes(mine, of: voters.count)
        // A member that has unknowingly lost its vote must not ask, because the others then see no reason to ask.
        guard !certainHere(role).isEmpty else { return go(.lease(.doubtful(votes))) }
        // A member without a vote does not ask, so where no other member can have one there is none to exclude.
        if possibleThere(role).isEmpty { return stay(.lease(.onlyVoters(votes))) }
        if let isGranted { return isGranted ? stay(.lease(.granted(votes))) : go(.lease(.refused(votes))) }
        let isLate = !isAhead(role)
        return DowningDecision(
            kind: .claimLease(isLate: isLate), down: all.map(\.node).filter { !kept.sortedContains($0) },
            reason: .lease(.asks(votes, isLate: isLate)))
    }

    /// The total needs no correction. If it were too high because the other side has promoted members, that side would
    /// know, and go.
    func staticQuorum(size: Int, role: String?) -> DowningDecision {
        let voters = voters(role)
        let mine = voters.count { isHere($0) }
        if voters.count > 2 * size - 1 {
            return DowningDecision(
                kind: .downAll, down: all.map(\.node),
                reason: .quorum(.ambiguous(votes: voters.count, size: size)))
        }
        guard mine >= size else { return go(.quorum(.tooFew(votes: mine, size: size))) }
        guard certainHere(role).count >= size else {
            return go(.quorum(.doubtful(votes: mine, size: size)))
        }
        return stay(.quorum(.enough(votes: mine, size: size)))
    }

    func keepOldest(downIfAlone: Bool, role: String?) -> DowningDecision {
        let byAge = voters(role).sorted { $0.isOlder(than: $1) }
        guard let oldest = byAge.first else { return go(.oldest(.noVotes)) }
        let outcome = withOldest(oldest, downIfAlone: downIfAlone, role: role, onlyCertain: false)
        guard outcome.stays, !knowsChanges else { return outcome.stays ? stay(outcome.reason()) : go(outcome.reason()) }
        // An oldest member that is leaving may have lost its vote; then the next one is the oldest.
        for candidate in byAge {
            guard withOldest(candidate, downIfAlone: downIfAlone, role: role, onlyCertain: true).stays else {
                return go(outcome.reason(.changes))
            }
            if candidate.status != .leaving { return stay(outcome.reason()) }
        }
        return go(outcome.reason(.lastVoteLeaves))
    }

    /// Whether this side stays if the given member is the oldest.
    ///
    /// - Parameter onlyCertain: Whether the result must hold whatever changes are in progress.
    private func withOldest(
        _ oldest: Member, downIfAlone: Bool, role: String?, onlyCertain: Bool
    ) -> OldestOutcome {
        let voters = voters(role)
        let isHere = isHere(oldest)
        let here = onlyCertain ? certainHere(role) : voters.filter { self.isHere($0) }
        let there = onlyCertain ? possibleThere(role) : voters.filter { !self.isHere($0) }
        let (mine, theirs) = (here.count { $0.node != oldest.node }, there.count { $0.node != oldest.node })
        let isAlone = downIfAlone && (isHere ? mine == 0 && theirs >= 2 : theirs == 0 && mine >= 2)
        return OldestOutcome(oldest: oldest.node.address, isHere: isHere, isAlone: isAlone)
    }
}

/// Where the oldest member is, and whether it is alone there.
private struct OldestOutcome {
    let oldest: NodeAddress
    let isHere: Bool
    let isAlone: Bool

    /// Whether this side stays: the oldest is here with others, or alone on the other side.
    var stays: Bool { isHere != isAlone }

    func reason(_ doubt: DowningReason.Doubt? = nil) -> DowningReason {
        .oldest(.found(oldest, isHere: isHere, isAlone: isAlone, doubt: doubt))
    }
}
