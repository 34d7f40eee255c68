public import CastyCore

/// A setting that all nodes of a cluster must share, as text: `downing=keep-majority`, `shards.account=24`.
package struct SharedSetting: Hashable, Sendable {
    package let name: String
    package let value: String

    /// What stands for a value that one side does not have.
    package static let missing = "not set"
    /// The most bytes of a value.
    package static let longestValue = 4096

    /// A value that is too long to travel stands for itself by its beginning and its hash.
    package init(_ name: String, _ value: String) {
        self.name = name
        let isLong = value.utf8.count > Self.longestValue
        self.value = isLong ? "\(value.prefix(200))… (\(StableHash.fnv1a(value)))" : value
    }
}

/// Why a node was not let in.
public enum JoinRefusal: Hashable, Sendable {
    /// The node asked is in no cluster itself yet.
    case notInitialised
    /// The node asked is about to go.
    case goingAway
    /// The joiner would run under another setting than the cluster.
    ///
    /// A value that one of the two does not have at all is `not set`.
    case settingDiffers(name: String, cluster: String, joiner: String)
    /// This incarnation was a member once and was removed; only a new one may join.
    case removed
    /// A process answers at a seed's address that no node of this cluster can be: of another cluster name, or one that calls itself otherwise.
    case wrongSeed(address: NodeAddress, answer: String)
    /// This node belongs to another cluster than the one that it found: its data does.
    case otherCluster(remembered: ClusterID, found: ClusterID)
}

extension JoinRefusal: CustomStringConvertible {
    /// For a person: what is wrong, and what to do.
    public var description: String {
        switch self {
        case .notInitialised: "that node is in no cluster itself yet"
        case .goingAway: "that node is about to go"
        case .settingDiffers(let name, let cluster, let joiner) where cluster == SharedSetting.missing:
            "\(name) is \(joiner) here and \(cluster) in the cluster; start it without \(name)"
        case .settingDiffers(let name, let cluster, let joiner):
            "\(name) is \(joiner) here and \(cluster) in the cluster; start it with \(name) \(cluster)"
        case .removed: "this incarnation was removed; start it again"
        case .wrongSeed(let address, let answer): "the seed \(address) is none of this cluster: \(answer)"
        case .otherCluster(let remembered, let found):
            "its data belongs to cluster \(remembered), and the seeds are in cluster \(found)"
        }
    }
}

/// What the membership of one node says to that of another. Plain values; the encoding belongs to the shell.
package enum ClusterMessage: Hashable, Sendable {
    /// "May I join, through you?" Sent to a place, by a node that belongs to no cluster.
    case initJoin(settings: [SharedSetting], ballot: Ballot)
    /// "I am in no cluster either." The answer to the question of that round, with what the node remembers of the cluster that it was in.
    case noCluster(round: UInt64, vote: VoteAnswer, memory: RememberedCluster? = nil)
    /// "Yes: send your join to the leader, or to me if it does not answer." Without a leader: "to me."
    case initJoinAck(leader: UniqueAddress?, cluster: ClusterID? = nil)
    /// "No."
    case initJoinNack(JoinRefusal)
    /// "Make me a member." With the highest up-number that the node remembers of this cluster; zero where it remembers none.
    case join(roles: [String], settings: [SharedSetting], highest: UInt32 = 0)
    /// "You are one. This is the cluster."
    case welcome(Gossip)
    /// "You are not."
    case joinRefused(JoinRefusal)
    /// "Are you there?" The sender's time travels along and comes back, so that the answer tells how old the news is.
    case heartbeat(sequence: UInt64, sentAt: Instant)
    /// "I am, and you are a member here." With a hash of the members that vote and can be reached, as the sender sees them.
    case heartbeatAck(sequence: UInt64, sentAt: Instant, voters: UInt64)
    /// "I am, and you are no member here."
    case unknown(sequence: UInt64, sentAt: Instant)
    /// "Are you there? Answer here": a heartbeat on a connection of its own.
    case call(sequence: UInt64, sentAt: Instant)
    /// "This is what I know", in two hashes: of the content, and of who has seen it.
    case gossipStatus(digest: UInt64, seenDigest: UInt64)
    /// "These have seen the version with this digest."
    case gossipSeen(digest: UInt64, seen: [UniqueAddress])
    /// All that the sender knows.
    case gossipEnvelope(Gossip)
    /// A new version, on its way to everyone: "pass it on to these."
    case gossipSpread(Gossip, relay: [UniqueAddress])
    /// "I have the version with this digest, and so have these." Nothing comes back.
    case gossipAck(digest: UInt64, seen: [UniqueAddress])
    /// "My last tasks are done: remove me."
    case exitingConfirmed
    /// "Try to reach this one for me."
    case probeRequest(id: UInt64, subject: UniqueAddress)
    /// "Are you there? Another one asks."
    case probe(id: UInt64, origin: UniqueAddress)
    /// "I am; tell the one who asks."
    case probeAck(id: UInt64, origin: UniqueAddress)
    /// "I reached it."
    case probeAnswer(id: UInt64, subject: UniqueAddress)
    /// "You are no member any more."
    case gone
    /// "Which cluster are you in? I am in this one."
    case clusterProbe(number: UInt64, claim: ClusterClaim)
    /// "In this one." What the asking node said of its own comes back with it.
    case clusterAnswer(number: UInt64, claim: ClusterClaim, yours: ClusterClaim)
    /// "There is another cluster of our name; its members answer at these addresses."
    case otherCluster(at: [NodeAddress])
    /// "You speak to me as to a member of your cluster; mine has agreed for long, and does not know you."
    case stranger
}
