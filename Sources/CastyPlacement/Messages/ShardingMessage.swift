package import CastyCore

/// All messages between regions and coordinators of one entity type.
///
/// `request` and `order` are control traffic. `peer` MUST travel on one ordered lane between two nodes, the lane of
/// user messages: its markers close a stream of deliveries, and a marker that overtakes a delivery breaks the order.
package enum ShardingMessage<Payload: Sendable>: Sendable {
    /// Region → coordinator.
    case request(CoordinatorRequest)
    /// Coordinator → region.
    case order(CoordinatorEpoch, CoordinatorOrder)
    /// Region → region.
    case peer(PeerMessage<Payload>)
}

extension ShardingMessage: Equatable where Payload: Equatable {}

/// What a region sends to the coordinator.
package enum CoordinatorRequest: Hashable, Sendable {
    /// Registers this region and reports what it hosts; sent until acknowledged.
    case register(Registration)
    /// This node has no region of this type; a new coordinator need not wait for it.
    case notHosted
    /// Asks for the homes of these shards. The coordinator allocates those that have none.
    case homes(of: [Int])
    case started([VersionedShard])
    /// This region cannot host these: it leaves, or its lease lapsed.
    case hostRefused([VersionedShard])
    /// This region's stream to the old home is closed.
    case handOffBegun(shard: Int, handoff: ShardVersion)
    /// The shard's entities are stopped here. `hasLeftover`: messages for it remain here, and go to the new home ahead
    /// of all others.
    case stopped(VersionedShard, hasLeftover: Bool)
    /// This region wants to leave: move all its shards off.
    case leave
    /// Nothing of the type runs on this node, and nothing will again. Sent to every node that may become the
    /// coordinator, so that it need not wait for this node's lease to expire.
    case departed
    /// This region has obeyed a coordinator of this epoch, and so refuses the receiver's orders.
    case epochSeen(CoordinatorEpoch)
    case intentsKnown(ShardVersion)
    /// An operator's command that arrived at this node.
    case command(id: UInt64, OperatorCommand)
}

/// What a region reports when it registers: the owners are the authority on their shards.
package struct Registration: Hashable, Sendable {
    /// Numbers the registrations of this region; the acknowledgement repeats it.
    package var number: UInt64
    /// The index of this part, and the number of parts. Each part reports on the next ``ShardPages/reported`` shards.
    /// The registration counts once the last part has arrived after all others.
    package var part = 0
    package var parts = 1
    package var shardCount: Int
    /// Whether it may be given shards: it is not a proxy, is not leaving, and its lease is valid.
    package var accepts: Bool
    /// Every shard that has, or may still have, entities here.
    package var hosted: [HostedShard]
    /// Shards for which it buffers messages of an earlier handoff.
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

/// What the coordinator sends to a region.
package enum CoordinatorOrder: Hashable, Sendable {
    /// A coordinator has started; register.
    case announce
    /// The registration counts.
    case registered(number: UInt64, intents: Intents)
    /// The region has a different shard count than the coordinator.
    case registrationRefused(number: UInt64, shardCount: Int)
    /// The homes of started shards. A shard in the range that is not listed has no home; the order says nothing about
    /// shards outside the range.
    case homes([ShardHome], allOf: Range<Int>)
    case host([HostOrder])
    /// Forget the home of this shard, close the stream to `owner`, and buffer new messages.
    case beginHandOff(shard: Int, handoff: ShardVersion, owner: UniqueAddress)
    /// To the owner: stop the shard when the streams of these regions are closed.
    case handOff(shard: Int, version: ShardVersion, handoff: ShardVersion, participants: [UniqueAddress])
    /// To a region that claims a shard of another region: stop it at once.
    case discard(VersionedShard)
    case intents(Intents)
    /// None of the region's shards remain to be moved; it may leave.
    case released
    case answer(id: UInt64, CommandAnswer)
    /// Of the requested shards, these have no home, for reasons that may last.
    case homeless([HomelessShard])
    /// The sending node does not run the type, so it has no coordinator for it. Belongs to no epoch.
    case notHosted
}

/// The order to start a shard.
package struct HostOrder: Hashable, Sendable {
    package var shard: Int
    package var version: ShardVersion
    /// The old home that still has messages for the shard. All other messages wait until those have arrived, for a
    /// bounded time.
    package var holdFor: UniqueAddress?

    package init(shard: Int, version: ShardVersion, holdFor: UniqueAddress? = nil) {
        self.shard = shard
        self.version = version
        self.holdFor = holdFor
    }
}

/// What regions send to each other, in order.
package enum PeerMessage<Payload: Sendable>: Sendable {
    case deliver(ShardDelivery<Payload>)
    /// The sender does not host the shard, or not now: it returns the delivery unhandled, with the home that it knows.
    case notHome(ShardDelivery<Payload>, known: ShardHome?)
    /// The sender has sent its last delivery for this shard. `handoff` is set when a handoff asked for it.
    case streamEnd(shard: Int, token: UInt64, handoff: ShardVersion?)
    /// Every delivery before the stream end with this token was taken or returned.
    case streamClosed(shard: Int, token: UInt64)
    /// The old home has sent all messages it had left for this shard.
    case transferred(shard: Int)
    /// A caller on the sender's node asks to passivate this entity.
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
    /// Whether it has been returned before.
    package var isRetry: Bool
    /// For a question: how long its asker waits while there is no home. `nil` if no reply is expected.
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
