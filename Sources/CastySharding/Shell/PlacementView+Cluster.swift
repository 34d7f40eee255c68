import CastyCluster
import CastyCore
import CastyMembership
import CastyPlacement

extension PlacementView {
    /// The view of the membership that placement uses.
    init(_ cluster: Cluster, own: UniqueAddress) {
        let state = cluster.state
        self.init(
            own: own,
            members: state.members.map { member in
                let isReachable = !state.unreachable.contains(member.node)
                // A member that becomes unreachable while exiting may not have handed its shards over: it counts as
                // crashed.
                let status: PlacementStatus =
                    member.status == .exiting && !isReachable ? .down : PlacementStatus(member.status)
                return PlacementMember(
                    node: member.node, upNumber: Int(member.upNumber ?? 0), status: status, isReachable: isReachable,
                    isSilent: state.silent.contains(member.node), roles: member.roles)
            }, removed: state.removed, lastProofs: state.lastProofs)
        removalMargin = cluster.config.settings.removalMargin(members: state.members.count)
    }
}

extension PlacementStatus {
    init(_ status: MemberStatus) {
        switch status {
        case .joining: self = .joining
        case .weaklyUp: self = .weaklyUp
        case .up: self = .up
        case .leaving: self = .leaving
        case .exiting: self = .exiting
        case .down: self = .down
        }
    }
}
