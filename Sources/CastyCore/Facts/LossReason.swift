/// Why a message ended without being handled.
///
/// The one list of reasons: a delivery is refused with one, a core drops a message with one, and the ledger counts by
/// them.
public enum LossReason: String, Hashable, Sendable, Codable, CaseIterable {
    /// The actor has stopped or never existed.
    case noSuchActor
    /// Another incarnation lives at the address.
    case wrongIncarnation
    /// The mailbox is bounded and full.
    case mailboxFull
    /// It cannot be encoded or decoded, or the receiver takes another type.
    case undecodable
    /// The node cannot be reached.
    case unreachable
    /// A queue for a node, or the buffer of a shard without a home, is full.
    case bufferFull
    /// The ask that it answers has ended.
    case lateReply
    /// Its entity was still running when its shard had to go.
    case handoff
    /// The node does not run the type, or counts another number of shards.
    case notHosted
    /// No node could host its entity or singleton before it had to be given up.
    case noHome
    /// It was returned twice by nodes that are not the home of its shard.
    case wrongHome
    /// It came from, or was returned by, a node that had been given up; later messages may have been handled since.
    case late
    /// It came from a node that is not a member.
    case notMember
    case shutdown
    /// Its actor has no handler for it.
    case unhandled
    /// Its entity fails whenever it starts.
    case entityFailed
    /// Its entity cannot be recorded as remembered, and so does not start.
    case storeFailed
}
