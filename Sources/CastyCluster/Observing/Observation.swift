import CastyActors
import CastyCore
package import CastyObservability
import CastySerialization

/// A node's answer to an observer: its snapshot, and the events since the observer's last request.
package struct Observation: Codable, Sendable {
    package var snapshot: NodeSnapshot
    /// Events in order; only a part of them where there are many.
    package var events: [RuntimeEvent]
    /// How many events were dropped before they could be sent.
    package var missed: UInt64
}

/// An observer's request to a node.
struct ObservationRequest: Codable, Sendable {
    /// Returned with the answer.
    var number: UInt64
    /// The number of the last event that the observer has.
    var after: UInt64
    var replyTo: ActorRef<ObserverMessage>
}

/// A message to the observer's actor.
enum ObserverMessage: Codable, Sendable {
    /// It is time to ask again.
    case tick
    case part(ObservationPart)
}

/// A piece of an answer: the whole may be larger than a frame.
struct ObservationPart: Codable, Sendable {
    var number: UInt64
    var index: Int
    var count: Int
    var bytes: [UInt8]
}

/// The protocol between observers and nodes.
enum ObservationProtocol {
    static let path = ["system", "observation"]
    /// The most bytes of one piece.
    static let piece = 48 << 10
    /// The most pieces of one answer.
    static let pieces = 512
    /// The most events of one answer.
    static let events = 500

    static func register(in registry: TypeRegistry) throws {
        try registry.register(ObservationRequest.self, name: "casty.observe")
        try registry.register(ObserverMessage.self, name: "casty.observed")
    }
}
