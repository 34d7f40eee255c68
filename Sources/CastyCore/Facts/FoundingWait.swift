/// What a node that finds no cluster waits for.
public struct FoundingWait: Hashable, Sendable, Codable {
    /// What would end the waiting.
    public enum Need: Hashable, Sendable, Codable {
        /// A seed that is in a cluster.
        case cluster
        /// That, or the votes of this number of the seeds.
        case votes(Int, of: Int)
        /// The cluster it was in before, or the word of all its members and seeds that they are in none.
        case former(ClusterID)
    }

    /// The last answer from an address that was asked.
    public enum Answer: Hashable, Sendable, Codable {
        case none
        case refusedConnection
        case leavesItsCluster
        /// The process there is not a node of this cluster, for this reason.
        case notOfThisCluster(String)
        /// One end does not accept the credentials of the other, for this reason.
        case notTrusted(String)
        case inNoCluster
        case votesFor(NodeAddress)
        /// The two nodes have different lists of seeds.
        case otherSeeds(theirs: String, own: String)
        case heardOfCluster
    }

    /// An address that was asked, and its answer.
    public struct Asked: Hashable, Sendable, Codable {
        /// The address.
        public let address: NodeAddress
        /// Its last answer.
        public let answer: Answer

        /// Creates an entry.
        public init(_ address: NodeAddress, _ answer: Answer) {
            self.address = address
            self.answer = answer
        }
    }

    /// Two former clusters that nodes among those asked remember.
    public struct Memories: Hashable, Sendable, Codable {
        /// The cluster of one of the nodes.
        public let one: ClusterID
        /// The cluster of the others.
        public let others: ClusterID

        /// Creates a pair.
        public init(one: ClusterID, others: ClusterID) {
            self.one = one
            self.others = others
        }
    }

    /// What would end the waiting.
    public let need: Need
    /// The addresses that were asked, sorted.
    public let asked: [Asked]
    /// Set where the nodes asked remember different clusters.
    public let memories: Memories?

    /// Creates a description.
    public init(need: Need, asked: [Asked], memories: Memories?) {
        self.need = need
        self.asked = asked
        self.memories = memories
    }
}

extension FoundingWait: CustomStringConvertible {
    /// For a person: what is needed, and what each address has answered.
    public var description: String {
        var parts = asked.map { "\($0.address) \($0.answer)" }
        if let memories {
            parts.append("one of them was in cluster \(memories.one.short), others in \(memories.others.short)")
        }
        return "waits for \(need): " + parts.joined(separator: "; ")
    }
}

extension FoundingWait.Need: CustomStringConvertible {
    /// For a person, after "waits for".
    public var description: String {
        switch self {
        case .cluster: "a seed that is in a cluster"
        case .votes(let votes, let seeds): "a cluster, or the votes of \(votes) of \(seeds) seeds"
        case .former(let id):
            "the cluster \(id.short), or the word of all its members and seeds that they are in none (where one of "
                + "them is lost for good: start this node with --found)"
        }
    }
}

extension FoundingWait.Answer: CustomStringConvertible {
    /// For a person, after the address.
    public var description: String {
        switch self {
        case .none: "has not answered"
        case .refusedConnection: "refuses the connection"
        case .leavesItsCluster: "is leaving its cluster"
        case .notOfThisCluster(let answer): "is none of this cluster: \(answer)"
        case .notTrusted(let reason): "cannot be talked to: \(reason)"
        case .inNoCluster: "is in no cluster"
        case .votesFor(let candidate): "is in no cluster and votes for \(candidate)"
        case .otherSeeds(let theirs, let own): "has other seeds (\(theirs)) than this node (\(own))"
        case .heardOfCluster: "has heard of a cluster"
        }
    }
}
