package import CastyCore

/// What a node in no cluster asks other nodes for, and the number of its round.
package enum Ballot: Hashable, Sendable {
    /// Only whether there is a cluster.
    case question(round: UInt64)
    /// Votes, to found a cluster.
    case candidacy(round: UInt64)

    package var round: UInt64 {
        switch self {
        case .question(let round), .candidacy(let round): round
        }
    }
}

/// How a node that is in no cluster itself votes.
package enum VoteAnswer: Hashable, Sendable {
    /// The asking seed gets the vote.
    case granted
    /// No seed gets it yet; ask again after this time.
    case later(Duration)
    /// Another seed has it, or the answering seed keeps it for itself.
    case givenTo(NodeAddress)
    /// There is a cluster: the answering node has heard from one of its members, or is joining it.
    case knowsCluster
    /// The two nodes have different seed lists; this is the answering node's.
    case otherSeeds(String)
    /// The vote was not asked for.
    case notAsked
    /// One of the two nodes is not a seed.
    case noSeed
}
