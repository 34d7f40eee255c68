import CastyCore
import CastySerialization
import NIOCore
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite("The binary codec")
struct BinaryCodecTests {
    private let codec = AnyCodec(id: .binary)

    @Test("writes the bytes its format says")
    func golden() throws {
        struct Point: Codable {
            var x: Int
            var y: Int
        }
        let bytes = try codec.encode([Point(x: 1, y: -2), Point(x: 300, y: 0)])
        #expect(
            Array(bytes.readableBytesView) == [
                0x08, 23, 0, 0, 0,
                0x07, 7, 0, 0, 0, 2, 0x78, 0x81, 2, 0x79, 0x18, 1,
                0x07, 6, 0, 0, 0, 21, 0x11, 0x2C, 1, 27, 0x80,
            ])
    }

    @Test("writes a key that occurs again only once")
    func keysOnce() throws {
        let one = try codec.encode([sampleOrder]).readableBytes
        let two = try codec.encode([sampleOrder, sampleOrder]).readableBytes
        #expect(two - one < one - 15)
    }

    @Test("writes bytes as bytes")
    func bytes() throws {
        let raw = [UInt8](repeating: 200, count: 1000)
        #expect(try codec.encode(raw).readableBytes < 1010)
        #expect(try codec.roundTrip(raw) == raw)
        let data = Data(raw)
        #expect(try codec.encode(data).readableBytes < 1010)
        #expect(try codec.roundTrip([data, Data()]) == [data, Data()])
        #expect(try codec.decode([UInt8].self, codec.encode([1, 2] as [Int])) == [1, 2])
    }

    @Test("appends to what the buffer holds, and leaves it alone on an error")
    func appends() throws {
        struct Failing: Codable {
            var text = "some text that is written first"
            var fails = Fails()

            struct Fails: Codable {
                init() {}
                init(from decoder: any Decoder) throws {}
                func encode(to encoder: any Encoder) throws { throw WireError(.notEncodable, "on purpose") }
            }
        }
        var buffer = ByteBuffer(string: "before")
        #expect(throws: WireError(.notEncodable, "on purpose")) {
            try BinarySerializer().encode(Failing(), context: .empty, into: &buffer)
        }
        #expect(buffer == ByteBuffer(string: "before"))
        try BinarySerializer().encode("x", context: .empty, into: &buffer)
        #expect(buffer == ByteBuffer(bytes: Array("before".utf8) + [0x41, 0x78]))
    }

    @Test("an encoder that fails halfway and is caught leaves the rest readable")
    func caught() throws {
        struct Careful: Codable {
            var ok = 1

            init() {}

            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Keys.self)
                try? container.encode([Picky()], forKey: .bad)
                try container.encode(ok, forKey: .ok)
            }

            private enum Keys: String, CodingKey { case bad, ok }
        }
        struct Picky: Encodable {
            func encode(to encoder: any Encoder) throws {
                var container = encoder.unkeyedContainer()
                try container.encode("half")
                throw WireError(.notEncodable, "on purpose")
            }
        }
        #expect(try codec.roundTrip(Careful()).ok == 1)
    }

    @Test("nested containers filled one after the other are fine, in turn they are refused")
    func interleaved() throws {
        struct Turns: Encodable {
            var inTurn: Bool

            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Keys.self)
                var first = container.nestedUnkeyedContainer(forKey: .first)
                try first.encode(1)
                var second = container.nestedUnkeyedContainer(forKey: .second)
                try second.encode(2)
                if inTurn { try first.encode(3) }
            }

            private enum Keys: String, CodingKey { case first, second }
        }
        #expect(
            try codec.decode([String: [Int]].self, codec.encode(Turns(inTurn: false))) == ["first": [1], "second": [2]])
        #expect(throws: WireError.self) { try codec.encode(Turns(inTurn: true)) }
    }

    @Test("a container or an encoder without a write is an empty value")
    func unwritten() throws {
        struct Lazy: Encodable {
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Keys.self)
                _ = container.superEncoder()
                _ = container.superEncoder(forKey: .other)
                _ = container.nestedUnkeyedContainer(forKey: .list)
                try container.encode(Nothing(), forKey: .nothing)
            }

            private enum Keys: String, CodingKey { case other, list, nothing }
        }
        struct Nothing: Encodable {
            func encode(to encoder: any Encoder) {}
        }
        struct Read: Decodable {
            var `super`: Empty
            var other: Empty
            var list: [Int]
            var nothing: Empty
        }
        #expect(try codec.decode(Read.self, codec.encode(Lazy())).list == [])
        _ = try codec.decode(Empty.self, codec.encode(Nothing()))
    }

    @Test("a text that is not UTF-8, a reference that leads nowhere, and bytes after the end are refused")
    func malformed() throws {
        let cases: [[UInt8]] = [
            [], [0x41], [0x41, 0xFF], [0x05, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x09], [0x41, 0x78, 0x00],
            [0x07, 2, 0, 0, 0, 21, 0x80], [0x07, 2, 0, 0, 0, 11, 0x80], [0x07, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x07, 3, 0, 0, 0, 2, 0xFF, 0x80],
        ]
        for bytes in cases {
            #expect(throws: DecodingError.self, "\(bytes)") {
                try codec.decode(String.self, ByteBuffer(bytes: bytes))
            }
            #expect(throws: DecodingError.self, "\(bytes)") {
                try codec.decode([String: Int].self, ByteBuffer(bytes: bytes))
            }
        }
    }

    @Test("random and broken bytes never trap", .timeLimit(.minutes(10)))
    func fuzz() throws {
        var random = SeededGenerator(seed: 17)
        let good = try [codec.encode(sampleNested), codec.encode(Command.move(from: "a", to: "b", sampleOrder))]
        var read = 0
        for round in 0..<60_000 {
            var bytes: [UInt8]
            if round.isMultiple(of: 2) {
                bytes = (0..<random.below(40)).map { _ in UInt8(random.below(256)) }
            } else {
                bytes = Array(good[round / 2 % 2].readableBytesView)
                for _ in 0..<1 + random.below(3) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
                if random.below(4) == 0 { bytes.removeLast(random.below(bytes.count)) }
            }
            let buffer = ByteBuffer(bytes: bytes)
            if (try? codec.decode(Nested.self, buffer)) != nil { read += 1 }
            _ = try? codec.decode(Command.self, buffer)
            _ = try? codec.decode([String: [Int?]].self, buffer)
        }
        // A changed letter of a text leaves a readable message: the checksum of the frame is what finds it.
        #expect(read > 0)
    }
}
