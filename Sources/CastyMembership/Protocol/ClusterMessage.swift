package import CastyCore

/// A setting that all nodes of a cluster must share, as text: `downing=keep-majority`, `shards.account=24`.
package struct SharedSetting: Hashable, Sendable {
    package let name: String
    package let value: String

    /// The text for a value that one side does not have.
    package static let missing = JoinRefusal.notSet
    /// The setting that says by which name a node finds its seeds.
    package static let seedsName = "seeds-name"
    /// The beginning of the names of settings that are compared only where both sides have them: of a type that a node
    /// does not know it need not say anything.
    package static let whereKnown = "of "
    /// The most settings of that kind that a node declares.
    package static let mostDeclared = 512
    /// The most bytes of a value.
    package static let longestValue = 4096

    /// Creates a setting. A value above ``longestValue`` bytes is replaced by its beginning and its hash.
    package init(_ name: String, _ value: String) {
        self.name = name
        let isLong = value.utf8.count > Self.longestValue
        self.value = isLong ? "\(value.prefix(200))… (\(StableHash.fnv1a(value)))" : value
    }
}

/// A message between the memberships of two nodes. Plain values; the encoding belongs to the shell.
///
/// The rare and large cases are indirect. Most messages are heartbeats and digests; a message is copied several times
/// between its sender's core and its receiver's, and each copy takes the room of the largest case.
package enum ClusterMessage: Hashable, Sendable {
    /// Asks whether the sender may join through the receiver. A node that belongs to no cluster sends it to an address.
    indirect case initJoin(settings: [SharedSetting], ballot: Ballot)
    /// The sender is in no cluster either: the answer in that round, with the sender's vote and the cluster that it
    /// remembers.
    indirect case noCluster(round: UInt64, vote: VoteAnswer, memory: RememberedCluster? = nil)
    /// Accepts an `initJoin`: send the join to the leader, or to the sender where there is no leader or it does not
    /// answer.
    indirect case initJoinAck(leader: UniqueAddress?, cluster: ClusterID? = nil)
    /// Refuses an `initJoin`.
    indirect case initJoinNack(JoinRefusal)
    /// Asks to be made a member. `highest` is the highest up-number that the node remembers of this cluster; zero where
    /// it remembers none.
    indirect case join(roles: [String], settings: [SharedSetting], highest: UInt32 = 0)
    /// The receiver is a member of this cluster.
    indirect case welcome(Gossip)
    /// Refuses a `join`.
    indirect case joinRefused(JoinRefusal)
    /// A heartbeat. The sender's time is returned with the answer, and shows how old the answer's news is.
    case heartbeat(sequence: UInt64, sentAt: Instant)
    /// Answers a heartbeat: the receiver is a member here. With a hash of the members that vote and can be reached, as
    /// the sender sees them.
    case heartbeatAck(sequence: UInt64, sentAt: Instant, voters: UInt64)
    /// Answers a heartbeat: the receiver is not a member here.
    case unknown(sequence: UInt64, sentAt: Instant)
    /// A heartbeat on a connection of its own, to be answered there.
    case probeConnection(sequence: UInt64, sentAt: Instant)
    /// The sender's state as two hashes: of the content, and of the list of members that have seen it.
    case gossipStatus(digest: UInt64, seenDigest: UInt64)
    /// The members that have seen the version with this digest.
    case gossipSeen(digest: UInt64, seen: [UniqueAddress])
    /// The sender's whole state.
    indirect case gossipEnvelope(Gossip)
    /// A new version, which the receiver relays to these members.
    indirect case gossipSpread(Gossip, relay: [UniqueAddress])
    /// The sender has the version with this digest, and so have these members. No answer follows.
    case gossipAck(digest: UInt64, seen: [UniqueAddress])
    /// The sender's last tasks are done: it can be removed.
    case exitingConfirmed
    /// The sender last acknowledged a heartbeat of a member that is down that long ago; `nil`: never. It will not again.
    case lastAcknowledged(subject: UniqueAddress, ago: Duration?)
    /// Asks the receiver to probe a subject for the sender.
    case probeRequest(id: UInt64, subject: UniqueAddress)
    /// Probes the receiver on behalf of `origin`.
    case probe(id: UInt64, origin: UniqueAddress)
    /// Answers a probe; the receiver forwards the result to `origin`.
    case probeAck(id: UInt64, origin: UniqueAddress)
    /// The sender has reached the subject.
    case probeAnswer(id: UInt64, subject: UniqueAddress)
    /// The receiver is no longer a member.
    case gone
    /// Asks which cluster the receiver is in, with the claim of the sender's own.
    indirect case clusterProbe(number: UInt64, claim: ClusterClaim)
    /// Answers a `clusterProbe` with the sender's claim; `yours` is the claim from the probe.
    indirect case clusterAnswer(number: UInt64, claim: ClusterClaim, yours: ClusterClaim)
    /// There is another cluster of the same name; its members answer at these addresses.
    case otherCluster(at: [NodeAddress])
    /// The receiver treats the sender as a member of its cluster, but the sender's cluster has long agreed and does not
    /// know the receiver.
    case unknownPeer
}
