package import CastyCore

/// What a node in no cluster wants of those it asks, and in which of its rounds.
package enum Ballot: Hashable, Sendable {
    /// Only to know whether there is a cluster.
    case question(round: UInt64)
    /// Their votes, to found one.
    case candidacy(round: UInt64)

    package var round: UInt64 {
        switch self {
        case .question(let round), .candidacy(let round): round
        }
    }
}

/// What becomes of the vote of a node that is in no cluster itself.
package enum VoteAnswer: Hashable, Sendable {
    /// The asking seed has it.
    case granted
    /// Nobody gets it yet.
    case later(Duration)
    /// Another seed has it, or the one that answers keeps it for itself.
    case givenTo(NodeAddress)
    /// There is a cluster somewhere: one of its members was heard leaving.
    case knowsCluster
    /// The two have different seeds; these are the answering one's.
    case otherSeeds(String)
    /// It was not asked for.
    case notAsked
    /// One of the two is no seed.
    case noSeed
}
