import CastyActors
import CastyCore
import CastyPlacement
import Synchronization

/// The routes of one shard on one node: whether a message passes the region's actor by.
///
/// A message that finds the route closed waits in the slot, and the region's actor takes all that wait in one turn. While
/// messages for an entity wait, what follows for the same entity waits too, so that no message overtakes another of the
/// same sender. ``settle(_:with:)`` tells why that ends, though the senders never pause.
///
/// Callers decide under the lock. What they send to another node is queued under it too: when the route has been closed,
/// no message can come after the marker that ends its stream. What goes to an entity of this node is put into its mailbox
/// outside the lock; an entity that stops refuses it, and it waits for the actor.
final class ShardSlot: Sendable {
    struct State {
        var sending = Sending.closed
        /// Deliveries of this ownership or a later one are for entities of this node.
        var arrivals: ShardVersion?
        /// The parts in which the actor takes messages that are too many for one turn; the next part is the last one.
        var backlog: [[WaitingMessage]] = []
        /// The messages that wait for the region's actor, in the order in which they came, behind the backlog.
        var waiting: [WaitingMessage] = []
        /// How many of all these come from other nodes.
        var arrived = 0
        /// Whether the actor is going to take them. While any wait, it is.
        var isTurnDue = false
        /// The actor has ended: nothing waits for it any more.
        var isOver = false
        /// The entities that run here, and those for which messages wait.
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

    /// Where a message goes.
    enum Way {
        case entity(LocalEntity, AnyActorCell)
        case remote(RemoteShard)
        /// To the region's actor.
        case closed
    }

    /// Where a message of a caller on this node goes.
    ///
    /// - Parameter firstUse: Called, under the lock, where the shard was not used since the region last learned of it.
    func way(to entity: String, at now: @autoclosure () -> Instant, firstUse: () -> Void) -> Way {
        state.withLock { state in
            switch state.sending {
            case .closed: .closed
            // Whether messages for the entity wait, the route looks when the message is encoded.
            case .remote(let remote): .remote(remote)
            case .local: state.way(to: entity, at: now, firstUse)
            }
        }
    }

    /// Where deliveries from another node go.
    ///
    /// - Parameter count: How many there are for the entity.
    func way(
        to entity: String, arriving version: ShardVersion, count: UInt64 = 1, at now: @autoclosure () -> Instant,
        firstUse: () -> Void
    ) -> Way {
        state.withLock { state in
            state.takes(version) ? state.way(to: entity, count: count, at: now, firstUse) : .closed
        }
    }

    /// An entity did not take messages that were counted as its use.
    func takeBack(_ count: UInt64, of entity: LocalEntity) {
        state.withLock { _ in entity.uses -= Int64(count) }
    }

    // MARK: The region

    /// The open route to another node.
    var remote: RemoteShard? {
        state.withLock { state in
            if case .remote(let remote) = state.sending { remote } else { nil }
        }
    }

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
                entity.isListed = false
                guard entity.uses > 0 else { return nil }
                defer { entity.uses = 0 }
                return EntityUse(
                    EntityInstance(entity: entity.name, shard: shard, number: entity.usedInstance),
                    count: UInt64(entity.uses), lastUsed: entity.lastUsed)
            }
        }
    }
}

extension ShardSlot.State {
    mutating func entity(_ name: String) -> LocalEntity {
        if let known = entities[name] { return known }
        let made = LocalEntity(name)
        entities[name] = made
        return made
    }

    /// Forgets an entity that neither runs nor has messages that wait.
    mutating func drop(_ entity: LocalEntity) {
        guard entity.cell == nil, entity.waiting == 0, entities[entity.name] === entity else { return }
        entities[entity.name] = nil
    }

    /// Whether a delivery of this ownership is for entities of this node.
    func takes(_ version: ShardVersion) -> Bool { arrivals.map { version >= $0 } ?? false }

    /// Whether the callers of this node send over this route.
    func isOpen(_ remote: RemoteShard) -> Bool {
        guard case .remote(let current) = sending else { return false }
        return current === remote
    }

    mutating func way(
        to name: String, count: UInt64 = 1, at now: () -> Instant, _ firstUse: () -> Void
    ) -> ShardSlot.Way {
        guard let entity = entities[name], entity.waiting == 0, let cell = entity.cell else { return .closed }
        use(entity, count, at: now(), firstUse)
        return .entity(entity, cell)
    }

    mutating func use(_ entity: LocalEntity, _ count: UInt64 = 1, at now: Instant, _ firstUse: () -> Void) {
        if entity.usedInstance != entity.instance { (entity.uses, entity.usedInstance) = (0, entity.instance) }
        entity.uses += Int64(count)
        entity.lastUsed = now
        if !entity.isListed {
            if used.isEmpty { firstUse() }
            entity.isListed = true
            used.append(entity)
        }
    }
}
