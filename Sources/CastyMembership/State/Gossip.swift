package import CastyCore

/// A member that was removed, so that an old gossip cannot bring it back.
package struct Tombstone: Hashable, Sendable {
    /// Which incarnation is gone.
    package let node: UniqueAddress
    /// Its last status: exiting when it left, down when it was declared dead.
    package let lastStatus: MemberStatus
    /// How many changes of its own the version had counted, which has no entry of it any more.
    package internal(set) var changes: UInt64

    package init(node: UniqueAddress, lastStatus: MemberStatus, changes: UInt64 = 0) {
        self.node = node
        self.lastStatus = lastStatus
        self.changes = changes
    }

    func merged(with other: Tombstone) -> Tombstone {
        Tombstone(
            node: node, lastStatus: max(lastStatus, other.lastStatus), changes: max(changes, other.changes))
    }
}

/// The shared state of the cluster, as one node knows it.
///
/// Members, reachability rows, tombstones and the version are its content; a change of content by a node ticks that
/// node's entry of the version, so equal versions mean equal content. Who has seen this version is noted beside the
/// content and is part neither of the version nor of the digest.
///
/// Everything is sorted, so that equal contents are equal values and a message or a digest never depends on an order
/// of hashing.
package struct Gossip: Hashable, Sendable {
    /// Which cluster this is the state of; set at its founding, and never changed.
    package internal(set) var cluster: ClusterID?
    /// Which founding of it: one that is founded again keeps its identity. Zero while unknown.
    package internal(set) var founding: UInt64
    /// The members, sorted by address.
    package internal(set) var members: [Member]
    /// Who cannot reach whom, sorted by observer. An observer that reaches everyone again keeps its version and no
    /// rows.
    package internal(set) var reachability: [ObserverRows]
    /// The removed members, sorted; none of them is among the members.
    package internal(set) var tombstones: [Tombstone]
    /// Which changes are included; it has no entry of a removed member.
    package internal(set) var version: VectorClock
    /// The changes of removed members whose tombstones are forgotten: they go on counting in ``number``, and nowhere else.
    package internal(set) var forgotten: UInt64
    /// The highest up-number that was ever given in this cluster; it stays when its member is gone, so that no number is
    /// given twice.
    package internal(set) var highestUpNumber: UInt32
    /// The members known to have this version, sorted.
    package internal(set) var seen: [UniqueAddress]

    /// Creates the state before anything happened.
    package init() {
        self.init(members: [], reachability: [], tombstones: [], version: VectorClock(), seen: [])
    }

    /// Creates a state from parts as they came from a peer, in any order: they are sorted, and whatever breaks the
    /// rules (a removed member, an opinion of or about someone unknown) is left out.
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

    /// A short name for the version on a screen: the number of all changes, those of removed members included, so that it
    /// grows with every change and never runs backwards.
    package var number: UInt64 { tombstones.reduce(version.total &+ forgotten) { $0 &+ $1.changes } }

    /// The member of an incarnation.
    package func member(_ node: UniqueAddress) -> Member? { members.sortedElement(of: node, by: \.node) }

    /// Whether an incarnation was removed.
    package func isTombstoned(_ node: UniqueAddress) -> Bool {
        tombstones.sortedElement(of: node, by: \.node) != nil
    }

    /// The members that live at a place: at most one that is not down.
    package func members(at address: NodeAddress) -> [Member] { members.filter { $0.node.address == address } }

    /// Whether another state says the same, whoever has seen it.
    package func hasSameContent(as other: Gossip) -> Bool {
        members == other.members && reachability == other.reachability && tombstones == other.tombstones
            && version == other.version && forgotten == other.forgotten
            && highestUpNumber == other.highestUpNumber
    }

    /// Leaves out what the tombstones rule out.
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
        func isKnown(_ node: UniqueAddress) -> Bool { members.sortedElement(of: node, by: \.node) != nil }
        reachability.removeAll { !isKnown($0.observer) }
        for index in reachability.indices where !reachability[index].rows.allSatisfy({ isKnown($0.subject) }) {
            reachability[index].rows.removeAll { !isKnown($0.subject) }
        }
        seen.removeAll { !isKnown($0) }
    }
}
