package import CastyCore
package import CastyObservability
import Synchronization

/// The observable state of one node: its events, its losses and its snapshot.
///
/// Parts of the runtime provide their section as a function. It is called only when a snapshot is requested, so that an
/// unobserved node has no cost.
package final class Inspector: Sendable {
    private struct State {
        var lastEvent: UInt64
        var version: UInt64 = 0
        var sinks: [(id: UInt64, sink: @Sendable (RuntimeEvent) -> Void)] = []
        var nextSink: UInt64 = 1
        var changed: (@Sendable () -> Void)?
        var losses: [LossKey: LossEntry] = [:]
        var lossSinks: [@Sendable (LostMessage) -> Void] = []
        var membership: (@Sendable (Instant) -> MembershipSnapshot)?
        var sharding: [(type: String, section: @Sendable (Instant) -> ShardingSnapshot)] = []
        var associations: (@Sendable () -> [AssociationSnapshot])?
    }

    private struct LossKey: Hashable {
        let reason: LossReason
        let lossClass: LossClass
    }

    /// The node's short name.
    package let name: String
    /// The displayed name of an address.
    package let nameOf: @Sendable (NodeAddress) -> String
    private let now: @Sendable () -> Instant
    private let state: Mutex<State>

    /// - Parameters:
    ///   - name: The node's short name.
    ///   - lastEvent: The number of the last event of an earlier incarnation under the same name.
    package init(
        name: String, lastEvent: UInt64 = 0, now: @escaping @Sendable () -> Instant,
        nameOf: @escaping @Sendable (NodeAddress) -> String = { $0.description }
    ) {
        self.name = name
        self.now = now
        self.nameOf = nameOf
        state = Mutex(State(lastEvent: lastEvent))
    }

    /// The node's time.
    package var time: Instant { now() }

    /// The number of the last event so far.
    package var lastEvent: UInt64 { state.withLock { $0.lastEvent } }

    /// Publishes an event. Returns its id, so that later events can name it as their cause.
    ///
    /// Sinks are called before this returns, on the caller's thread.
    @discardableResult
    package func emit(
        _ kind: EventKind, subject: String? = nil, shard: Int? = nil, entity: String? = nil, from: String? = nil,
        to: String? = nil, reason: EventReason? = nil, reply: String? = nil, detail: EventDetail? = nil,
        line: Int? = nil,
        causes: [EventID] = []
    ) -> EventID {
        let time = now()
        let (id, sinks, changed) = state.withLock { state in
            state.lastEvent += 1
            state.version += 1
            return (EventID(node: name, number: state.lastEvent), state.sinks, state.changed)
        }
        let event = RuntimeEvent(
            time: time, id: id, kind: kind, subject: subject, shard: shard, entity: entity, from: from, to: to,
            reason: reason, reply: reply, detail: detail, line: line, causes: causes)
        for entry in sinks { entry.sink(event) }
        changed?()
        return id
    }

    /// Subscribes to every event from now on.
    ///
    /// - Returns: A function that ends the subscription.
    @discardableResult
    package func subscribe(_ sink: @escaping @Sendable (RuntimeEvent) -> Void) -> @Sendable () -> Void {
        let id = state.withLock { state -> UInt64 in
            defer { state.nextSink += 1 }
            state.sinks.append((state.nextSink, sink))
            return state.nextSink
        }
        return { [self] in state.withLock { $0.sinks.removeAll { $0.id == id } } }
    }

    /// Records that something a snapshot shows has changed.
    package func touch() {
        let changed = state.withLock { state in
            state.version += 1
            return state.changed
        }
        changed?()
    }

    /// Sets what is called after each event and each other change of the snapshot, on the thread that made the change.
    package func whenChanged(_ action: @escaping @Sendable () -> Void) { state.withLock { $0.changed = action } }

    /// Grows with every change.
    package var version: UInt64 { state.withLock { $0.version } }

    /// Records a lost message in the ledger. The loss of a user message or of a reply is also an event.
    package func lose(
        _ reason: LossReason, _ lossClass: LossClass, target: String, type: String, shard: Int? = nil,
        entity: String? = nil, causes: [EventID] = []
    ) {
        let (changed, sinks) = state.withLock { state in
            state.version += 1
            let key = LossKey(reason: reason, lossClass: lossClass)
            var entry =
                state.losses[key]
                ?? LossEntry(reason: reason, lossClass: lossClass, count: 0, latestTarget: "", latestType: "")
            entry.count += 1
            entry.latestTarget = target
            entry.latestType = type
            state.losses[key] = entry
            return (state.changed, state.lossSinks)
        }
        changed?()
        if !sinks.isEmpty {
            let loss = LostMessage(
                time: now(), reason: reason, lossClass: lossClass, target: target, type: type, shard: shard,
                entity: entity)
            for sink in sinks { sink(loss) }
        }
        if lossClass != .control {
            emit(
                .messageLost, shard: shard, entity: entity, to: target, reason: .lost(.ledger(reason)),
                detail: lossClass == .reply ? .reply : nil, causes: causes)
        }
    }

    /// Calls back with every lost message, on the thread that lost it, until the system ends.
    package func whenLost(_ sink: @escaping @Sendable (LostMessage) -> Void) {
        state.withLock { $0.lossSinks.append(sink) }
    }

    /// The loss ledger, sorted by loss class and reason.
    package var losses: [LossEntry] {
        state.withLock { Array($0.losses.values) }.sorted {
            ($0.lossClass.rawValue, $0.reason.rawValue) < ($1.lossClass.rawValue, $1.reason.rawValue)
        }
    }

    /// Provides the section on membership.
    package func provide(membership: @escaping @Sendable (Instant) -> MembershipSnapshot) {
        state.withLock { $0.membership = membership }
    }

    /// Provides the section on one shard type.
    package func provide(sharding type: String, _ section: @escaping @Sendable (Instant) -> ShardingSnapshot) {
        state.withLock { state in
            state.sharding.removeAll { $0.type == type }
            state.sharding.append((type, section))
            state.sharding.sort { $0.type < $1.type }
        }
    }

    /// Provides the section on associations.
    package func provide(associations: @escaping @Sendable () -> [AssociationSnapshot]) {
        state.withLock { $0.associations = associations }
    }

    /// Releases the providers of sections. Snapshots lack these sections from now on.
    func forgetSections() {
        let sections = state.withLock { state in
            defer { (state.membership, state.sharding, state.associations, state.lossSinks) = (nil, [], nil, []) }
            return (state.membership, state.sharding, state.associations, state.lossSinks)
        }
        withExtendedLifetime(sections) {}
    }

    /// The sections on all shard types at this moment.
    package var shardingSections: [ShardingSnapshot] {
        let now = now()
        return state.withLock { $0.sharding }.map { $0.section(now) }
    }

    /// The section on associations at this moment.
    package var associationSection: [AssociationSnapshot] { state.withLock { $0.associations }?() ?? [] }

    /// All sections at this moment.
    package func snapshot(of node: UniqueAddress, actors: ActorsSnapshot) -> NodeSnapshot {
        let now = now()
        let (version, membership, sharding, associations) = state.withLock {
            ($0.version, $0.membership, $0.sharding, $0.associations)
        }
        return NodeSnapshot(
            name: name, node: node, time: now, version: version, membership: membership?(now) ?? MembershipSnapshot(),
            sharding: sharding.map { $0.section(now) }, associations: associations?() ?? [], actors: actors,
            losses: losses)
    }
}
