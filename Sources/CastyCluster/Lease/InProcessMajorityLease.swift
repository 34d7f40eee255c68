public import CastyCore
public import CastyMembership
import Synchronization

/// The lease of nodes that live in one process: in a testbed, in tests. It answers at once.
public final class InProcessMajorityLease: MajorityLease {
    private let record = Mutex(LeaseRecord())
    private let now: @Sendable () -> Instant

    /// Creates a lease that nobody holds.
    ///
    /// - Parameter now: The clock that leases run out by, of the world that the nodes live in.
    public init(now: @escaping @Sendable () -> Instant) {
        self.now = now
    }

    /// Asks for the lease, or renews it.
    public func acquire(_ claim: LeaseClaim, answer: @escaping @Sendable (Result<Bool, LeaseError>) -> Void) {
        let now = now()
        answer(.success(record.withLock { $0.claim(claim, at: now) }))
    }

    /// Gives the lease back.
    public func release(owner: String) { record.withLock { $0.release(owner) } }

    /// Undoes what the owner was granted.
    public func withdraw(owner: String) { record.withLock { $0.withdraw(owner) } }

    /// Who holds it, and who has lost it.
    package var contents: LeaseRecord { record.withLock { $0 } }
}
