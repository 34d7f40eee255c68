package import CastyActors
package import CastySerialization

/// A text for another node.
package struct Parcel: Codable, Sendable {
    package let text: String
    /// The actor that receives the number of parcels since the last receipt.
    package let receipt: ActorRef<Receipt>?
}

/// The same with a hand-written form.
package struct WireParcel: WireCodable {
    package let text: String
    package let receipt: ActorRef<Receipt>?

    init(_ parcel: Parcel) {
        text = parcel.text
        receipt = parcel.receipt
    }

    package func encode(into writer: inout WireWriter) {
        writer.write(text)
        writer.write(receipt)
    }

    package init(from reader: inout WireReader) throws(WireReadError) {
        text = try reader.readString()
        receipt = try reader.readOptional()
    }
}

/// The number of parcels received.
package struct Receipt: Codable, Sendable {
    package let count: Int
}

/// A question to another node.
package struct Question: Codable, Sendable {
    package let number: Int
    package let replyTo: ActorRef<Answer>
}

/// The number of the question.
package struct Answer: Codable, Sendable {
    package let number: Int
}

extension TypeRegistry {
    /// A registry of the messages between nodes.
    static func bench() throws -> TypeRegistry {
        let registry = TypeRegistry()
        try registry.register(Parcel.self, name: "bench.parcel")
        try registry.register(WireParcel.self, name: "bench.wire-parcel")
        try registry.register(Receipt.self, name: "bench.receipt")
        try registry.register(Question.self, name: "bench.question")
        try registry.register(Answer.self, name: "bench.answer")
        return registry
    }
}

extension Behavior<Parcel> {
    /// Counts parcels.
    static var sink: Behavior<Parcel> {
        .stateful(0) { count, _, parcel in
            count += 1
            if let receipt = parcel.receipt {
                receipt.tell(Receipt(count: count))
                count = 0
            }
            return .same
        }
    }
}

extension Behavior<WireParcel> {
    /// Counts parcels.
    static var wireSink: Behavior<WireParcel> {
        .stateful(0) { count, _, parcel in
            count += 1
            if let receipt = parcel.receipt {
                receipt.tell(Receipt(count: count))
                count = 0
            }
            return .same
        }
    }
}

extension Behavior<Question> {
    /// Answers questions.
    static var oracle: Behavior<Question> {
        .receive { _, question in
            question.replyTo.tell(Answer(number: question.number))
            return .same
        }
    }
}
