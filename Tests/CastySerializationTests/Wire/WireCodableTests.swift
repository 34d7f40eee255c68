import CastyCore
import CastySerialization
import NIOCore
import Testing

private enum Shape: WireCodable, Equatable {
    case point
    case circle(radius: Double, name: String?)
    indirect case pair(Shape, Shape)
    case numbers([Int], [UInt8], UInt64, Int64, Bool)
    case several([Shape])

    func encode(into writer: inout WireWriter) {
        switch self {
        case .point: writer.write(case: 0)
        case .circle(let radius, let name):
            writer.write(case: 1)
            writer.write(radius)
            writer.write(name) { writer, name in writer.write(name) }
        case .pair(let first, let second):
            writer.write(case: 2)
            writer.write(first)
            writer.write(second)
        case .numbers(let list, let bytes, let unsigned, let signed, let flag):
            writer.write(case: 3)
            writer.write(list) { writer, number in writer.write(number) }
            writer.write(bytes)
            writer.write(unsigned)
            writer.write(signed)
            writer.write(flag)
        case .several(let shapes):
            writer.write(case: 4)
            writer.write(shapes)
        }
    }

    init(from reader: inout WireReader) throws(WireReadError) {
        switch try reader.readCase() {
        case 0: self = .point
        case 1:
            self = .circle(
                radius: try reader.readDouble(),
                name: try reader.readOptional { reader throws(WireReadError) in try reader.readString() })
        case 2: self = .pair(try reader.read(), try reader.read())
        case 3:
            self = .numbers(
                try reader.readArray { reader throws(WireReadError) in try reader.readInt() }, try reader.readBytes(),
                try reader.readUInt64(), try reader.readInt64(), try reader.readBool())
        case 4: self = .several(try reader.readArray())
        case let other: throw .unknownCase(other)
        }
    }
}

/// A message of two versions: the later one has a field at the end.
private struct Old: WireCodable {
    var name: String

    init(_ name: String) { self.name = name }
    func encode(into writer: inout WireWriter) { writer.write(name) }
    init(from reader: inout WireReader) throws(WireReadError) { name = try reader.readString() }
}

private struct New: WireCodable, Codable {
    var name: String
    var count: Int

    init(_ name: String, _ count: Int) { (self.name, self.count) = (name, count) }

    func encode(into writer: inout WireWriter) {
        writer.write(name)
        writer.write(count)
    }

    init(from reader: inout WireReader) throws(WireReadError) {
        name = try reader.readString()
        count = reader.isAtEnd ? 1 : try reader.readInt()
    }
}

@Suite("Messages with a hand-written form")
struct WireCodableTests {
    private let samples: [Shape] = [
        .point, .circle(radius: .pi, name: nil),
        .circle(radius: -0.5, name: "ß — größer als 63 Bytes, damit die Länge zählt"),
        .pair(.pair(.point, .point), .circle(radius: 1, name: "")),
        .numbers([0, -1, .max, .min], [0, 255], .max, .min, true),
        .several([.point, .several([]), .pair(.point, .several([.point]))]),
    ]

    private func registered<Message: Sendable>(_ type: Message.Type) throws -> RegisteredType<Message> {
        try TypeRegistry().registration(of: type)
    }

    private func encode<Message: Sendable>(_ message: Message) throws -> ByteBuffer {
        var buffer = ByteBuffer(string: "before")
        try registered(Message.self).encode(message, with: .native, context: .empty, into: &buffer)
        buffer.moveReaderIndex(forwardBy: 6)
        return buffer
    }

    private func decode<Message: Sendable>(_ type: Message.Type, _ bytes: ByteBuffer) throws -> Message {
        var bytes = bytes
        return try registered(type).decode(from: &bytes, codec: .native, context: .empty)
    }

    @Test("come back as they were")
    func roundTrip() throws {
        for sample in samples { #expect(try decode(Shape.self, encode(sample)) == sample) }
    }

    @Test("travel in their own form whatever the nodes agree on, also where they are Codable")
    func codec() throws {
        #expect(try registered(Shape.self).codec(agreed: .json) == .native)
        #expect(try registered(New.self).codec(agreed: .binary) == .native)
        #expect(try !registered(New.self).isInternal)
        let registry = TypeRegistry()
        try registry.register(New.self, name: "new")
        try registry.register(Old.self, name: "old")
        #expect(registry.find(New.self)?.codec(agreed: .binary) == .native)
        #expect(registry.find(Old.self)?.name == "old")
        func generic<Message: Codable & Sendable>(_ type: Message.Type) throws -> Bool? {
            let registry = TypeRegistry()
            try registry.register(type, name: "x")
            return registry.find(type)?.isNative
        }
        #expect(try generic(New.self) == true)
        var buffer = ByteBuffer()
        #expect(throws: WireError.self) {
            try registered(New.self).encode(New("a", 1), with: .json, context: .empty, into: &buffer)
        }
        #expect(throws: WireError.self) {
            _ = try registered(New.self).decode(from: &buffer, codec: .binary, context: .empty)
        }
    }

    @Test("an old node ignores a field at the end, and a new one fills it in")
    func evolution() throws {
        #expect(try decode(Old.self, encode(New("a", 7))).name == "a")
        let new = try decode(New.self, encode(Old("b")))
        #expect(new.name == "b" && new.count == 1)
        #expect(throws: WireReadError.self) { try decode(Shape.self, ByteBuffer(bytes: [9])) }
        do {
            _ = try decode(Shape.self, ByteBuffer(bytes: [9]))
        } catch let error as WireReadError {
            #expect(error.code == .unknownCase)
        }
    }

    @Test("bytes that are cut short throw, at every place")
    func truncated() throws {
        for sample in samples {
            let bytes = try encode(sample)
            for length in 0..<bytes.readableBytes {
                let cut = bytes.getSlice(at: bytes.readerIndex, length: length) ?? ByteBuffer()
                #expect(throws: WireReadError.self, "\(sample) cut to \(length)") { try decode(Shape.self, cut) }
            }
        }
    }

    @Test("bytes of a hostile peer throw or are another value, and never trap", arguments: UInt64(1)...40)
    func hostile(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var outcomes = (values: 0, errors: 0)
        for _ in 0..<500 {
            var bytes = Array(try encode(samples[random.below(samples.count)]).readableBytesView)
            if random.below(4) == 0 { bytes = (0..<random.below(60)).map { _ in UInt8(random.below(256)) } }
            for _ in 0..<random.below(4) where !bytes.isEmpty {
                let place = random.below(bytes.count)
                switch random.below(3) {
                case 0: bytes[place] ^= UInt8(1 << random.below(8))
                case 1: bytes[place] = 0xFF
                default: bytes.insert(UInt8(random.below(256)), at: place)
                }
            }
            do {
                let value = try decode(Shape.self, ByteBuffer(bytes: bytes))
                #expect(try decode(Shape.self, encode(value)) == value || "\(value)".contains("nan"))
                outcomes.values += 1
            } catch {
                #expect(error is WireReadError)
                outcomes.errors += 1
            }
        }
        #expect(outcomes.values > 0 && outcomes.errors > 0)
    }

    @Test("a length reserves no memory that the bytes do not fill, and depth is limited")
    func limits() {
        let huge: [UInt8] = [4, 0xFF, 0xFF, 0xFF, 0x07]
        #expect(throws: WireReadError.self) { try decode(Shape.self, ByteBuffer(bytes: huge)) }
        let deep = [UInt8](repeating: 2, count: 1_000_000)
        do {
            _ = try decode(Shape.self, ByteBuffer(bytes: deep))
            Issue.record("a value of any depth was read")
        } catch {
            #expect((error as? WireReadError)?.code == .tooDeep)
        }
    }
}
