package import CastyCore

/// The membership status of a member, as far as placement needs it.
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
    /// Whether no member that monitors it considers it unreachable.
    package var isReachable: Bool
    /// Whether a member considers it unreachable and this node has no better knowledge of its own: messages sent there
    /// may be lost.
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

/// A snapshot of the cluster as one node sees it: all that placement reads of membership.
package struct PlacementView: Hashable, Sendable {
    /// The node whose view this is.
    package var own: UniqueAddress
    /// All members that are not removed, sorted by node.
    package private(set) var members: [PlacementMember]
    /// The tombstones: removed members that this node still remembers, sorted. They include nodes that it never saw as
    /// members.
    package private(set) var removed: [UniqueAddress]
    /// The members to which this node currently sends nothing, sorted.
    package private(set) var silent: [UniqueAddress]
    /// For each of ``removed``: the last acknowledgement that can have prolonged its lease, in this node's time; `nil`
    /// where only the removal is known.
    private var lastProofs: [Instant?]
    /// The removal margin of a cluster of this size; the longer of this and ``PlacementSettings/removalMargin``
    /// applies.
    package var removalMargin = Duration.zero

    /// Creates a view; members and tombstones may come in any order.
    ///
    /// - Parameter lastProofs: For each removed member: the last acknowledgement that can have prolonged its lease, in
    ///   this node's time. Where it is missing the removal counts.
    package init(
        own: UniqueAddress, members: [PlacementMember], removed: [UniqueAddress] = [], lastProofs: [Instant] = []
    ) {
        self.own = own
        self.members = members.sorted { $0.node < $1.node }
        let removals = removed.indices.map { index in
            (node: removed[index], lastProof: index < lastProofs.count ? lastProofs[index] : nil)
        }.sorted { $0.node < $1.node }
        self.removed = removals.map(\.node)
        self.lastProofs = removals.map(\.lastProof)
        silent = self.members.filter { $0.isSilent && $0.node != own }.map(\.node)
    }

    /// The member of this incarnation, or `nil` if it is removed or never was a member.
    package func member(_ node: UniqueAddress) -> PlacementMember? {
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            if members[middle].node < node { low = middle + 1 } else { high = middle }
        }
        return low < members.count && members[low].node == node ? members[low] : nil
    }

    /// The removals that this view knows of and the earlier one did not: former members, and new tombstones.
    func removals(since old: PlacementView) -> [UniqueAddress] {
        var gone = old.members.map(\.node).filter { member($0) == nil }
        if removed != old.removed {
            for node in removed where !old.removed.sortedContains(node) { gone.insertSorted(node) }
        }
        return gone
    }

    /// The time from which the margin of a removed member counts.
    func lastProof(of node: UniqueAddress, at now: Instant) -> Instant {
        let index = removed.sortedIndex(of: node) { $0 }
        guard index < removed.count, removed[index] == node, let proof = lastProofs[index] else { return now }
        return min(proof, now)
    }

    /// Why no member can host anything that needs the role, now or as soon as it is up. `nil` if one can, and before
    /// this node is a member itself: it knows nothing then.
    package func absence(role: String?) -> Unavailability? {
        switch member(own)?.status {
        case .weaklyUp, .up, .leaving, .exiting: break
        case .joining, .down, nil: return nil
        }
        if members.contains(where: { $0.mayHost(role: role) }) { return nil }
        return role.map { .noNodeWithRole($0) } ?? .noNode
    }

    /// The node that should run the coordinator: the oldest member that is up, among those with the role if one is
    /// given.
    package func oldest(role: String?) -> UniqueAddress? {
        members.filter { $0.status == .up && $0.hasRole(role) }
            .min { ($0.upNumber, $0.node) < ($1.upNumber, $1.node) }?.node
    }
}

extension PlacementMember {
    /// Whether the member can host now, or will once it is up.
    func mayHost(role: String?) -> Bool {
        guard hasRole(role) else { return false }
        switch status {
        case .joining, .weaklyUp, .up: return true
        case .leaving, .exiting, .down: return false
        }
    }

    /// Whether the member has the role; always true if `role` is `nil`.
    package func hasRole(_ role: String?) -> Bool {
        guard let role else { return true }
        return roles.contains(role)
    }
}
