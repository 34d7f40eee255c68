package import CastyCore
package import CastyMembership
package import CastyObservability

/// The parts of a snapshot that the gossip alone determines. Two sections of the same gossip are the same.
package final class GossipSection: Sendable {
    package let gossip: Gossip
    package let members: [MemberSnapshot]
    package let clock: [ClockEntry]
    package let digest: UInt64
    package let reachability: [CastyObservability.ReachabilityRow]

    init(_ gossip: Gossip, name: (UniqueAddress) -> String) {
        self.gossip = gossip
        members = gossip.shownMembers(name)
        clock = gossip.shownClock(name)
        digest = gossip.contentDigest
        reachability = gossip.shownReachability
    }
}

/// What a node knows of its cluster at one moment, apart from everything that changes with time alone.
package final class GossipView: Sendable {
    package let node: UniqueAddress
    package let phase: Membership.Phase
    package let leader: UniqueAddress?
    /// Whether every member whose consent counts has seen this version.
    package let isConverged: Bool
    package let section: GossipSection
    /// The count of edits of the core that it shows.
    let edits: UInt64

    init(_ core: borrowing Membership, _ section: GossipSection) {
        node = core.myself
        phase = core.phase
        leader = core.leader
        isConverged = core.phase == .member && core.isAgreed
        self.section = section
        edits = core.edits
    }
}

extension Gossip {
    fileprivate func shownMembers(_ name: (UniqueAddress) -> String) -> [MemberSnapshot] {
        let unreachable = unreachable
        return members.map { member in
            MemberSnapshot(
                node: member.node, name: name(member.node), status: member.status,
                upNumber: member.upNumber.map { Int($0) }, roles: member.roles,
                unreachable: unreachable.contains(member.node))
        }
    }

    fileprivate func shownClock(_ name: (UniqueAddress) -> String) -> [ClockEntry] {
        version.entries.map { ClockEntry(node: $0.node, name: name($0.node), counter: $0.count) }
    }

    fileprivate var shownReachability: [CastyObservability.ReachabilityRow] {
        reachability.flatMap { observer in
            observer.rows.map { row in
                CastyObservability.ReachabilityRow(
                    observer: observer.observer, subject: row.subject, status: row.verdict.mark,
                    version: observer.version)
            }
        }
    }
}

extension CastyMembership.ReachabilityRow.Verdict {
    fileprivate var mark: ReachabilityMark {
        switch self {
        case .indirect: .indirectlyUnreachable
        case .unreachable: .unreachable
        case .terminated: .terminated
        }
    }
}
