import CastyCore
import CastySerialization
import NIOCore
import Testing

private struct Heartbeat: NativeCodable, Sendable, Equatable {
    var sequence: UInt64

    init(sequence: UInt64) { self.sequence = sequence }

    func encode(into buffer: inout ByteBuffer) { buffer.writeVarint(sequence) }

    init(from buffer: inout ByteBuffer) throws(WireError) { sequence = try buffer.readVarint() }
}

/// Keeps what arrived, if it is of the type it waits for.
private final class Mailbox<Wanted: Sendable>: DecodedMessageReceiver {
    var messages: [Wanted] = []
    var others = 0

    func receive<Message: Sendable>(_ message: Message) {
        if let message = message as? Wanted { messages.append(message) } else { others += 1 }
    }
}

@Suite("The type registry")
struct TypeRegistryTests {
    @Test("finds a type by its type and by its name")
    func finds() throws {
        let registry = TypeRegistry()
        try registry.register(Order.self, name: "shop.order")
        try registry.register(Command.self, name: "shop.command")
        #expect(registry.find(Order.self)?.name == "shop.order")
        #expect(registry.find(named: "shop.order") === registry.find(Order.self))
        #expect(registry.find(named: "Order") == nil)
        #expect(registry.find(named: TypeRegistry.defaultName(of: Order.self)) == nil)
        #expect(registry.names == ["shop.command", "shop.order"])
    }

    @Test("a type that was not registered has its own name, in both codecs, once it is used")
    func unregistered() throws {
        struct Local: Codable, Sendable, Equatable {
            var texts: [String]
            var number: Int?
        }
        struct Mute: Sendable {}
        let registry = TypeRegistry()
        #expect(registry.find(named: "Swift.Int") == nil)
        let local = try registry.registration(of: Local.self)
        #expect(local.name == "CastySerializationTests.TypeRegistryTests.Local")
        #expect(registry.find(named: local.name) === local && registry.find(Local.self) === local)
        for codec in [CodecID.binary, .json] {
            for value in [Local(texts: ["a", "b"], number: nil), Local(texts: [], number: 7)] {
                var buffer = ByteBuffer()
                try local.encode(value, with: codec, context: .empty, into: &buffer)
                #expect(try local.decode(from: &buffer, codec: codec, context: .empty) == value)
                var broken = ByteBuffer(bytes: [0xFF, 0xFF])
                #expect(throws: (any Error).self) {
                    try local.decode(from: &broken, codec: codec, context: .empty)
                }
            }
        }
        let error = #expect(throws: RegistrationError.self) { try registry.registration(of: Mute.self) }
        #expect(error?.code == .notCodable)
        // The name is used now: another one would not be known to those that have seen it.
        let late = #expect(throws: RegistrationError.self) { try registry.register(Local.self, name: "local") }
        #expect(late?.code == .typeTaken)
    }

    @Test("to look for a type registers nothing: it may still get a name of its own")
    func looking() throws {
        struct Late: Codable, Sendable, Equatable {}
        let registry = TypeRegistry()
        let name = "CastySerializationTests.TypeRegistryTests.Late"
        #expect(registry.find(Late.self)?.name == name)
        #expect(registry.names.isEmpty && registry.find(named: name) == nil)
        try registry.register(Late.self, name: "late")
        #expect(registry.find(Late.self)?.name == "late" && registry.names == ["late"])
        struct Other: Codable, Sendable {}
        try registry.register(Int.self, name: "CastySerializationTests.TypeRegistryTests.Other")
        #expect(registry.find(Other.self) == nil, "its name is another type's")
    }

    @Test("a default name has no blanks, is the same in every process, and is bounded")
    func defaultNames() {
        func box<Value>(_ type: Value.Type) -> Any.Type { [Value].self }
        #expect(TypeRegistry.defaultName(of: [String: Int].self) == "Swift.Dictionary<Swift.String,Swift.Int>")
        var type: Any.Type = Int.self
        for _ in 0..<40 { type = _openExistential(type, do: box) }
        let long = TypeRegistry.defaultName(of: type)
        #expect(long.utf8.count <= 255 && long.hasPrefix("Swift.Array<Swift.Array<"))
        #expect(long != TypeRegistry.defaultName(of: _openExistential(type, do: box)))
    }

    @Test("refuses a name for two types, two names for a type, and what is no name")
    func rules() throws {
        let registry = TypeRegistry()
        try registry.register(Order.self, name: "shop.order")
        let first = registry.find(Order.self)
        try registry.register(Order.self, name: "shop.order")
        #expect(registry.find(Order.self) === first)
        func code(_ body: () throws(RegistrationError) -> Void) -> RegistrationError.Code? {
            do {
                try body()
                return nil
            } catch {
                return error.code
            }
        }
        #expect(
            code { () throws(RegistrationError) in try registry.register(Nested.self, name: "shop.order") }
                == .nameTaken)
        #expect(code { () throws(RegistrationError) in try registry.register(Order.self, name: "order") } == .typeTaken)
        let long = String(repeating: "x", count: 256)
        for name in ["", "a b", "a\n", long] {
            #expect(
                code { () throws(RegistrationError) in try registry.register(Nested.self, name: name) } == .invalidName)
        }
        #expect(registry.names == ["shop.order"])
        try registry.register(Heartbeat.self, name: "hb", codec: MessageCodec())
        try registry.register(Heartbeat.self, name: "hb", codec: MessageCodec())
    }

    @Test("a registered type is written and read in each codec, and reaches a receiver typed", arguments: AnyCodec.all)
    func codecs(codec: AnyCodec) throws {
        let registry = TypeRegistry()
        try registry.register(Order.self, name: "shop.order")
        let type = try #require(registry.find(Order.self))
        #expect(type.codec(agreed: codec.id) == codec.id)
        var buffer = ByteBuffer()
        try type.encode(sampleOrder, with: codec.id, context: .empty, into: &buffer)
        var copy = buffer
        #expect(try type.decode(from: &copy, codec: codec.id, context: .empty) == sampleOrder)
        let mailbox = Mailbox<Order>()
        try registry.find(named: "shop.order")?.decode(from: &buffer, codec: codec.id, context: .empty, into: mailbox)
        #expect(mailbox.messages == [sampleOrder] && mailbox.others == 0)
    }

    @Test("a type that is written by hand is only written by hand")
    func native() throws {
        let registry = TypeRegistry()
        try registry.register(Heartbeat.self, name: "hb", codec: MessageCodec())
        let type = try #require(registry.find(Heartbeat.self))
        #expect(type.codec(agreed: .json) == .native)
        var buffer = ByteBuffer()
        try type.encode(Heartbeat(sequence: 300), with: .native, context: .empty, into: &buffer)
        #expect(buffer.readableBytes == 2)
        var copy = buffer
        #expect(try type.decode(from: &copy, codec: .native, context: .empty) == Heartbeat(sequence: 300))
        #expect(throws: WireError.self) { try type.decode(from: &buffer, codec: .json, context: .empty) }
        #expect(throws: WireError.self) {
            try type.encode(Heartbeat(sequence: 1), with: .binary, context: .empty, into: &buffer)
        }
    }

    @Test("an unknown codec or broken bytes throw and deliver nothing")
    func broken() throws {
        let registry = TypeRegistry()
        try registry.register(Order.self, name: "shop.order")
        let type = try #require(registry.find(named: "shop.order"))
        let mailbox = Mailbox<Order>()
        for codec in [CodecID.json, .binary, .native, CodecID(rawValue: 0), CodecID(rawValue: 200)] {
            var bytes = ByteBuffer(bytes: [0x07, 1, 0])
            #expect(throws: (any Error).self) {
                try type.decode(from: &bytes, codec: codec, context: .empty, into: mailbox)
            }
        }
        #expect(mailbox.messages.isEmpty && mailbox.others == 0)
    }
}
