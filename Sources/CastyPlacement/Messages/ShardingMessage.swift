package import CastyCore

/// All that regions and coordinators of one entity type say to each other.
///
/// `request` and `order` are control traffic. `peer` MUST travel on one ordered lane between two nodes, the lane of user messages:
/// its markers close a stream of deliveries, and a marker that overtakes a delivery breaks the order.
package enum ShardingMessage<Payload: Sendable>: Sendable {
    /// Region → coordinator.
    case request(CoordinatorRequest)
    /// Coordinator → region.
    case order(CoordinatorEpoch, CoordinatorOrder)
    /// Region → region.
    case peer(PeerMessage<Payload>)
}

extension ShardingMessage: Equatable where Payload: Equatable {}

/// What a region says to the coordinator.
package enum CoordinatorRequest: Hashable, Sendable {
    /// Here I am, this I host; said until it is acknowledged.
    case register(Registration)
    /// This node has no region of this type; a new coordinator need not wait for it.
    case notHosted
    /// Where are these shards? Allocates those that have no home.
    case homes(of: [Int])
    case started([VersionedShard])
    /// I cannot host these: I leave, or my lease lapsed.
    case hostRefused([VersionedShard])
    /// My stream to the old home is closed.
    case handOffBegun(shard: Int, handoff: ShardVersion)
    /// The shard's entities are stopped here. `hasLeftover`: messages for it remain, and go to the new home ahead of all others.
    case stopped(VersionedShard, hasLeftover: Bool)
    /// Move all my shards off, I want to leave.
    case leave
    /// Nothing of the type runs on my node, and nothing will again. Said to every node that may become the coordinator: it need not wait for the
    /// lease of this one.
    case departed
    /// I have obeyed a coordinator of this epoch, and so cannot obey you.
    case epochSeen(CoordinatorEpoch)
    case intentsKnown(ShardVersion)
    /// An operator's command that arrived at this node.
    case command(id: UInt64, OperatorCommand)
}

/// What a region reports when it registers: the truth about the shards is at their owners.
package struct Registration: Hashable, Sendable {
    /// Which registration of this region; the acknowledgement repeats it.
    package var number: UInt64
    /// Which part of the registration, and how many there are: each reports on the next ``ShardPages/reported`` shards, and it counts when the
    /// last has come after all others.
    package var part = 0
    package var parts = 1
    package var shardCount: Int
    /// It may be given shards: not a proxy, not leaving, its lease is valid.
    package var accepts: Bool
    /// Every shard that has, or may still have, entities here.
    package var hosted: [HostedShard]
    /// Shards for which it keeps messages of an earlier handoff.
    package var leftovers: [Int]
    /// Shards that had a home before, as far as this region knows.
    package var known: [Int]
    package var intents: Intents

    package init(
        number: UInt64, shardCount: Int, accepts: Bool, hosted: [HostedShard] = [], leftovers: [Int] = [],
        known: [Int] = [], intents: Intents = Intents()
    ) {
        self.number = number
        self.shardCount = shardCount
        self.accepts = accepts
        self.hosted = hosted
        self.leftovers = leftovers
        self.known = known
        self.intents = intents
    }
}

/// One shard in a registration.
package struct HostedShard: Hashable, Sendable {
    package var shard: Int
    package var version: ShardVersion
    /// It is being handed off or stopped, and will be reported as stopped.
    package var isStopping: Bool

    package init(shard: Int, version: ShardVersion, isStopping: Bool = false) {
        self.shard = shard
        self.version = version
        self.isStopping = isStopping
    }
}

/// What the coordinator says to a region.
package enum CoordinatorOrder: Hashable, Sendable {
    /// A coordinator has started; register.
    case announce
    /// The registration counts.
    case registered(number: UInt64, intents: Intents)
    /// The region counts another number of shards than the coordinator.
    case registrationRefused(number: UInt64, shardCount: Int)
    /// The homes of started shards. A shard of the range that is not among them has no home; of others it says nothing.
    case homes([ShardHome], allOf: Range<Int>)
    case host([HostOrder])
    /// Forget the home of this shard, close the stream to `owner`, keep new messages.
    case beginHandOff(shard: Int, handoff: ShardVersion, owner: UniqueAddress)
    /// To the owner: stop the shard when the streams of these regions are closed.
    case handOff(shard: Int, version: ShardVersion, handoff: ShardVersion, participants: [UniqueAddress])
    /// To a region that claims a shard which belongs to another: stop it at once.
    case discard(VersionedShard)
    case intents(Intents)
    /// Nothing of yours remains to be moved; you may go.
    case released
    case answer(id: UInt64, CommandAnswer)
    /// Of the shards that were asked for, these have no home, for reasons that do not pass by themselves at once.
    case homeless([HomelessShard])
    /// This node does not run the type, and so nobody coordinates it there. Of no epoch.
    case notHosted
}

/// The order to start a shard.
package struct HostOrder: Hashable, Sendable {
    package var shard: Int
    package var version: ShardVersion
    /// The old home that still has messages for the shard; all others' wait until those have come, or a bounded time.
    package var holdFor: UniqueAddress?

    package init(shard: Int, version: ShardVersion, holdFor: UniqueAddress? = nil) {
        self.shard = shard
        self.version = version
        self.holdFor = holdFor
    }
}

/// What regions say to each other, in order.
package enum PeerMessage<Payload: Sendable>: Sendable {
    case deliver(ShardDelivery<Payload>)
    /// Not my shard, or not now: the delivery comes back unhandled, with the home that this region knows.
    case notHome(ShardDelivery<Payload>, known: ShardHome?)
    /// The sender has sent its last delivery for this shard. `handoff` is set when a handoff asked for it.
    case streamEnd(shard: Int, token: UInt64, handoff: ShardVersion?)
    /// All that came before the stream's end with this token was taken or sent back.
    case streamClosed(shard: Int, token: UInt64)
    /// The old home has sent what it had left for this shard.
    case transferred(shard: Int)
    /// Somebody on the sender's node wants this entity to go to sleep.
    case passivate(entity: String)
}

extension PeerMessage: Equatable where Payload: Equatable {}

/// One message on its way to an entity.
package struct ShardDelivery<Payload: Sendable>: Sendable {
    package var shard: Int
    package var entity: String
    /// The ownership that the sender believes in.
    package var version: ShardVersion
    /// Counts the messages of the sending region; keeps returned ones in order. Zero for leftovers of a handoff.
    package var sequence: UInt64
    /// It came back once already.
    package var isRetry: Bool
    /// It is a question, and how long its asker waits where there is no home; `nil` for what waits for no answer.
    package var asks: AskPatience?
    package var payload: Payload

    package init(
        shard: Int, entity: String, version: ShardVersion, sequence: UInt64, isRetry: Bool = false,
        asks: AskPatience? = nil, payload: Payload
    ) {
        self.shard = shard
        self.entity = entity
        self.version = version
        self.sequence = sequence
        self.isRetry = isRetry
        self.asks = asks
        self.payload = payload
    }
}

extension ShardDelivery: Equatable where Payload: Equatable {}
