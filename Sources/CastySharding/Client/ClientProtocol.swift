import CastyActors
import CastyCore
import CastySerialization

/// The protocol by which programs that are not members send messages to entities, and operators' verbs, through any
/// node.
///
/// A client sends a request to one node. The node forwards it as one of its own, and answers with the entity's reply or
/// with an error that says whether the entity may have handled it. A request is identified by its client and a sequence
/// number. A node never sends a request twice, and a client repeats only a request that was surely not handled.
enum ClientProtocol {
    /// Outside `system`, so that requests use the lane of user messages and delay no heartbeat.
    static let path = ["client"]
    static let actorName = "client"
    /// The most bytes of one command, and of one reply.
    static let longestText = 16 << 10
    /// The most client requests that wait for an answer on one node.
    static let mostPending = 4096

    static func register(in registry: TypeRegistry) throws {
        try registry.register(ClientRequest.self, name: "casty.client.request")
        try registry.register(ClientResponse.self, name: "casty.client.response")
    }
}

/// A client's request to a node.
struct ClientRequest: Codable, Sendable {
    enum Content: Codable, Sendable, Hashable {
        /// Checks that the node is there.
        case hello
        /// Ask an entity, and wait for its reply for at most `milliseconds`.
        case ask(entity: String, text: String, milliseconds: Int64)
        /// Send a command to an entity.
        case tell(entity: String, text: String)
        /// Carry out an operator's verb.
        case operate(OperatorVerb)
    }

    var client: UInt64
    var sequence: UInt64
    var content: Content
    var replyTo: ActorRef<ClientResponse>
}

/// A node's answer to a request.
struct ClientResponse: Codable, Sendable, Hashable {
    enum Content: Codable, Sendable, Hashable {
        /// The node is there, and knows entities of these types.
        case welcome(types: [String])
        case reply(String)
        /// The command was forwarded.
        case sent
        /// The verb is done or has begun; this number of shards begins to move.
        case done(moves: Int)
        case failed(ClientError)
    }

    var client: UInt64
    var sequence: UInt64
    var node: UniqueAddress
    var content: Content
}

/// Why a client got no reply.
package struct ClientError: Error, Codable, Hashable, Sendable, CustomStringConvertible {
    /// What happened.
    package enum Code: String, Codable, Hashable, Sendable, CaseIterable {
        /// No node is connected.
        case noNode = "no node"
        /// The node knows no entities of this type.
        case unknownType = "unknown type"
        /// The id or the text is invalid.
        case badRequest = "bad request"
        /// The node serves clients only where it listens on loopback.
        case notAllowed = "not allowed"
        /// A mailbox, a buffer or the node is full.
        case overloaded
        /// No actor accepts the message.
        case refused
        /// No node can host the entity, or the node that should coordinate its type does not run it.
        case unavailable
        /// An operator's verb cannot be carried out now.
        case rejected
        /// No reply came in time.
        case timedOut = "timed out"
        /// The entity failed, or its node became unreachable.
        case failed
        /// The connection to the node was lost before the answer.
        case connectionLost = "connection lost"
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code.rawValue): \(message)" }

    /// Whether the entity has surely not handled the request and never will: only then may the client resend it.
    package var isSurelyUnhandled: Bool {
        switch code {
        case .noNode, .unknownType, .badRequest, .notAllowed, .overloaded, .refused, .unavailable, .rejected: true
        case .timedOut, .failed, .connectionLost: false
        }
    }

    /// Whether the same request may succeed a little later.
    package var isTransient: Bool {
        switch code {
        case .noNode, .overloaded, .refused: true
        case .unknownType, .badRequest, .notAllowed, .unavailable, .rejected, .timedOut, .failed, .connectionLost: false
        }
    }
}

extension ClientError {
    /// The client error for a failed ask.
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
