import CastyCore

/// Which places are members', and which others have introduced themselves, by the host they came from.
///
/// Others are bounded apart, so that however many come, none of them takes a member's place; and when they are too many the
/// host that most of them came from gives one up, so that a host that crowds in crowds out its own.
struct Places: Sendable {
    private struct Stranger: Sendable {
        let place: NodeAddress
        let host: String
    }

    private var members: [NodeAddress: UInt64] = [:]
    /// In the order in which they came.
    private var strangers: [Stranger] = []

    var strangerCount: Int { strangers.count }

    func isMember(_ place: NodeAddress) -> Bool { members[place] != nil }

    /// The member at a place.
    func member(at place: NodeAddress) -> UniqueAddress? {
        members[place].map { UniqueAddress(address: place, incarnation: $0) }
    }

    /// The cluster knows of a member.
    mutating func add(member: UniqueAddress) {
        members[member.address] = member.incarnation
        remove(stranger: member.address)
    }

    /// - Returns: Whether that incarnation was the member there.
    mutating func remove(member: UniqueAddress) -> Bool {
        guard members[member.address] == member.incarnation else { return false }
        members[member.address] = nil
        return true
    }

    /// A place that is no member's has introduced itself.
    mutating func add(stranger place: NodeAddress, from host: String) {
        strangers.append(Stranger(place: place, host: host))
    }

    mutating func remove(stranger place: NodeAddress) {
        if let index = strangers.firstIndex(where: { $0.place == place }) { strangers.remove(at: index) }
    }

    /// Which others give way first: those of the host that most have come from, the oldest first.
    var mostCrowded: [NodeAddress] {
        var counts: [String: Int] = [:]
        for stranger in strangers { counts[stranger.host, default: 0] += 1 }
        let worst = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
        return strangers.filter { $0.host == worst }.map(\.place)
    }
}
