import CastySerialization
import NIOCore
import Testing

/// Both codecs behind one call, so that every case runs over each.
struct AnyCodec: Sendable, CustomTestStringConvertible {
    let id: CodecID

    static let all = [AnyCodec(id: .binary), AnyCodec(id: .json)]

    var testDescription: String { id.description }

    func encode(_ value: some Encodable, context: CodingContext = .empty) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        if id == .binary {
            try BinarySerializer().encode(value, context: context, into: &buffer)
        } else {
            try JSONSerializer().encode(value, context: context, into: &buffer)
        }
        return buffer
    }

    func decode<Value: Decodable>(
        _ type: Value.Type, _ bytes: ByteBuffer, context: CodingContext = .empty
    ) throws -> Value {
        var buffer = bytes
        return id == .binary
            ? try BinarySerializer().decode(type, from: &buffer, context: context)
            : try JSONSerializer().decode(type, from: &buffer, context: context)
    }

    func roundTrip<Value: Codable>(_ value: Value) throws -> Value { try decode(Value.self, encode(value)) }
}

@Suite("Codecs give back what they were given")
struct CodecRoundTripTests {
    @Test("structs within structs, lists, dictionaries, optionals", arguments: AnyCodec.all)
    func nested(codec: AnyCodec) throws {
        #expect(try codec.roundTrip(sampleOrder) == sampleOrder)
        #expect(try codec.roundTrip(sampleNested) == sampleNested)
        #expect(try codec.roundTrip([sampleNested, sampleNested]) == [sampleNested, sampleNested])
        #expect(try codec.roundTrip(Empty()) == Empty())
        #expect(try codec.roundTrip([Empty(), Empty()]).count == 2)
    }

    @Test("enums with and without associated values", arguments: AnyCodec.all)
    func enums(codec: AnyCodec) throws {
        let commands: [Command] = [
            .stop, .add(.min), .move(from: "a", to: "b", nil), .move(from: "", to: "ß", sampleOrder),
            .twice(.twice(.add(3))),
        ]
        for command in commands { #expect(try codec.roundTrip(command) == command) }
        #expect(try codec.roundTrip(commands) == commands)
        #expect(try codec.roundTrip(Colour.green) == .green)
        #expect(try codec.roundTrip([Colour.red: 1]) == [.red: 1])
    }

    @Test("values without a container around them", arguments: AnyCodec.all)
    func fragments(codec: AnyCodec) throws {
        #expect(try codec.roundTrip("text") == "text")
        #expect(try codec.roundTrip(true) == true)
        #expect(try codec.roundTrip(Optional<Int>.none) == nil)
        #expect(try codec.roundTrip(Optional<Int>.some(5)) == 5)
        #expect(try codec.roundTrip(1.5 as Float) == 1.5)
        #expect(try codec.roundTrip([] as [Int]) == [])
        #expect(
            try codec.roundTrip(["", "ünï", String(repeating: "x", count: 64)]) == [
                "", "ünï", String(repeating: "x", count: 64),
            ])
        #expect(try codec.roundTrip([[[1]], [[]]]) == [[[1]], [[]]])
    }

    @Test("whole numbers at every edge of their types", arguments: AnyCodec.all)
    func numbers(codec: AnyCodec) throws {
        var unsigned: [UInt64] = [0, .max]
        var signed: [Int64] = [.min, .max, 0]
        for shift in 0..<64 {
            unsigned += [1 << UInt64(shift), (1 << UInt64(shift)) - 1]
            signed += [1 << Int64(shift), -(1 << Int64(shift) &- 1), ~(1 << Int64(shift))]
        }
        #expect(try codec.roundTrip(unsigned) == unsigned)
        #expect(try codec.roundTrip(signed) == signed)
        for value in unsigned { #expect(try codec.roundTrip(value) == value) }
        #expect(try codec.roundTrip([Int8.min, .max]) == [.min, .max])
        #expect(try codec.roundTrip([UInt32.max]) == [.max])
    }

    @Test("floating point, bit for bit", arguments: AnyCodec.all)
    func doubles(codec: AnyCodec) throws {
        let values = [
            0, -0.0, .pi, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity, -.infinity, 804_556_800.125,
        ]
        #expect(try codec.roundTrip(values).map(\.bitPattern) == values.map(\.bitPattern))
        #expect(try codec.roundTrip([Double.nan])[0].isNaN)
    }

    @Test("a text of a mebibyte", arguments: AnyCodec.all)
    func longText(codec: AnyCodec) throws {
        let text = String(repeating: "0123456789abcdeé", count: 1 << 16)
        #expect(try codec.roundTrip(["text": text]) == ["text": text])
    }

    @Test("a class and its superclass", arguments: AnyCodec.all)
    func classes(codec: AnyCodec) throws {
        let dog = Dog()
        dog.name = "Rex"
        dog.tricks = ["sit", "roll"]
        let copy = try codec.roundTrip(dog)
        #expect(copy.name == "Rex")
        #expect(copy.tricks == ["sit", "roll"])
    }

    @Test("the context reaches the types that are coded", arguments: AnyCodec.all)
    func context(codec: AnyCodec) throws {
        let key = try #require(CodingUserInfoKey(rawValue: "test.bound"))
        struct Bound: Codable, Equatable {
            var system: String

            init(system: String) { self.system = system }

            init(from decoder: any Decoder) throws {
                let key = try #require(CodingUserInfoKey(rawValue: "test.bound"))
                system = try #require(decoder.userInfo[key] as? String)
            }

            func encode(to encoder: any Encoder) throws {
                let key = try #require(CodingUserInfoKey(rawValue: "test.bound"))
                var container = encoder.singleValueContainer()
                try container.encode(try #require(encoder.userInfo[key] as? String))
            }
        }
        let bytes = try codec.encode([Bound(system: "x")], context: CodingContext(userInfo: [key: "sender"]))
        let read = try codec.decode([Bound].self, bytes, context: CodingContext(userInfo: [key: "receiver"]))
        #expect(read == [Bound(system: "receiver")])
    }

    @Test("equal values give equal bytes, and the public calls the same ones", arguments: [sampleOrder])
    func stableBytes(order: Order) throws {
        for codec in AnyCodec.all { #expect(try codec.encode(order) == codec.encode(order)) }
        let binary = BinarySerializer()
        let json = JSONSerializer()
        #expect(try binary.decode(Order.self, from: binary.encode(order)) == order)
        #expect(try json.decode(Order.self, from: json.encode(order)) == order)
    }
}
