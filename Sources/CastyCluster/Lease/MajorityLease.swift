public import CastyMembership

/// A place outside the cluster where one side of a split writes down that it stays: what the downing strategy `leaseMajority` asks.
///
/// It may be a file, a row in a database, an object of an orchestrator. What it must guarantee is that it has one holder at a time, and that
/// those whom a granted claim names as losers are refused from then on, for the time the claim says. What one node asks takes effect in the order in
/// which it asks. ``InProcessMajorityLease`` serves nodes of one process.
public protocol MajorityLease: Sendable {
    /// Asks for the lease, or renews it for one who holds it.
    ///
    /// - Parameters:
    ///   - claim: Who asks, for how long, and who goes if it is granted.
    ///   - answer: Called once, on any thread, at once or later: whether the claim is granted. An error, like no answer in time, counts as
    ///     a no.
    func acquire(_ claim: LeaseClaim, answer: @escaping @Sendable (Result<Bool, LeaseError>) -> Void)

    /// The owner has no more need of the lease. Its losers remain losers.
    func release(owner: String)

    /// The owner has made no use of what it was granted last: all must be as if it had not asked for that. What it was granted before and
    /// had made use of, as a renewal or a release has shown, stays: those losers remain losers.
    func withdraw(owner: String)
}

/// Why a lease could not be asked.
public struct LeaseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of the problem.
    public enum Code: String, Hashable, Sendable {
        /// The place cannot be reached, read or written.
        case unavailable
        /// Another process keeps it busy.
        case busy
        /// What is written there is not a lease.
        case malformed
        /// There is no room for another claim.
        case full
        /// The owner or a loser has a name that cannot be written there.
        case badName
        /// The node was given none.
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
