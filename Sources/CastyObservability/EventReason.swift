public import CastyCore

/// Why an event happened. Nodes are named as in the other fields of the event.
public enum EventReason: Hashable, Sendable, Codable {
    /// What changed a node's view of the membership.
    case membership(MembershipCause<String>)
    /// The rule of a downing strategy.
    case downing(DowningReason)
    /// Why a node stopped by itself.
    case stopped(StopReason)
    /// Why a message was not handled.
    case lost(EnvelopeLoss)
    /// The epoch of a coordinator: the up-number of its node, and its start on that node in the low 32 bits.
    case epoch(UInt64)
    case allocation(AllocationReason)
    case move(MoveReason)
    case handoff(HandoffOutcome)
    /// The entities of a shard did not stop in time.
    case forced
    /// Why no node can host a shard.
    case unavailable(Unavailability)
    /// An entity failed, and does not start again before this time.
    case failed(restartAt: Instant)
    case notice(Notice)
    /// The id of the rule that is violated.
    case rule(String)
    /// How long after its line an expectation was met.
    case after(Duration)
    /// A text from outside the runtime: what an expectation saw, the message of an error.
    case text(String)

    /// What a note is about.
    public enum Notice: Hashable, Sendable, Codable {
        case lease, store, gossipSize, claimedAddress, notConfirmed, notUnderstood
    }
}

/// Why an envelope was lost, as far as its node or the test cluster knows.
public enum EnvelopeLoss: Hashable, Sendable, Codable {
    /// A node recorded the loss in its ledger.
    case ledger(LossReason)
    case killed(String)
    case ended(String)
    case disconnected(from: String, to: String)
    /// It was given to a node that was not running.
    case refused(by: String, NodeState)
}

/// The details of an event.
public enum EventDetail: Hashable, Sendable, Codable {
    /// The position in the order of age that a member got.
    case upNumber(Int)
    /// The status that a removed member had.
    case lastStatus(MemberStatus)
    /// The members that cannot reach the subject, and one that still can.
    case observers([String], witness: String?)
    /// The version of a view.
    case version(UInt64)
    /// The claims of the own cluster and of another one of the same name.
    case clusters(own: ClusterClaim, other: ClusterClaim)
    /// The members that a decision downs.
    case downs([String])
    /// The type of the shard.
    case type(String)
    /// The type of shards without a home, and the reason.
    case unplaced(type: String, Unavailability)
    /// What a node reports about its own part in the membership.
    indirect case membership(MembershipNotice)
    /// What happened to the shards of a type.
    case sharding(type: String, ShardingNotice)
    /// What happened to the singleton of this name on the node.
    case singleton(String, SingletonNotice)
    /// The incarnation that started.
    case incarnation(UniqueAddress)
    /// The lost message was a reply.
    case reply
    /// The number of an envelope of a test cluster.
    case envelope(UInt64)
    /// An entity failed this number of times in a row, and does not start again before this time.
    case failures(Int, restartAt: Instant)
    /// A text for a person: a note, an expectation, an error's message.
    case text(String)
}

/// What happened to a singleton on one node.
public enum SingletonNotice: Hashable, Sendable, Codable {
    /// It should run here, and waits for the answers of these nodes, and until the lease of a removed member expires.
    case waits(for: [String], until: Instant?)
    case runs
    case stopped(forced: Bool)
    /// It ended by itself, and starts again at this time.
    case ended(failed: Bool, restartAt: Instant)
    /// The lease of the node has lapsed.
    case paused
    case resumed
}

/// What happened to the shards of one type.
public enum ShardingNotice: Hashable, Sendable, Codable {
    /// The coordinator knows the homes of this number of shards.
    case rebuilt(homes: Int)
    case coordinatorStopped
    case handoffEnded
    /// The subject claims a shard that belongs to another node.
    case foreignClaim
    /// This number of shards of a removed member wait until its lease has expired.
    case waitsForLease(shards: Int, until: Instant)
    case rebalancePlans(moves: Int)
    /// The type has fewer shards than this number of nodes that host it, so some of them host none.
    case tooFewShards(Int, nodes: Int)
    case placedAgain
    /// This number of remembered entities start again.
    case startsRemembered(Int)
    case storeRefuses(StoreTrouble, retryAt: Instant)
    case storeRecovered
    case leaseLapsed
    case leaseValid
    /// An order of a former coordinator was refused.
    case formerOrder
}
