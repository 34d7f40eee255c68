import Synchronization

/// Holds the entities of one type on one node still, or lets them act.
///
/// A lapse of the lease closes it for all of them at once, on the thread that notices the lapse first: an entity before its next message, or the
/// region. The region opens it again, shard by shard, when it knows that the shard is still its own.
final class LeaseGate: Sendable {
    /// Counts the lapses.
    private let lapses = Atomic<UInt64>(0)

    var current: UInt64 { lapses.load(ordering: .acquiring) }

    /// Closes it for all.
    func close() { lapses.wrappingAdd(1, ordering: .acquiringAndReleasing) }

    /// Closes it for all, if nothing has closed it since this number was read.
    ///
    /// - Returns: Whether this call did.
    func close(after number: UInt64) -> Bool {
        lapses.compareExchange(expected: number, desired: number &+ 1, ordering: .acquiringAndReleasing).exchanged
    }
}

/// What the entities of one shard show at the gate: since which lapse they may act.
final class ShardPass: Sendable {
    private let number: Atomic<UInt64>
    private let gate: LeaseGate

    init(_ gate: LeaseGate) {
        self.gate = gate
        number = Atomic(gate.current)
    }

    /// The shard is no longer this region's: what still runs of its entities may never act again.
    func revoke() { number.store(.max, ordering: .releasing) }

    /// The shard is this region's: its entities may act until the next lapse.
    func renew() { number.store(gate.current, ordering: .releasing) }

    /// Whether an entity may act.
    ///
    /// - Parameters:
    ///   - isLeaseValid: Whether the lease is valid at this moment.
    ///   - onLapse: Called by the one entity that is the first to notice a lapse.
    func lets(ifValid isLeaseValid: Bool, onLapse: () -> Void) -> Bool {
        let own = number.load(ordering: .acquiring)
        guard own == gate.current else { return false }
        if isLeaseValid { return true }
        if gate.close(after: own) { onLapse() }
        return false
    }
}
