package import CastyCore

/// How long before its removal the lease of a dead member was last prolonged.
///
/// The shards and singletons of a removed member start elsewhere when its lease has certainly ended. Counted from the
/// removal that takes a whole margin. But a crashed member is noticed, and its view has been stable, long before it is
/// removed, and its lease has run meanwhile. So the margin counts from the last proof that can have prolonged the lease.
///
/// ## Why that is safe
///
/// A member holds a lease for ``MembershipSettings/entityLease`` from the time at which it sent the last heartbeats that
/// were acknowledged by enough peers (see ``Membership/refreshLease()``). With the members that are removed together
/// with it, and none of those that stay, it is not kept: the downing strategy has decided for the others. So its lease
/// ends no later than the credit that it has from the last of the members that stay.
///
/// 1. A member acknowledges no heartbeat of a member that it knows to be down. When it learns of that, the time of its
///    last acknowledgement is final, and it reports how long ago that was: to the leader, and to each later leader.
/// 2. The heartbeat was sent before it was acknowledged, so the credit ends within a lease of the acknowledgement.
/// 3. The leader removes a member only on a version that all voters have seen, so all of them have learned of it before.
///    The last of their reports is the last proof, if there is one of each voter. It is written into the tombstone as
///    the length of the silence before the removal.
/// 4. Only ages travel, never times, so no two clocks are compared. An age is true when it is sent, and the message
///    takes time, so the receiver counts from a time that is no earlier than the acknowledgement. A node that learns of
///    the removal later, or joins later, counts the silence back from then. The margin is the sum of such parts. Each is
///    measured by a clock that is 1 % wrong at most, and the margin is 2 % longer than the lease: that covers the drift
///    of the whole sum, and that of the clock by which the member holds its lease.
///
/// Voters are the members that were up or leaving, and not down, when the member was declared down. One that is declared
/// down itself before the removal is removed too, and belongs to the other side. One that leaves has reported before.
///
/// In a cluster with more members than each monitors, a member also takes those that it does not monitor for heard
/// from, as of when half of its peers have acknowledged and saw what it saw (`Detection.sharedProof`). Peers that go
/// with it can give that proof to each other. They cannot while they are fewer than half of the monitored peers, since
/// one of those who stay must be among any half; where more are lost within a minute, nothing is proven.
///
/// Where something is missing (a report within one heartbeat, since it travels beside the news of the version; a member
/// that the leader never saw before it was down; a member that crashed while exiting, which no voter knew to be down),
/// the silence is zero, and the whole margin counts from the removal, as every acknowledgement was made before it.
///
/// A new coordinator needs nothing else: whichever node it runs on has the tombstones, also one that has just joined.
extension Membership {
    /// How long ago other losses count as simultaneous.
    private static let simultaneous = Duration.seconds(60)

    /// When this node may first give away what a removed member ran, less the margin: the last proof that can have
    /// prolonged its lease, in this node's time. `nil` where this node does not remember the removal.
    package func lastProof(of removed: UniqueAddress) -> Instant? {
        guard let tombstone = gossip.tombstones.sortedElement(of: removed, by: \.node),
            let time = tombstoneTimes.sortedElement(of: removed, by: \.node)
        else { return nil }
        return time.learntAt - tombstone.silence
    }

    /// How long ago the last proof can have prolonged the lease of a member that is down; zero where that is unknown.
    func silence(of node: UniqueAddress, at now: Instant) -> Duration {
        guard gossip.status(of: node) == .down,
            let downed = proofs.downed.sortedElement(of: node, by: \.node), !isLostWithMany(node, at: now)
        else { return .zero }
        if settings.mutations.contains(.asksNoVoters) {
            return proofs.acknowledged(node).map { now - $0 } ?? Tombstone.longestSilence
        }
        guard missingReports(downed).isEmpty, downed.voters != nil else { return .zero }
        return downed.reports.compactMap(\.at).max().map { now - $0 } ?? Tombstone.longestSilence
    }

    /// Whether the leader waits for reports before it removes the member.
    func awaitsReports(about node: UniqueAddress, at now: Instant) -> Bool {
        guard let downed = proofs.downed.sortedElement(of: node, by: \.node), now < downed.since + settings.heartbeat
        else { return false }
        return !missingReports(downed).isEmpty
    }

    private func missingReports(_ downed: LastProofs.Downed) -> [UniqueAddress] {
        (downed.voters ?? []).filter { voter in
            gossip.status(of: voter) != .down && downed.reports.sortedElement(of: voter, by: \.by) == nil
        }
    }

    /// Whether members that went with it can have given it a proof for members that it does not monitor.
    private func isLostWithMany(_ node: UniqueAddress, at now: Instant) -> Bool {
        let recent = tombstoneTimes.count { now - $0.learntAt < Self.simultaneous }
        guard gossip.members.count + recent > settings.monitors + 1 else { return false }
        let unreachable = gossip.unreachable
        let others = gossip.members.count { member in
            member.node != node && (!member.status.isVoting || unreachable.sortedContains(member.node))
        }
        return recent + others > settings.monitors / 2
    }

    /// Notes which members are down now, and reports about each of them to the leader.
    mutating func syncProofs(over old: Gossip, at now: Instant) {
        if phase == .member { proofs.forgetAcknowledgements { !gossip.hasMember($0) } }
        let down = gossip.members.filter { $0.status == .down && $0.node != myself }
        if down.isEmpty, proofs.downed.isEmpty { return }
        let known = proofs.downed
        let voters = gossip.members.filter { $0.status.isVoting }.map(\.node)
        proofs.downed = down.map { member in
            if let entry = known.sortedElement(of: member.node, by: \.node) { return entry }
            // A version that a voter has not seen is acted on by no leader, so a voter learns who voted before any of
            // them can leave.
            let isWitness = old.status(of: myself)?.isVoting ?? false
            let wasSeen = isWitness && old.status(of: member.node).map { $0 != .down } ?? false
            var entry = LastProofs.Downed(node: member.node, voters: wasSeen ? voters : nil, since: now)
            entry.reports = [LastProofs.Report(by: myself, at: proofs.acknowledged(member.node))]
            return entry
        }
        let leader = gossip.leader(seenBy: myself)
        let hasNews = leader != proofs.reportedTo || proofs.downed.map(\.node) != known.map(\.node)
        proofs.reportedTo = proofs.downed.isEmpty ? nil : leader
        if hasNews { reportProofs(at: now) }
    }

    /// Reports to the leader when this node last acknowledged the members that are down.
    mutating func reportProofs(at now: Instant) {
        guard phase == .member, let leader = proofs.reportedTo, leader != myself else { return }
        for downed in proofs.downed {
            let ago = proofs.acknowledged(downed.node).map { now - $0 }
            effects.append(.send(.lastAcknowledged(subject: downed.node, ago: ago), to: leader))
        }
    }

    /// A member reports how long ago it last acknowledged a heartbeat of a member that is down.
    mutating func receiveReport(
        about subject: UniqueAddress, ago: Duration?, from peer: UniqueAddress, at now: Instant
    ) {
        guard phase == .member, gossip.hasMember(peer), subject != myself, ago.map({ $0 >= .zero }) ?? true else {
            return
        }
        let report = LastProofs.Report(by: peer, at: ago.map { now - $0 })
        // It may be what the leader waits for.
        if proofs.note(report, about: subject) { leadership.waitsForLease = true }
    }
}
