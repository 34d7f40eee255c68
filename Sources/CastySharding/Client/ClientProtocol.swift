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
    /// What a client names in a message as the receiver of its reply. The node that decodes the message puts a question
    /// of its own there.
    static let replyPath = ["reply"]
    /// The most bytes of one command as text, and of one reply as text.
    static let longestText = 16 << 10
    /// The most client requests that wait for an answer on one node.
    static let mostPending = 4096

    /// How long the reference to reply to is valid that an entity gets with a message to which no caller wants a reply.
    static let unansweredTell = Duration.seconds(5)

    /// The most bytes of a message, and of a reply, in the type of the entity: what fits into a frame beside the rest of
    /// a request.
    static func longestMessage(_ frameLimit: Int?) -> Int { (frameLimit ?? WireLimits.frame) - 8192 }

    /// How long a node waits for an entity. The number comes from a peer; the bounds keep the arithmetic safe.
    static func timeout(_ milliseconds: Int64) -> Duration { .milliseconds(min(max(milliseconds, 1), 600_000)) }

    /// The number that stands for a time in a request.
    static func milliseconds(_ time: Duration) -> Int64 { max(1, time.nanoseconds / 1_000_000) }

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
        /// Send an entity a message of its own type; ask it, where there is a time to wait.
        case message(ClientMessage)
        /// Carry out an operator's verb.
        case operate(OperatorVerb)
    }

    var client: UInt64
    var sequence: UInt64
    var content: Content
    var replyTo: ActorRef<ClientResponse>
}

/// A message for an entity, in the type that the entity takes.
struct ClientMessage: Codable, Sendable, Hashable {
    /// The type of the entity.
    var type: String
    var entity: String
    var value: EncodedValue
    /// How long to wait for the reply; `nil` where none is expected.
    var milliseconds: Int64?
}

/// A value that one program has encoded for another: its type's name is compared before it is decoded.
struct EncodedValue: Codable, Sendable, Hashable {
    var name: String
    var codec: UInt8
    var bytes: [UInt8]
}

/// A node's answer to a request.
struct ClientResponse: Codable, Sendable, Hashable {
    enum Content: Codable, Sendable, Hashable {
        /// The node is there, and knows entities of these types.
        case welcome(types: [String])
        case reply(String)
        /// An entity's reply to a message of its own type.
        case value(EncodedValue)
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
