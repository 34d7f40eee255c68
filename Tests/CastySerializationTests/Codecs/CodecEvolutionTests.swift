import CastySerialization
import NIOCore
import Testing

private struct Old: Codable, Equatable {
    var name: String
    var count: Int
}

private struct New: Codable, Equatable {
    struct Detail: Codable, Equatable {
        var name: String
        var more: [String]
    }

    var detail: Detail
    var extra: String?
    var name: String
    var details: [Detail]
    var count: Int
    var ratio: Double
}

private struct Defaulted: Codable, Equatable {
    var name = "none"
    var limit = 10

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decodeIfPresent(String.self, forKey: .name) ?? "none"
        limit = try container.decodeIfPresent(Int.self, forKey: .limit) ?? 10
    }
}

private struct Reversed: Codable, Equatable {
    var count: Int
    var name: String
}

@Suite("Versions of a message type understand each other")
struct CodecEvolutionTests {
    private let new = New(
        detail: .init(name: "in detail", more: ["x"]), extra: "e", name: "outer",
        details: [.init(name: "first", more: []), .init(name: "second", more: ["y", "z"])], count: 3, ratio: 0.5)

    @Test("fields a reader does not know are ignored, whatever they hold", arguments: AnyCodec.all)
    func unknown(codec: AnyCodec) throws {
        #expect(try codec.decode(Old.self, codec.encode(new)) == Old(name: "outer", count: 3))
        #expect(
            try codec.decode([Old].self, codec.encode([new, new]))
                == [Old](repeating: Old(name: "outer", count: 3), count: 2))
    }

    @Test("a missing optional field is nil, and a missing one with a default takes it", arguments: AnyCodec.all)
    func missing(codec: AnyCodec) throws {
        struct Wider: Codable {
            var name: String
            var count: Int
            var later: String?
            var laterStill: [Int]?
        }
        let read = try codec.decode(Wider.self, codec.encode(Old(name: "n", count: 1)))
        #expect(read.later == nil && read.laterStill == nil && read.name == "n")
        #expect(try codec.decode(Defaulted.self, codec.encode(Old(name: "n", count: 1))).limit == 10)
        #expect(try codec.decode(Defaulted.self, codec.encode(Empty())) == Defaulted())
    }

    @Test("the order of fields does not matter", arguments: AnyCodec.all)
    func order(codec: AnyCodec) throws {
        #expect(
            try codec.decode(Reversed.self, codec.encode(Old(name: "n", count: 1))) == Reversed(count: 1, name: "n"))
    }

    @Test("a missing field, nil, another kind and a number too large are distinguished", arguments: AnyCodec.all)
    func errors(codec: AnyCodec) throws {
        func reading(_ value: some Encodable) -> DecodingError? {
            #expect(throws: DecodingError.self) { try codec.decode(Old.self, codec.encode(value)) }
        }
        if case .keyNotFound(let key, _)? = reading(["name": "n"]) {
            #expect(key.stringValue == "count")
        } else {
            Issue.record("a missing field is not reported as such")
        }
        struct Mixed: Encodable {
            var name: String?
            var count: String?

            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(name, forKey: .name)
                try container.encode(count, forKey: .count)
            }

            private enum CodingKeys: String, CodingKey { case name, count }
        }
        guard case .valueNotFound? = reading(Mixed(name: nil, count: "1")) else { throw Unexpected() }
        guard case .typeMismatch? = reading(Mixed(name: "n", count: "1")) else { throw Unexpected() }
        #expect(throws: DecodingError.self) { try codec.decode(Int8.self, codec.encode(128)) }
        #expect(throws: DecodingError.self) { try codec.decode(UInt.self, codec.encode(-1)) }
        #expect(throws: DecodingError.self) { try codec.decode([Int].self, codec.encode(new)) }
        #expect(throws: DecodingError.self) { try codec.decode(Old.self, codec.encode([1])) }
    }

    private struct Unexpected: Error {}

    @Test("values lie in each other 32 deep, and not deeper", arguments: AnyCodec.all)
    func depth(codec: AnyCodec) throws {
        #expect(try codec.roundTrip(Chain(length: 32)) == Chain(length: 32))
        #expect(throws: (any Error).self) { try codec.encode(Chain(length: 33)) }
    }
}
