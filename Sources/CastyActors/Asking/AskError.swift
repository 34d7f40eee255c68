public import CastyCore

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
    /// The type of the entity, or the name of the singleton, that was asked; `nil` where an actor was.
    public let type: String?
    /// The id of the entity that was asked; `nil` where something else was.
    public let entity: String?
    /// The node where the question was, or should have gone, as far as that is known.
    public let node: NodeAddress?
    /// Why the entity or the singleton cannot be reached, where that is why there is no answer.
    public let cause: Unavailability?
    /// What a node found out about it, in words: the type, the sizes, the node that knows; `nil` where the code says it all.
    public let reason: String?
    /// For a person: who was asked, what happened, and what to do about it.
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

    /// How long it waited, in words.
    private let waited: String?

    /// The same about an entity, or about a singleton where there is no id, rather than about the actor that passes questions on to it.
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
