import CastyCore

/// Whether the cluster agrees on the present version, as this node sees it.
struct Convergence: Sendable {
    /// Since when it has not agreed.
    private(set) var divergedSince: Instant?
    /// The digest of the version on which it agreed last; each agreement is published once.
    private var agreed: UInt64?
    /// Members that have confirmed that they are done and wait for their removal, sorted.
    var leavers: [UniqueAddress] = []

    mutating func diverge(at now: Instant) { divergedSince = divergedSince ?? now }

    /// Returns whether that is news.
    mutating func agree(on digest: UInt64) -> Bool {
        divergedSince = nil
        guard agreed != digest else { return false }
        agreed = digest
        return true
    }
}

/// The leader, as this node sees it.
struct Leadership: Sendable {
    /// The leader that was published last.
    private(set) var toldLeader: UniqueAddress?
    /// Whether this node could not act as the leader at its last attempt, because it held no lease or was late.
    var waitsForLease = false

    /// Returns whether that is news.
    mutating func follow(_ leader: UniqueAddress?) -> Bool {
        defer { toldLeader = leader }
        return toldLeader != leader
    }
}
