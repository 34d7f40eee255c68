import CastyActors
import CastyCore
import CastyPlacement
import Synchronization

/// The routes of one shard on one node: whether a message passes the region's actor by.
///
/// A message that finds the route closed is a *miss*: it goes to the region's actor. While misses wait there, what follows
/// them goes there too, so that no message overtakes another of the same sender and entity.
///
/// Callers decide under the lock. What they send to another node is queued under it too: when the route has been closed,
/// no message can come after the marker that ends its stream. What goes to an entity of this node is put into its mailbox
/// outside the lock; an entity that stops refuses it, and it becomes a miss.
final class ShardSlot: Sendable {
    struct State {
        var sending = Sending.closed
        /// Deliveries of this ownership or a later one are for entities of this node.
        var arrivals: ShardVersion?
        /// Messages at the region's actor that found the shard closed.
        var misses = 0
        /// The entities that run here, and those with misses at the region's actor.
        var entities: [String: LocalEntity] = [:]
        /// The entities that were used since the region last learned of it, in the order of their first use.
        var used: [LocalEntity] = []
    }

    enum Sending {
        case closed
        case local
        case remote(RemoteShard)
    }

    let shard: Int
    let state = Mutex(State())

    init(_ shard: Int) {
        self.shard = shard
    }

    // MARK: Messages

    /// Where a message of a caller on this node goes.
    enum Way {
        case entity(LocalEntity, AnyActorCell)
        case remote(RemoteShard)
        case miss(Miss)
    }

    /// - Parameter firstUse: Called, under the lock, where the shard was not used since the region last learned of it.
    func way(to entity: String, at now: @autoclosure () -> Instant, firstUse: () -> Void) -> Way {
        state.withLock { state in
            guard state.misses == 0 else { return .miss(state.miss(self)) }
            switch state.sending {
            case .closed: return .miss(state.miss(self))
            case .remote(let remote):
                // What the entity's mailbox refused when it stopped here may wait at the region's actor still.
                if let known = state.entities[entity], known.misses > 0 { return .miss(state.miss(known, in: self)) }
                return .remote(remote)
            case .local: return state.way(to: entity, in: self, at: now(), firstUse)
            }
        }
    }

    /// Where a delivery from another node goes.
    func way(
        to entity: String, arriving version: ShardVersion, at now: @autoclosure () -> Instant, firstUse: () -> Void
    ) -> Way {
        state.withLock { state in
            guard state.misses == 0, let known = state.arrivals, version >= known else {
                return .miss(state.miss(self))
            }
            return state.way(to: entity, in: self, at: now(), firstUse)
        }
    }

    /// The message goes to the region's actor.
    func miss() -> Miss { state.withLock { $0.miss(self) } }

    /// The entity stops and did not take the message, which goes to the region's actor.
    func refused(by entity: LocalEntity) -> Miss {
        state.withLock { state in
            entity.uses -= min(entity.uses, 1)
            return state.miss(entity, in: self)
        }
    }

    /// The region's actor has handled a miss.
    func handled(_ miss: Miss) {
        state.withLock { state in
            guard let entity = miss.entity else {
                state.misses -= 1
                return
            }
            entity.misses -= 1
            state.drop(entity)
        }
    }

    // MARK: The region

    /// Whether messages that found the shard closed wait at the region's actor.
    var hasMisses: Bool { state.withLock { $0.misses > 0 } }

    func open(sending: Sending, arrivals: ShardVersion?) {
        state.withLock { state in
            state.sending = sending
            state.arrivals = arrivals
        }
    }

    /// Closes the route: when this returns, no message is sent over it any more.
    ///
    /// - Parameter isLeaky: Whether one more message leaves: a deliberate bug.
    func close(isLeaky: Bool = false) {
        state.withLock { state in
            state.arrivals = nil
            if isLeaky, case .remote(let remote) = state.sending {
                remote.last = remote.next
                return
            }
            state.sending = .closed
        }
    }

    /// An incarnation runs here and has all messages that came for it so far.
    func add(_ instance: EntityInstance, _ cell: AnyActorCell) {
        state.withLock { state in
            let entity = state.entity(instance.entity)
            entity.cell = cell
            entity.instance = instance.number
        }
    }

    /// An incarnation stops or has ended.
    func remove(_ instance: EntityInstance) {
        state.withLock { state in
            guard let entity = state.entities[instance.entity], entity.instance == instance.number else { return }
            entity.cell = nil
            state.drop(entity)
        }
    }

    /// What the entities were used for since the last call.
    func takeUses() -> [EntityUse] {
        state.withLock { state in
            defer { state.used = [] }
            return state.used.compactMap { entity in
                defer { (entity.uses, entity.isListed) = (0, false) }
                guard entity.uses > 0 else { return nil }
                return EntityUse(
                    EntityInstance(entity: entity.name, shard: shard, number: entity.usedInstance),
                    count: entity.uses, lastUsed: entity.lastUsed)
            }
        }
    }
}

/// A message that found a route closed, until the region's actor has handled it.
package struct Miss: Sendable {
    let slot: ShardSlot
    /// The entity that it missed; `nil` if the whole shard was closed.
    let entity: LocalEntity?
}

/// An entity of this node, for messages that pass the region's actor by.
///
/// `@unchecked Sendable` because the lock of its shard protects it.
final class LocalEntity: @unchecked Sendable {
    let name: String
    /// The incarnation that runs; `nil` where none takes messages.
    @exclusivity(unchecked) var cell: AnyActorCell?
    @exclusivity(unchecked) var instance: UInt64 = 0
    @exclusivity(unchecked) var misses = 0
    /// How often it was used since the region last learned of it, when it was last, and which incarnation was.
    @exclusivity(unchecked) var uses: UInt64 = 0
    @exclusivity(unchecked) var lastUsed = Instant.start
    @exclusivity(unchecked) var usedInstance: UInt64 = 0
    @exclusivity(unchecked) var isListed = false

    init(_ name: String) {
        self.name = name
    }
}

extension ShardSlot.State {
    mutating func entity(_ name: String) -> LocalEntity {
        if let known = entities[name] { return known }
        let made = LocalEntity(name)
        entities[name] = made
        return made
    }

    /// Forgets an entity that neither runs nor has misses.
    mutating func drop(_ entity: LocalEntity) {
        guard entity.cell == nil, entity.misses == 0, entities[entity.name] === entity else { return }
        entities[entity.name] = nil
    }

    mutating func miss(_ slot: ShardSlot) -> Miss {
        misses += 1
        return Miss(slot: slot, entity: nil)
    }

    mutating func miss(_ entity: LocalEntity, in slot: ShardSlot) -> Miss {
        // It may have been dropped since it was found.
        if entities[entity.name] == nil { entities[entity.name] = entity }
        let counted = entities[entity.name] ?? entity
        counted.misses += 1
        return Miss(slot: slot, entity: counted)
    }

    mutating func way(
        to name: String, in slot: ShardSlot, at now: Instant, _ firstUse: () -> Void
    ) -> ShardSlot.Way {
        let entity = entity(name)
        guard entity.misses == 0, let cell = entity.cell else { return .miss(miss(entity, in: slot)) }
        if entity.usedInstance != entity.instance { (entity.uses, entity.usedInstance) = (0, entity.instance) }
        entity.uses += 1
        entity.lastUsed = now
        if !entity.isListed {
            if used.isEmpty { firstUse() }
            entity.isListed = true
            used.append(entity)
        }
        return .entity(entity, cell)
    }
}
