public import CastyCore

/// One incarnation of a node, as the gossip describes it.
public struct Member: Hashable, Sendable, Codable {
    /// The incarnation.
    public let node: UniqueAddress
    /// Its status.
    public var status: MemberStatus
    /// Its position in the order in which members became up, from 1; `nil` before that. The lowest is the oldest
    /// member.
    public var upNumber: UInt32?
    /// Its roles, sorted; an incarnation never changes its roles.
    public let roles: [String]

    /// Creates the description of a member.
    public init(node: UniqueAddress, status: MemberStatus, upNumber: UInt32? = nil, roles: [String] = []) {
        self.node = node
        self.status = status
        self.upNumber = upNumber
        self.roles = roles.sorted()
    }

    /// Whether this member has been up for longer than the other one: by up-number, then by address.
    public func isOlder(than other: Member) -> Bool {
        let (mine, theirs) = (upNumber ?? .max, other.upNumber ?? .max)
        return mine != theirs ? mine < theirs : node < other.node
    }

    /// Whether it has a vote when the cluster is split, or had one when it was declared down: it has become up, and is
    /// not exiting.
    package var hasVote: Bool { upNumber != nil && (status.isVoting || status == .down) }

    /// The join of two descriptions of the same incarnation: the further status, the lower up-number.
    func merged(with other: Member) -> Member {
        // Roles never differ for one incarnation; if they did, the greater list would win on every side.
        let roles = self.roles.lexicographicallyPrecedes(other.roles) ? other.roles : self.roles
        let number = [upNumber, other.upNumber].compactMap(\.self).min()
        return Member(node: node, status: max(status, other.status), upNumber: number, roles: roles)
    }
}
