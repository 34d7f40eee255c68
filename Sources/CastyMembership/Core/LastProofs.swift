import CastyCore

/// What this node knows of the last acknowledgements that can have prolonged the leases of members that are down. See
/// ``Membership/silence(of:at:)``.
struct LastProofs: Sendable {
    /// When this node last acknowledged a heartbeat of a peer.
    struct Acknowledgement: Hashable, Sendable {
        let peer: UniqueAddress
        var at: Instant
    }

    /// A member that was declared down, and who voted then.
    struct Downed: Hashable, Sendable {
        let node: UniqueAddress
        /// The members that voted and were not down when this node learned of it, sorted; `nil` where this node did not
        /// see the member before that.
        let voters: [UniqueAddress]?
        /// When this node learned of it.
        let since: Instant
        /// The reports about it, sorted by reporter.
        var reports: [Report] = []
    }

    /// A member reports when it last acknowledged a heartbeat of a member that is down.
    struct Report: Hashable, Sendable {
        let by: UniqueAddress
        /// In this node's time, and not before the acknowledgement; `nil`: never.
        let at: Instant?
    }

    /// Sorted by peer.
    private(set) var acknowledgements: [Acknowledgement] = []
    /// The members that are down, sorted by node.
    var downed: [Downed] = []
    /// The leader that this node has reported to.
    var reportedTo: UniqueAddress?

    mutating func noteAcknowledged(_ peer: UniqueAddress, at now: Instant) {
        let index = acknowledgements.sortedIndex(of: peer, by: \.peer)
        if index < acknowledgements.count, acknowledgements[index].peer == peer {
            acknowledgements[index].at = now
        } else {
            acknowledgements.insert(Acknowledgement(peer: peer, at: now), at: index)
        }
    }

    /// When this node last acknowledged a heartbeat of that peer; `nil`: never.
    func acknowledged(_ peer: UniqueAddress) -> Instant? {
        acknowledgements.sortedElement(of: peer, by: \.peer)?.at
    }

    mutating func forgetAcknowledgements(where isGone: (UniqueAddress) -> Bool) {
        acknowledgements.removeAll { isGone($0.peer) }
    }

    /// Returns whether it is news.
    mutating func note(_ report: Report, about node: UniqueAddress) -> Bool {
        guard let index = downed.firstIndex(where: { $0.node == node }) else { return false }
        let slot = downed[index].reports.sortedIndex(of: report.by, by: \.by)
        // What a member reported first is what holds: it has acknowledged nothing since.
        if slot < downed[index].reports.count, downed[index].reports[slot].by == report.by { return false }
        downed[index].reports.insert(report, at: slot)
        return true
    }
}
