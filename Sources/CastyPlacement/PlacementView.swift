package import CastyCore

/// Where a member stands in its life, as far as placement asks.
package enum PlacementStatus: UInt8, Hashable, Sendable {
    case joining, weaklyUp, up, leaving, exiting, down
}

/// One member of the cluster, as placement sees it.
package struct PlacementMember: Hashable, Sendable {
    /// The incarnation of the node.
    package var node: UniqueAddress
    /// The number the member got when it became up; lower is older. Zero before that.
    package var upNumber: Int
    package var status: PlacementStatus
    /// No member that watches it holds it to be unreachable.
    package var isReachable: Bool
    /// Somebody holds it to be unreachable, and this node has no better knowledge of its own: what is sent there may go nowhere.
    package var isSilent: Bool
    package var roles: [String]

    package init(
        node: UniqueAddress, upNumber: Int, status: PlacementStatus = .up, isReachable: Bool = true,
        isSilent: Bool? = nil, roles: [String] = []
    ) {
        self.node = node
        self.upNumber = upNumber
        self.status = status
        self.isReachable = isReachable
        self.isSilent = isSilent ?? !isReachable
        self.roles = roles
    }
}

/// The cluster at one moment, as one node sees it: all that placement reads of membership.
package struct PlacementView: Hashable, Sendable {
    /// The node whose view this is.
    package var own: UniqueAddress
    /// All members that are not removed, sorted by node.
    package private(set) var members: [PlacementMember]
    /// The tombstones: removed members that this node still remembers, sorted, also those it never saw as members.
    package private(set) var removed: [UniqueAddress]
    /// The members to which nothing is sent at present, sorted.
    package private(set) var silent: [UniqueAddress]
    /// The removal margin of a cluster of this size; the longer one of it and ``PlacementSettings/removalMargin`` counts.
    package var removalMargin = Duration.zero

    /// Creates a view; members and tombstones may come in any order.
    package init(own: UniqueAddress, members: [PlacementMember], removed: [UniqueAddress] = []) {
        self.own = own
        self.members = members.sorted { $0.node < $1.node }
        self.removed = removed.sorted()
        silent = self.members.filter { $0.isSilent && $0.node != own }.map(\.node)
    }

    /// The member of this incarnation, or `nil` once it is removed or where it never was one.
    package func member(_ node: UniqueAddress) -> PlacementMember? {
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            if members[middle].node < node { low = middle + 1 } else { high = middle }
        }
        return low < members.count && members[low].node == node ? members[low] : nil
    }

    /// What this view knows to be removed and the one before did not: former members, and tombstones that came with the news.
    func removals(since old: PlacementView) -> [UniqueAddress] {
        var gone = old.members.map(\.node).filter { member($0) == nil }
        if removed != old.removed {
            for node in removed where !old.removed.containsSorted(node) { gone.insertSorted(node) }
        }
        return gone
    }

    /// Why no member can be the home of anything that needs the role, now or as soon as it is up; `nil` where one can, and before this node is a
    /// member itself: it knows nothing then.
    package func absence(role: String?) -> Unavailability? {
        switch member(own)?.status {
        case .weaklyUp, .up, .leaving, .exiting: break
        case .joining, .down, nil: return nil
        }
        if members.contains(where: { $0.mayHost(role: role) }) { return nil }
        return role.map { .noNodeWithRole($0) } ?? .noNode
    }

    /// The node where the coordinator belongs: the oldest member that is up, of those with the role if one is given.
    package func oldest(role: String?) -> UniqueAddress? {
        members.filter { $0.status == .up && $0.hasRole(role) }
            .min { ($0.upNumber, $0.node) < ($1.upNumber, $1.node) }?.node
    }
}

extension PlacementMember {
    /// Whether the member can be a home now, or will be when it is up.
    func mayHost(role: String?) -> Bool {
        guard hasRole(role) else { return false }
        switch status {
        case .joining, .weaklyUp, .up: return true
        case .leaving, .exiting, .down: return false
        }
    }

    /// Whether the member has the role; every member does where no role is asked for.
    package func hasRole(_ role: String?) -> Bool {
        guard let role else { return true }
        return roles.contains(role)
    }
}
