package import CastyCore

/// What the shell of a region must do, in this order.
package enum RegionEffect<Payload: Sendable>: Sendable {
    /// Send to the region or coordinator of the same type on this node, which may be the own one.
    case send(to: UniqueAddress, ShardingMessage<Payload>)
    /// Start an entity. However it ends, the shell calls ``Region/onTerminated(_:)`` exactly once.
    case start(EntityInstance)
    /// Put the message into the entity's mailbox.
    case deliver(Payload, to: EntityInstance)
    case stop(EntityInstance, StopMode)
    /// No entity handles messages from now on, until its shard is resumed.
    case pause
    /// The region still hosts the shard: resume these of its entities, in this order.
    case resume(shard: Int, [EntityInstance])
    /// The message will not be handled; count it.
    case lost(Payload, entity: String, shard: Int, LossReason)
    /// The question will not be answered: the asker learns why, and it counts as lost.
    case refused(Payload, entity: String, shard: Int, Unavailability)
    /// The message was sent to another node and was returned: it is here again.
    case cameBack(Payload)
    case store(StoreRequest)
    /// All shards are handed off or stopped; the node may continue to leave.
    case left
    case note(RegionNote)
}

extension RegionEffect: Equatable where Payload: Equatable {}

/// One incarnation of an entity.
package struct EntityInstance: Hashable, Sendable {
    package var entity: String
    package var shard: Int
    /// Counts the starts in this region; a message for one incarnation never reaches the next.
    package var number: UInt64

    package init(entity: String, shard: Int, number: UInt64) {
        self.entity = entity
        self.shard = shard
        self.number = number
    }
}

/// How to stop an entity.
package enum StopMode: UInt8, Hashable, Sendable {
    /// After the messages in its mailbox: the stop is queued at its end.
    case afterMailbox
    /// Before any other handler runs; messages in the mailbox are returned as unhandled, if possible.
    case now
}

/// What happened in a region, for the event stream.
package enum RegionNote: Hashable, Sendable {
    case registered(with: UniqueAddress, CoordinatorEpoch)
    /// From now on no shard of the type can get a home, for this reason; `nil` when it can again. `formerHosts` are the
    /// members that could host before.
    case unavailable(Unavailability?, formerHosts: [UniqueAddress])
    case shardStarted(shard: Int, ShardVersion)
    case shardStopped(shard: Int, ShardVersion, forced: Bool)
    case entityStarted(EntityInstance)
    case entityPassivated(EntityInstance)
    case entityStopped(EntityInstance)
    /// `failures` counts the failures in a row; the entity restarts no earlier than `restartAt`.
    case entityFailed(EntityInstance, failures: Int, restartAt: Instant)
    /// The remembered entities of a shard were read; they start batch by batch.
    case remembered(shard: Int, count: Int)
    /// The store of remembered entities refused a request, which is retried then.
    case storeFailed(StoreRequest, retryAt: Instant)
    /// The store answers again without refusing.
    case storeRecovered
    /// The lease lapsed; every entity is paused.
    case fenced
    case unfenced
    /// A former coordinator gave an order.
    case refusedEpoch(CoordinatorEpoch, from: UniqueAddress)
    /// The coordinator's shard count, which differs from this region's: the region stays out.
    case shardCountMismatch(Int)
    case answer(id: UInt64, CommandAnswer)
}

/// A request to the store of remembered entities. Each request is answered once, in order for one shard, by
/// ``Region/onRemembered(_:shard:run:isLast:at:)``, ``Region/onStored(_:at:)`` or ``Region/onStoreFailed(_:at:)``.
package enum StoreRequest: Hashable, Sendable {
    /// Reads which entities of the shard are remembered. `run` is the run of the shard on this node: answers for an
    /// earlier run are ignored.
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
    /// Whether it failed, rather than stopped.
    package var failed: Bool
    /// Messages in its mailbox that no handler processed, in order.
    package var unhandled: [Payload]

    package init(_ instance: EntityInstance, failed: Bool = false, unhandled: [Payload] = []) {
        self.instance = instance
        self.failed = failed
        self.unhandled = unhandled
    }
}

extension EntityEnd: Equatable where Payload: Equatable {}
