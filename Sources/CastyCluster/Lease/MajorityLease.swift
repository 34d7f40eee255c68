public import CastyCore
public import CastyMembership

/// A record outside the cluster in which one side of a split notes that it stays; the downing strategy `leaseMajority`
/// uses it.
///
/// It may be a file, a row in a database, an object of an orchestrator. It must guarantee that there is one holder at a
/// time, and that the losers named by a granted claim are refused from then on, for the time the claim says. The
/// requests of one node take effect in the order in which the node makes them. ``InProcessMajorityLease`` serves nodes
/// of one process.
public protocol MajorityLease: Sendable {
    /// Requests the lease, or renews it for its holder.
    ///
    /// - Parameters:
    ///   - claim: Who requests it, for how long, and which members go if it is granted.
    ///   - answer: Called once, on any thread, at once or later, with whether the claim is granted. An error, or no
    ///     answer in time, counts as a no.
    func acquire(_ claim: LeaseClaim, answer: @escaping @Sendable (Result<Bool, LeaseError>) -> Void)

    /// The owner no longer needs the lease. Its losers remain losers.
    func release(owner: String)

    /// The owner has not used the last claim that it was granted: the record must be as if that claim had not been
    /// made. Claims granted before and used, as a renewal or a release has shown, stay in effect: their losers remain
    /// losers.
    func withdraw(owner: String)
}

/// Why a lease could not answer.
public struct LeaseError: CastyError, Hashable {
    /// The kind of the problem.
    @nonexhaustive
    public enum Code: String, CastyErrorCode {
        /// The record cannot be reached, read or written.
        case unavailable
        /// Another process holds its lock.
        case busy
        /// The content is not a lease.
        case malformed
        /// There is no room for another claim.
        case full
        /// The name of the owner or of a loser cannot be written into the record.
        case badName
        /// The node has no lease configured.
        case missing
    }

    /// The kind of the problem.
    public let code: Code
    /// For a person: what is wrong.
    public let message: String

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The code and the message.
    public var description: String { "\(code.rawValue): \(message)" }
}
