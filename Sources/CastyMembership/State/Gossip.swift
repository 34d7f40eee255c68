package import CastyCore

/// A member that was removed, so that an old gossip cannot bring it back.
package struct Tombstone: Hashable, Sendable {
    /// The removed incarnation.
    package let node: UniqueAddress
    /// Its last status: exiting when it left, down when it was declared dead.
    package let lastStatus: MemberStatus
    /// How many changes of this member the version had counted; the version no longer has an entry for it.
    package internal(set) var changes: UInt64
    /// For how long before its removal, at least, no proof can have prolonged its lease; zero where that is unknown. In
    /// whole milliseconds, at most ``longestSilence``.
    package let silence: Duration

    /// Longer than any lease: what lies before counts as equally long ago.
    package static let longestSilence = Duration.seconds(600)

    package init(
        node: UniqueAddress, lastStatus: MemberStatus, changes: UInt64 = 0, silence: Duration = .zero
    ) {
        self.node = node
        self.lastStatus = lastStatus
        self.changes = changes
        let whole = max(min(silence, Self.longestSilence), .zero).nanoseconds / 1_000_000
        self.silence = .milliseconds(whole)
    }

    func merged(with other: Tombstone) -> Tombstone {
        Tombstone(
            node: node, lastStatus: max(lastStatus, other.lastStatus), changes: max(changes, other.changes),
            silence: min(silence, other.silence))
    }
}

/// The shared state of the cluster, as one node knows it.
///
/// Members, reachability rows, tombstones, the highest up-number and the version are its content. A change of content
/// by a node ticks that node's entry of the version, so equal versions mean equal content. The members that have seen
/// this version are listed beside the content, and are part neither of the version nor of the digest.
///
/// All arrays are sorted, so that equal contents are equal values, and no message or digest depends on hashing order.
package struct Gossip: Hashable, Sendable {
    /// The identity of the cluster; set at its founding, and never changed.
    package internal(set) var cluster: ClusterID?
    /// Which founding of the cluster: a cluster founded again keeps its identity. Zero while unknown.
    package internal(set) var founding: UInt64
    /// The members, sorted by address.
    package internal(set) var members: [Member]
    /// Which members cannot reach which, sorted by observer. An observer that reaches all members again keeps its
    /// version and no rows.
    package internal(set) var reachability: [ObserverRows]
    /// The removed members, sorted; none of them is among the members.
    package internal(set) var tombstones: [Tombstone]
    /// The changes that are included; it has no entry of a removed member.
    package internal(set) var version: VectorClock
    /// The number of changes of removed members whose tombstones are forgotten: they still count in ``number``, and
    /// nowhere else.
    package internal(set) var forgotten: UInt64
    /// The highest up-number ever assigned in this cluster; it stays when its member is gone, so that no number is
    /// assigned twice.
    package internal(set) var highestUpNumber: UInt32
    /// The members known to have this version, sorted.
    package internal(set) var seen: [UniqueAddress]

    /// Creates an empty state.
    package init() {
        self.init(members: [], reachability: [], tombstones: [], version: VectorClock(), seen: [])
    }

    /// Creates a state from parts received from a peer, in any order. It sorts them, and leaves out whatever breaks the
    /// rules (a removed member, a row of or about an unknown node).
    package init(
        cluster: ClusterID? = nil, founding: UInt64 = 0, members: [Member], reachability: [ObserverRows],
        tombstones: [Tombstone],
        version: VectorClock, forgotten: UInt64 = 0, highestUpNumber: UInt32 = 0, seen: [UniqueAddress]
    ) {
        self.cluster = cluster
        self.founding = founding
        let tombstones = tombstones.sortedUniquely(by: \.node) { $0.merged(with: $1) }
        self.tombstones = tombstones
        self.members = members.sortedUniquely(by: \.node) { $0.merged(with: $1) }
        self.reachability = reachability.sortedUniquely(by: \.observer) { $0.merged(with: $1) }
        self.version = version
        self.forgotten = forgotten
        self.highestUpNumber = members.reduce(highestUpNumber) { max($0, $1.upNumber ?? 0) }
        self.seen = seen.sortedUniquely(by: { $0 }) { first, _ in first }
        dropGone()
    }

    /// A short number of the version for display: the number of all changes, those of removed members included, so that
    /// it grows with every change and never decreases.
    package var number: UInt64 { tombstones.reduce(version.total &+ forgotten) { $0 &+ $1.changes } }

    /// The member of an incarnation.
    package func member(_ node: UniqueAddress) -> Member? { index(of: node).map { members[$0] } }

    /// Whether an incarnation is a member.
    package func hasMember(_ node: UniqueAddress) -> Bool { index(of: node) != nil }

    /// The status of an incarnation; `nil` where it is no member.
    package func status(of node: UniqueAddress) -> MemberStatus? { index(of: node).map { members[$0].status } }

    /// The index of an incarnation among the members.
    ///
    /// Compares the nodes in place. A generic search would retain and release two texts for each comparison, and nearly
    /// every step looks for some member.
    func index(of node: UniqueAddress) -> Int? { Self.index(of: node, in: members) }

    private static func index(of node: UniqueAddress, in members: [Member]) -> Int? {
        var (low, high) = (0, members.count)
        while low < high {
            let middle = (low + high) / 2
            if members[middle].node < node { low = middle + 1 } else { high = middle }
        }
        return low < members.count && members[low].node == node ? low : nil
    }

    /// Whether an incarnation was removed.
    package func isTombstoned(_ node: UniqueAddress) -> Bool {
        tombstones.sortedElement(of: node, by: \.node) != nil
    }

    /// The members at an address: at most one that is not down.
    package func members(at address: NodeAddress) -> [Member] { members.filter { $0.node.address == address } }

    /// Whether another state has the same content, whichever members have seen it. Does not compare cluster and
    /// founding.
    package func hasSameContent(as other: Gossip) -> Bool {
        members == other.members && reachability == other.reachability && tombstones == other.tombstones
            && version == other.version && forgotten == other.forgotten
            && highestUpNumber == other.highestUpNumber
    }

    /// Removes everything that refers to a tombstoned or unknown node.
    mutating func dropGone() {
        let gone = tombstones
        if !gone.isEmpty {
            func isGone(_ node: UniqueAddress) -> Bool { gone.sortedElement(of: node, by: \.node) != nil }
            members.removeAll { isGone($0.node) }
            for index in tombstones.indices {
                tombstones[index].changes = max(tombstones[index].changes, version[tombstones[index].node])
            }
            version.drop(where: isGone)
        }
        let members = members
        func isKnown(_ node: UniqueAddress) -> Bool { Self.index(of: node, in: members) != nil }
        reachability.removeAll { !isKnown($0.observer) }
        for index in reachability.indices where !reachability[index].rows.allSatisfy({ isKnown($0.subject) }) {
            reachability[index].rows.removeAll { !isKnown($0.subject) }
        }
        seen.removeAll { !isKnown($0) }
    }
}
