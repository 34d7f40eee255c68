public import CastyCore
public import CastyMembership
import Synchronization

/// The lease of nodes that run in one process: in a testbed, in tests. It answers at once.
public final class InProcessMajorityLease: MajorityLease {
    private let record = Mutex(LeaseRecord())
    private let now: @Sendable () -> Instant

    /// Creates a lease without a holder.
    ///
    /// - Parameter now: The clock by which leases expire: that of the runtime the nodes run in.
    public init(now: @escaping @Sendable () -> Instant) {
        self.now = now
    }

    /// Requests the lease, or renews it.
    public func acquire(_ claim: LeaseClaim, answer: @escaping @Sendable (Result<Bool, LeaseError>) -> Void) {
        let now = now()
        answer(.success(record.withLock { $0.claim(claim, at: now) }))
    }

    /// Releases the lease.
    public func release(owner: String) { record.withLock { $0.release(owner) } }

    /// Undoes the last claim that the owner was granted.
    public func withdraw(owner: String) { record.withLock { $0.withdraw(owner) } }

    /// The holder and the losers.
    package var contents: LeaseRecord { record.withLock { $0 } }
}
