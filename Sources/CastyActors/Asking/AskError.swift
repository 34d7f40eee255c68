public import CastyCore

/// Why an ask got no answer.
///
/// An ask fails as soon as a node involved in it knows that no reply can come. Only silence lasts until the timeout.
public struct AskError: CastyError, Hashable {
    /// What happened.
    @nonexhaustive
    public enum Code: String, CastyErrorCode, CaseIterable {
        /// No answer came in time.
        case timedOut = "timed out"
        /// The actor has stopped, or never existed.
        case noSuchActor = "no such actor"
        /// The node cannot be reached.
        case unreachable = "node unreachable"
        /// The mailbox is bounded and full.
        case mailboxFull = "mailbox full"
        /// The asking task was cancelled.
        case cancelled
        /// The actor failed while it handled the question, or before it could.
        case failed
        /// The question or its reply cannot be encoded: its type is not `Codable`, or its `encode(to:)` throws.
        case notEncodable = "not encodable"
        /// The question or its reply cannot be decoded where it arrived: the receiver takes another type, or one under
        /// another name.
        case notDecodable = "not decodable"
        /// The question or its reply is larger than the frame limit.
        case tooLarge = "too large"
        /// The asked node has left the cluster, was removed from it, or another incarnation has taken its address.
        case nodeRemoved = "node removed"
        /// No node of the cluster hosts the asked type.
        case notHosted = "not hosted"
        /// The entity's shard has no home at present; the reason says why.
        case noHome = "no home"
        /// The asked system, or one that the question passed through, is shutting down.
        case shutdown = "shutting down"
    }

    /// What happened.
    public let code: Code
    /// Which actor or entity was asked: an address, or a type and an id.
    public let target: String
    /// The type of the entity, or the name of the singleton, that was asked; `nil` where an actor was.
    public let type: String?
    /// The id of the entity that was asked; `nil` where something else was.
    public let entity: String?
    /// The node that the question reached or should have reached, where known.
    public let node: NodeAddress?
    /// Why the entity or the singleton cannot be reached, where that is the reason.
    public let cause: Unavailability?
    /// What a node found out, in words: the type, the sizes, the node that reports it. `nil` where the code says
    /// everything.
    public let reason: String?
    /// A readable description: what was asked, what happened, and the reason where one is known.
    public let description: String

    package init(
        _ code: Code, asking target: String, type: String? = nil, entity: String? = nil, node: NodeAddress? = nil,
        cause: Unavailability? = nil, after waited: String? = nil, because reason: String? = nil
    ) {
        self.code = code
        self.target = target
        self.type = type
        self.entity = entity
        self.node = node ?? cause?.node
        self.cause = cause
        self.reason = reason ?? cause?.description
        self.waited = waited
        description =
            "asking \(target): \(code.rawValue)" + (waited.map { " after \($0)" } ?? "")
            + (self.reason.map { ": \($0)" } ?? "")
    }

    /// A readable description, as ``description``.
    public var message: String { description }

    /// How long it waited, in words.
    private let waited: String?

    /// The same error, stated about an entity (or about a singleton, where there is no id) instead of the actor that
    /// forwards questions to it.
    package func about(type: String, entity: String? = nil) -> AskError {
        AskError(
            code, asking: entity.map { "\(type) \($0)" } ?? type, type: type, entity: entity, node: node, cause: cause,
            after: waited, because: reason)
    }
}

/// What a node found out about a question that will not be answered.
@usableFromInline
package struct AskFailure: Hashable, Sendable {
    package var code: AskError.Code
    package var reason: String
    package var cause: Unavailability?

    package init(_ code: AskError.Code, _ reason: String, cause: Unavailability? = nil) {
        self.code = code
        self.reason = reason
        self.cause = cause
    }
}
