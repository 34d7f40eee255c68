/// Why a downing strategy decides as it does, with its numbers.
public enum DowningReason: Hashable, Sendable, Codable {
    /// The votes of one side, and of all.
    public struct Votes: Hashable, Sendable, Codable {
        /// How many of them this side has.
        public let here: Int
        /// How many there are.
        public let all: Int

        /// Counts the votes.
        public init(_ here: Int, of all: Int) {
            self.here = here
            self.all = all
        }
    }

    /// What a side without the leader cannot know.
    public enum Doubt: Hashable, Sendable, Codable {
        /// Changes in progress may have reversed the result.
        case changes
        /// The oldest member may be leaving, and with it the last vote.
        case lastVoteLeaves
    }

    case nothingUnreachable
    /// `manual`: a person decides.
    case manual
    /// `down-all`: the cluster is split.
    case split
    /// The view has not been stable for this time.
    case unstable(for: Duration)
    case majority(Majority)
    case lease(Lease)
    case quorum(Quorum)
    case oldest(Oldest)
    /// A mutation decides.
    case mutation

    /// The cases of `keep-majority`.
    public enum Majority: Hashable, Sendable, Codable {
        case noVotes
        case tooFew(Votes)
        /// It has enough, but changes in progress may have reversed that.
        case doubtful(Votes)
        case stays(Votes, byLowestAddress: Bool)
    }

    /// The cases of `lease-majority`.
    public enum Lease: Hashable, Sendable, Codable {
        case noVoteHere
        /// Changes in progress may have taken the votes of this side.
        case doubtful(Votes)
        /// No other member may ask for the lease.
        case onlyVoters(Votes)
        case granted(Votes)
        case refused(Votes)
        case asks(Votes, isLate: Bool)
    }

    /// The cases of `static-quorum`.
    public enum Quorum: Hashable, Sendable, Codable {
        /// The number of votes allows both sides to have a quorum.
        case ambiguous(votes: Int, size: Int)
        case tooFew(votes: Int, size: Int)
        /// Some of the votes may be lost by changes in progress.
        case doubtful(votes: Int, size: Int)
        case enough(votes: Int, size: Int)
    }

    /// The cases of `keep-oldest`.
    public enum Oldest: Hashable, Sendable, Codable {
        case noVotes
        case found(NodeAddress, isHere: Bool, isAlone: Bool, doubt: Doubt?)
    }
}
