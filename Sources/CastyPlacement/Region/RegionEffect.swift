package import CastyCore

/// What the shell of a region must do, in this order.
package enum RegionEffect<Payload: Sendable>: Sendable {
    /// Send to the region or coordinator of the same type on this node; it may be the own one.
    case send(to: UniqueAddress, ShardingMessage<Payload>)
    /// Start an entity. Whatever becomes of it, ``Region/onTerminated(_:)`` must be told once.
    case start(EntityInstance)
    /// Put the message into the entity's mailbox.
    case deliver(Payload, to: EntityInstance)
    case stop(EntityInstance, StopMode)
    /// No entity may handle anything from now on, until its shard is resumed.
    case pause
    /// The shard is still this region's: these of its entities go on, in this order.
    case resume(shard: Int, [EntityInstance])
    /// The message will not be handled; count it.
    case lost(Payload, entity: String, shard: Int, LossReason)
    /// The question will not be answered: the asker learns why, and it counts as lost.
    case refused(Payload, entity: String, shard: Int, Unavailability)
    /// The message has left for another node and came back: it is here again.
    case cameBack(Payload)
    case store(StoreRequest)
    /// All shards are handed off or stopped; the node may go on leaving.
    case left
    case note(RegionNote)
}

extension RegionEffect: Equatable where Payload: Equatable {}

/// One life of an entity.
package struct EntityInstance: Hashable, Sendable {
    package var entity: String
    package var shard: Int
    /// Counts the starts in this region; a message for one life never reaches the next.
    package var number: UInt64

    package init(entity: String, shard: Int, number: UInt64) {
        self.entity = entity
        self.shard = shard
        self.number = number
    }
}

/// How to stop an entity.
package enum StopMode: UInt8, Hashable, Sendable {
    /// After the messages that are in its mailbox: the stop goes to its end.
    case afterMailbox
    /// Before any other handler runs; what is in the mailbox comes back as unhandled, if it can.
    case now
}

/// Why a message was dropped.
package enum LossReason: UInt8, Hashable, Sendable, CaseIterable {
    /// The region kept as many messages as it may.
    case bufferFull
    /// The same, while no member could host the shard.
    case noHome
    /// It came back twice from nodes that are not the shard's home.
    case wrongHome
    /// It came from a node, or back from one, that had been given up; later ones may have been handled since.
    case late
    /// Its entity was still running when its shard had to go.
    case handoff
    /// The node where the coordinator belongs does not run the type, or counts another number of shards.
    case notHosted
    /// The node's lease lapsed, or it was downed.
    case fenced
    case shutdown
    /// Its entity failed, or stopped, again and again before it handled anything.
    case failed
    /// The store of remembered entities cannot be read or written.
    case store
    /// It came from a node that is no member.
    case notMember
}

/// What happened in a region, for the event stream.
package enum RegionNote: Hashable, Sendable {
    case registered(with: UniqueAddress, CoordinatorEpoch)
    /// From now on no shard of the type can get a home, for this reason; `nil`: it can again. These members could be one before.
    case unavailable(Unavailability?, formerHosts: [UniqueAddress])
    case shardStarted(shard: Int, ShardVersion)
    case shardStopped(shard: Int, ShardVersion, forced: Bool)
    case entityStarted(EntityInstance)
    case entityPassivated(EntityInstance)
    case entityStopped(EntityInstance)
    /// For the how-manieth time in a row, and when it may start again.
    case entityFailed(EntityInstance, failures: Int, restartAt: Instant)
    /// The remembered entities of a shard were read; they start one after the other.
    case remembered(shard: Int, count: Int)
    /// The store of remembered entities refused something; it is asked again then.
    case storeFailed(StoreRequest, retryAt: Instant)
    /// The store refuses nothing any more.
    case storeRecovered
    /// The lease lapsed; every entity is held still.
    case fenced
    case unfenced
    /// A coordinator that is no longer in charge gave an order.
    case refusedEpoch(CoordinatorEpoch, from: UniqueAddress)
    /// The coordinator counts so many shards; this region does not, and stays out.
    case shardCountMismatch(Int)
    case answer(id: UInt64, CommandAnswer)
}

/// What is asked of the store of remembered entities. Each request is answered once, in order for one shard: by
/// ``Region/onRemembered(_:shard:run:at:)``, ``Region/onStored(_:at:)`` or ``Region/onStoreFailed(_:at:)``.
package enum StoreRequest: Hashable, Sendable {
    /// Which entities of the shard are remembered? The run is the one of the shard on this node: answers for an earlier one mean nothing.
    case load(shard: Int, run: UInt64)
    case add(entity: String, shard: Int, run: UInt64)
    case remove(entity: String, shard: Int, run: UInt64)

    package var shard: Int {
        switch self {
        case .load(let shard, _), .add(_, let shard, _), .remove(_, let shard, _): shard
        }
    }

    package var run: UInt64 {
        switch self {
        case .load(_, let run), .add(_, _, let run), .remove(_, _, let run): run
        }
    }
}

/// How an entity ended.
package struct EntityEnd<Payload: Sendable>: Sendable {
    package var instance: EntityInstance
    /// It failed, rather than stopped.
    package var failed: Bool
    /// Messages of its mailbox that no handler saw, in order.
    package var unhandled: [Payload]

    package init(_ instance: EntityInstance, failed: Bool = false, unhandled: [Payload] = []) {
        self.instance = instance
        self.failed = failed
        self.unhandled = unhandled
    }
}

extension EntityEnd: Equatable where Payload: Equatable {}
