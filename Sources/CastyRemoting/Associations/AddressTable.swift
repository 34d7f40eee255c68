import CastyCore

/// Which addresses belong to members, and which non-members have introduced themselves, by the host they came from.
///
/// Non-members are bounded separately, so that however many arrive, none of them takes a member's entry. When there are
/// too many, the host that most of them came from gives one up, so a host that floods this node displaces only its own.
struct AddressTable: Sendable {
    private struct NonMember: Sendable {
        let address: NodeAddress
        let host: String
    }

    private var members: [NodeAddress: UInt64] = [:]
    /// In the order of arrival.
    private var nonMembers: [NonMember] = []

    var nonMemberCount: Int { nonMembers.count }

    func isMember(_ address: NodeAddress) -> Bool { members[address] != nil }

    /// The member at an address.
    func member(at address: NodeAddress) -> UniqueAddress? {
        members[address].map { UniqueAddress(address: address, incarnation: $0) }
    }

    /// The cluster knows a member.
    mutating func add(member: UniqueAddress) {
        members[member.address] = member.incarnation
        remove(nonMember: member.address)
    }

    /// - Returns: Whether that incarnation was the member there.
    mutating func remove(member: UniqueAddress) -> Bool {
        guard members[member.address] == member.incarnation else { return false }
        members[member.address] = nil
        return true
    }

    /// A non-member has introduced itself.
    mutating func add(nonMember address: NodeAddress, from host: String) {
        nonMembers.append(NonMember(address: address, host: host))
    }

    mutating func remove(nonMember address: NodeAddress) {
        if let index = nonMembers.firstIndex(where: { $0.address == address }) {
            nonMembers.remove(at: index)
        }
    }

    /// The non-members that give way first: those of the host that most have come from, the oldest first.
    var mostCrowded: [NodeAddress] {
        var counts: [String: Int] = [:]
        for nonMember in nonMembers { counts[nonMember.host, default: 0] += 1 }
        let worst = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
        return nonMembers.filter { $0.host == worst }.map(\.address)
    }
}
