import CastyRemoting
import CastySerialization
import NIOCore
import Testing

@Suite("Contexts on the wire")
struct TracePartTests {
    @Test("texts come back, and the message behind them is left")
    func roundTrip() throws {
        for texts in [
            ["traceparent": "00-4bf9-00f0-01"], ["a": "", "b": "ü", "c": String(repeating: "x", count: 1024)],
        ] {
            var buffer = ByteBuffer()
            #expect(TracePart.write(texts, into: &buffer))
            buffer.writeString("message")
            #expect(try TracePart.read(from: &buffer) == texts)
            #expect(String(buffer: buffer) == "message")
        }
    }

    @Test("the same texts are the same bytes, whatever their order")
    func order() {
        func bytes(_ texts: [String: String]) -> ByteBuffer {
            var buffer = ByteBuffer()
            _ = TracePart.write(texts, into: &buffer)
            return buffer
        }
        #expect(bytes(["a": "1", "b": "2", "c": "3"]) == bytes(["c": "3", "b": "2", "a": "1"]))
    }

    @Test("nothing is written of what is too much")
    func limits() {
        let many = Dictionary(uniqueKeysWithValues: (0...16).map { ("\($0)", "") })
        for texts in [[:], many, ["a": String(repeating: "x", count: 1025)]] {
            var buffer = ByteBuffer()
            #expect(!TracePart.write(texts, into: &buffer) && buffer.readableBytes == 0)
        }
    }

    @Test("what is cut short or above the limits is refused, and nothing traps")
    func hostile() {
        var whole = ByteBuffer()
        #expect(TracePart.write(["a": "value", "b": "other"], into: &whole))
        for length in 0..<whole.readableBytes {
            guard var cut = whole.getSlice(at: 0, length: length) else { continue }
            #expect(throws: WireError.self) { try TracePart.read(from: &cut) }
        }
        for bytes in [[0], [17], [1, 0xFF, 0xFF, 0xFF, 0x7F], Array(repeating: UInt8(0xFF), count: 12)] as [[UInt8]] {
            var buffer = ByteBuffer(bytes: bytes)
            #expect(throws: WireError.self) { try TracePart.read(from: &buffer) }
        }
    }

    @Test("the mark changes no codec")
    func marks() {
        for codec in [CodecID.json, .binary, CodecID(rawValue: 100)] {
            #expect(TracePart.isIn(TracePart.marked(codec)) && !TracePart.isIn(codec))
            #expect(TracePart.unmarked(TracePart.marked(codec)) == codec)
        }
    }
}
