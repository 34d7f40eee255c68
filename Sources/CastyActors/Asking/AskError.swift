/// Why an ask got no answer.
///
/// An ask fails as soon as a node that holds a part of it knows that no reply can come; only silence lasts until the timeout.
public struct AskError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened.
    public enum Code: String, Sendable, CaseIterable {
        case timedOut = "timed out"
        case noSuchActor = "no such actor"
        case unreachable = "node unreachable"
        case mailboxFull = "mailbox full"
        case cancelled
        /// The actor failed while it handled the question, or before it could.
        case failed
        /// The question or its reply cannot be written for the wire: its type is not registered, or its `encode(to:)` throws.
        case notEncodable = "not encodable"
        /// The question or its reply cannot be read where it arrived: its type is not registered there, or not what the receiver takes.
        case notDecodable = "not decodable"
        /// The question or its reply is above the limit of a frame.
        case tooLarge = "too large"
        /// The asked node has left the cluster, was removed from it, or another incarnation has taken its address.
        case nodeRemoved = "node removed"
        /// No node of the cluster hosts the asked type.
        case notHosted = "not hosted"
        /// The entity's shard has no home at present; the reason says why.
        case noHome = "no home"
        /// The asked system, or one that the question passed through, is ending.
        case shutdown = "shutting down"
    }

    /// What happened.
    public let code: Code
    /// Which actor or entity was asked: an address, or a type and an id.
    public let target: String
    /// What a node found out about it, in words: the type, the sizes, the node that knows; `nil` where the code says it all.
    public let reason: String?
    /// For a person: which actor was asked, and what happened.
    public let description: String

    package init(_ code: Code, asking target: String, after waited: String? = nil, because reason: String? = nil) {
        self.code = code
        self.target = target
        self.reason = reason
        description =
            "asking \(target): \(code.rawValue)" + (waited.map { " after \($0)" } ?? "")
            + (reason.map { ": \($0)" } ?? "")
    }
}
