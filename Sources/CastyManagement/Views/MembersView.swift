import CastyCore
import CastyObservability

/// The membership as one node sees it.
struct MembersView: Encodable, Sendable {
    struct Member: Encodable, Sendable {
        let node: String
        let incarnation: String
        let status: String
        let unreachable: Bool
        let roles: [String]
        /// The position in the order of age; absent before it is up.
        let upNumber: Int?
        /// The suspicion, where this node monitors it; at most 1e9.
        let phi: Double?
        /// The version of the protocol that this node speaks with it, once they have met.
        let protocolVersion: Int?
    }

    /// The node that says so.
    let node: String
    let leader: String?
    let oldest: String?
    let converged: Bool
    /// What keeps the view from converging.
    let waitingFor: [String]
    let members: [Member]

    init(_ snapshot: NodeSnapshot) {
        let membership = snapshot.membership
        node = snapshot.node.description
        leader = membership.leader?.description
        oldest = membership.oldest?.description
        converged = membership.converged
        waitingFor = membership.waitingFor.map(\.obstacle.text)
        members = membership.members.map { member in
            let peer = membership.peers.first { $0.node == member.node }
            return Member(
                node: member.node.address.description, incarnation: String(member.node.incarnation, radix: 16),
                status: member.status.description, unreachable: member.unreachable, roles: member.roles,
                upNumber: member.upNumber, phi: peer.map { min($0.phi, 1e9) },
                protocolVersion: snapshot.protocolVersion(with: member.node.address))
        }
    }
}

extension ConvergenceObstacle {
    fileprivate var text: String {
        switch self {
        case .unreachable(let member, let observers):
            "\(member.address) is unreachable from \(observers.map(\.address.description).joined(separator: ", "))"
        case .notSeen(let member): "\(member.address) has not seen the latest version"
        }
    }
}
