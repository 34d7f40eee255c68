package import CastyActors
package import CastyCore
import CastyLive
import CastyRemoting
package import CastySerialization
import Logging

/// A text for the other process.
package struct Parcel: Codable, Sendable {
    package let text: String
    /// The actor that receives the number of parcels since the last receipt.
    package let receipt: ActorRef<Receipt>?
}

/// The number of parcels received.
package struct Receipt: Codable, Sendable {
    package let count: Int
}

/// A question to the other process.
package struct Question: Codable, Sendable {
    package let number: Int
    package let replyTo: ActorRef<Answer>
}

/// The number of the question.
package struct Answer: Codable, Sendable {
    package let number: Int
}

/// One of the two ends of a measurement over TCP.
package final class RemoteNode {
    package let system: ActorSystem
    private let world = LiveWorld()

    /// Starts a node that listens on a free port.
    package init(codec: CodecID) throws {
        let registry = TypeRegistry()
        try registry.register(Parcel.self, name: "bench.parcel")
        try registry.register(Receipt.self, name: "bench.receipt")
        try registry.register(Question.self, name: "bench.question")
        try registry.register(Answer.self, name: "bench.answer")
        let silence = Logger(label: "casty.bench", factory: { _ in SwiftLogNoOpLogHandler() })
        system = ActorSystem(
            name: "bench", address: NodeAddress(host: "127.0.0.1", port: try Machine.freePort()),
            world: world.node(transport: TwoLaneTransport()).world, registry: registry, log: silence)
        var settings = RemotingSettings()
        settings.codec = codec
        let started = Gate()
        let failure = Failure()
        Remoting(system: system, settings: settings).start { result in
            if case .failure(let error) = result { failure.note(error) }
            started.open()
        }
        do {
            try started.wait(seconds: 10)
            try failure.check()
        } catch {
            end()
            throw error
        }
    }

    /// A reference to an actor that the other end offers under a name.
    package func reference<Message: Sendable>(_ name: String, at node: NodeAddress, as type: Message.Type) -> ActorRef<
        Message
    > {
        system.reference(
            to: ActorAddress(system: system.name, node: node, path: ["user", name], uid: 0), as: Message.self)
    }

    /// Offers an actor that counts parcels and one that answers questions.
    package func offer() throws {
        let sink = try system.spawn(
            Behavior<Parcel>.stateful(0) { count, _, parcel in
                count += 1
                if let receipt = parcel.receipt {
                    receipt.tell(Receipt(count: count))
                    count = 0
                }
                return .same
            })
        let oracle = try system.spawn(
            Behavior<Question>.receive { _, question in
                question.replyTo.tell(Answer(number: question.number))
                return .same
            })
        system.publish(sink, as: ["user", "sink"])
        system.publish(oracle, as: ["user", "oracle"])
    }

    package func end() {
        let done = Gate()
        system.terminate { done.open() }
        try? done.wait(seconds: 10)
        world.shutdown()
    }
}
