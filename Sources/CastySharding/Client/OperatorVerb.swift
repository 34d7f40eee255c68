package import CastyCore

/// What an operator may ask of a cluster through any of its nodes.
package enum OperatorVerb: Codable, Hashable, Sendable {
    case move(type: String, shard: Int, to: NodeAddress)
    case pin(type: String, shard: Int, to: NodeAddress)
    case unpin(type: String, shard: Int)
    case rebalance(type: String)
    case pause(type: String)
    case resume(type: String)
    /// For one type, or for all that the asked node knows.
    case drain(NodeAddress, type: String?)
    case undrain(NodeAddress, type: String?)
    case down(NodeAddress)
    /// The asked node itself leaves.
    case leave
}

/// Why a verb was not carried out.
package struct OperatorError: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        /// The asked node neither hosts nor uses the type.
        case unknownType
        /// There is no member at the address.
        case noSuchMember
        case command(ShardCommandError.Code)
    }

    package let reason: Reason
    package let message: String
}
