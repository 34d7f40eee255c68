import Synchronization

/// Pauses the entities of one type on one node, or lets them act.
///
/// A lapse of the lease closes the gate for all of them at once, on the thread that first notices the lapse: that of an
/// entity before its next message, or that of the region. The region opens it again, shard by shard, when it knows that
/// it still hosts the shard.
final class LeaseGate: Sendable {
    /// Counts the lapses.
    private let lapses = Atomic<UInt64>(0)

    var current: UInt64 { lapses.load(ordering: .acquiring) }

    /// Closes it for all.
    func close() { lapses.wrappingAdd(1, ordering: .acquiringAndReleasing) }

    /// Closes the gate for all entities, unless it was closed since `number` was read.
    ///
    /// - Returns: Whether this call closed it.
    func close(after number: UInt64) -> Bool {
        lapses.compareExchange(expected: number, desired: number &+ 1, ordering: .acquiringAndReleasing).exchanged
    }
}

/// The pass of the entities of one shard: since which lapse they may act.
final class ShardPass: Sendable {
    private let number: Atomic<UInt64>
    private let gate: LeaseGate

    init(_ gate: LeaseGate) {
        self.gate = gate
        number = Atomic(gate.current)
    }

    /// The region no longer hosts the shard: entities of it that still run never act again.
    func revoke() { number.store(.max, ordering: .releasing) }

    /// The region hosts the shard: its entities may act until the next lapse.
    func renew() { number.store(gate.current, ordering: .releasing) }

    /// Whether an entity may act.
    ///
    /// - Parameters:
    ///   - isLeaseValid: Whether the lease is valid at this moment.
    ///   - onLapse: Called by the entity that first notices a lapse.
    func lets(ifValid isLeaseValid: Bool, onLapse: () -> Void) -> Bool {
        let own = number.load(ordering: .acquiring)
        guard own == gate.current else { return false }
        if isLeaseValid { return true }
        if gate.close(after: own) { onLapse() }
        return false
    }
}
