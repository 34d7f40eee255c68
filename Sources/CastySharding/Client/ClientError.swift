import CastyActors
public import CastyCore

/// Why a program that is no node got no reply from an entity.
public struct ClientError: CastyError, Codable, Hashable {
    /// What happened.
    @nonexhaustive
    public enum Code: String, CastyErrorCode, Codable, CaseIterable {
        /// No node is connected.
        case noNode = "no node"
        /// A setting of the client cannot work; the message names it, its value and what is possible.
        case badSetting = "bad setting"
        /// The node knows no entities of this type.
        case unknownType = "unknown type"
        /// The id, the text or the message is invalid: the type takes other messages, the message does not travel, or
        /// it is too large.
        case badRequest = "bad request"
        /// The nodes refuse this client: its credentials are wrong, or do not suffice; or a node that listens beyond
        /// loopback has none to tell clients by.
        case notAllowed = "not allowed"
        /// A mailbox, a buffer or the node is full.
        case overloaded
        /// No actor accepts the message: the node serves no clients, or does not yet.
        case refused
        /// No node can host the entity, or the node that should coordinate its type does not run it.
        case unavailable
        /// An operator's verb cannot be carried out now.
        case rejected
        /// No reply came in time.
        case timedOut = "timed out"
        /// The entity failed, its node became unreachable, or its reply cannot be read.
        case failed
        /// The connection to the node was lost before the answer.
        case connectionLost = "connection lost"
        /// The client was closed before the answer.
        case closed
        /// The asking task was cancelled.
        case cancelled
    }

    /// What happened.
    public let code: Code
    /// For a person: what is wrong, as the node or the client found it.
    public let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The code and the message.
    public var description: String { "\(code.rawValue): \(message)" }

    /// Whether the entity has surely not handled the request and never will: only then can it be sent again without
    /// being handled twice.
    public var isSurelyUnhandled: Bool {
        switch code {
        case .noNode, .badSetting, .unknownType, .badRequest, .notAllowed, .overloaded, .refused, .unavailable,
            .rejected:
            true
        case .timedOut, .failed, .connectionLost, .closed, .cancelled: false
        }
    }

    /// Whether the same request may succeed a little later.
    package var isTransient: Bool {
        switch code {
        case .noNode, .overloaded, .refused: true
        case .badSetting, .unknownType, .badRequest, .notAllowed, .unavailable, .rejected, .timedOut, .failed,
            .connectionLost, .closed, .cancelled:
            false
        }
    }
}

extension ClientError {
    /// The client error for a failed ask of an entity.
    init(_ error: AskError) {
        switch error.code {
        case .mailboxFull: self.init(.overloaded, error.description)
        case .noSuchActor: self.init(.refused, error.description)
        // The question never reached a home.
        case .notHosted, .noHome: self.init(.unavailable, error.description)
        case .timedOut: self.init(.timedOut, error.description)
        // The message may have been handled, and only its reply lost.
        case .unreachable, .failed, .cancelled, .notEncodable, .notDecodable, .tooLarge, .nodeRemoved, .shutdown:
            self.init(.failed, error.description)
        }
    }
}
