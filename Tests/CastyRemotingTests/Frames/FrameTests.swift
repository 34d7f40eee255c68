import CastyCore
import CastyRemoting
import CastySerialization
import CastyTestSupport
import NIOCore
import Testing

/// A stream of frames of every kind, both lanes mixed, and what must come out of it.
struct SampleStream {
    var bytes = ByteBuffer()
    var headers: [FrameHeader] = []
    var lanes: [FrameLane] = []
    var payloads: [ByteBuffer] = []

    init(count: Int = 40, seed: UInt64 = 5) throws {
        var control = FrameEncoder(lane: .control)
        var user = FrameEncoder(lane: .user)
        var random = SeededGenerator(seed: seed)
        for index in 0..<count {
            let kind = FrameKind.allCases[index % FrameKind.allCases.count]
            let header = FrameHeader(
                kind, target: random.below(4) > 0 ? actor("t\(random.below(5))") : nil,
                sender: random.below(2) > 0 ? actor("s\(random.below(5))", UInt64(random.below(3))) : nil,
                type: random.below(4) > 0 ? "type.\(random.below(3))" : nil, codec: .binary,
                correlation: random.next() >> UInt64(random.below(64)))
            let payload = ByteBuffer(bytes: (0..<random.below(60)).map { _ in UInt8(random.below(256)) })
            let isUser = kind == .user
            if isUser {
                try user.encode(header, into: &bytes) { _ = $0.writeImmutableBuffer(payload) }
            } else {
                try control.encode(header, into: &bytes) { _ = $0.writeImmutableBuffer(payload) }
            }
            headers.append(header)
            lanes.append(isUser ? .user : .control)
            payloads.append(payload)
        }
    }

    func matches(_ frames: [Frame]) -> Bool {
        frames.map(\.header) == headers && frames.map(\.lane) == lanes && frames.map(\.payload) == payloads
    }
}

/// All frames of a stream that arrives in the given pieces, and the error that ended it.
func decode(_ pieces: [ByteBuffer], limit: Int = WireLimits.frame) -> (frames: [Frame], error: WireError?) {
    var decoder = FrameDecoder(maximumLength: limit)
    var frames: [Frame] = []
    do {
        for piece in pieces {
            decoder.append(piece)
            while let frame = try decoder.next() { frames.append(frame) }
        }
        return (frames, nil)
    } catch {
        return (frames, error)
    }
}

extension ByteBuffer {
    /// The same bytes cut at these places.
    func cut(at places: [Int]) -> [ByteBuffer] {
        var rest = self
        var pieces: [ByteBuffer] = []
        var last = 0
        for place in places {
            if let piece = rest.readSlice(length: place - last) { pieces.append(piece) }
            last = place
        }
        return pieces + [rest]
    }
}

@Suite("Frames")
struct FrameTests {
    @Test("come out as they went in, whole")
    func whole() throws {
        let stream = try SampleStream()
        let result = decode([stream.bytes])
        #expect(result.error == nil)
        #expect(stream.matches(result.frames))
    }

    @Test("come out the same however the stream is cut: dripped, cut once anywhere, cut at random")
    func chunking() throws {
        let stream = try SampleStream()
        let count = stream.bytes.readableBytes
        #expect(stream.matches(decode(stream.bytes.cut(at: Array(1..<count))).frames))
        for place in 0...count { #expect(stream.matches(decode(stream.bytes.cut(at: [place])).frames)) }
        var random = SeededGenerator(seed: 3)
        for _ in 0..<300 {
            let places = (0..<random.below(30)).map { _ in random.below(count + 1) }.sorted()
            #expect(stream.matches(decode(stream.bytes.cut(at: places)).frames))
        }
    }

    @Test("come out the same when several pieces arrive before the first is read")
    func glued() throws {
        let stream = try SampleStream()
        var decoder = FrameDecoder(maximumLength: WireLimits.frame)
        for piece in stream.bytes.cut(at: [3, 10, 77, 200]) { decoder.append(piece) }
        var frames: [Frame] = []
        while let frame = try decoder.next() { frames.append(frame) }
        #expect(stream.matches(frames))
    }

    @Test("one changed byte is noticed, and nothing wrong comes out before it", .timeLimit(.minutes(10)))
    func corruption() throws {
        let stream = try SampleStream(count: 12)
        let whole = decode([stream.bytes]).frames
        for place in 0..<stream.bytes.readableBytes {
            for change in [1, 0x80, 0xFF] as [UInt8] {
                var bytes = stream.bytes
                let old = try #require(bytes.getInteger(at: place, as: UInt8.self))
                bytes.setInteger(old ^ change, at: place)
                let result = decode([bytes])
                // A longer length may leave the frame waiting for bytes that never come; it is then not delivered
                // either.
                #expect(result.frames.count < whole.count)
                #expect(result.frames == Array(whole.prefix(result.frames.count)))
            }
        }
    }

    @Test("cut off at any byte, deliver only what was complete")
    func truncated() throws {
        let stream = try SampleStream(count: 12)
        let whole = decode([stream.bytes]).frames
        for size in 0..<stream.bytes.readableBytes {
            let result = decode([try #require(stream.bytes.getSlice(at: 0, length: size))])
            #expect(result.error == nil)
            #expect(result.frames == Array(whole.prefix(result.frames.count)))
            #expect(result.frames.count < whole.count)
        }
    }

    @Test(
        "a length above the limit, negative, or too small is refused at its fourth byte",
        arguments: [
            UInt32(65_537), 1 << 31, .max, 8, 0,
        ])
    func lengths(length: UInt32) {
        var decoder = FrameDecoder()
        var bytes = ByteBuffer(integer: length)
        decoder.append(bytes.readSlice(length: 3) ?? bytes)
        #expect(throws: Never.self) { try decoder.next() }
        decoder.append(bytes)
        #expect(throws: WireError.self) { try decoder.next() }
        decoder.append(ByteBuffer(repeating: 0, count: 100))
        #expect(throws: WireError.self) { try decoder.next() }
    }

    @Test("the limit is the small one until it is raised")
    func limits() throws {
        var encoder = FrameEncoder(lane: .user)
        var bytes = ByteBuffer()
        try encoder.encode(FrameHeader(.user), into: &bytes) { $0.writeRepeatingByte(1, count: 100_000) }
        #expect(decode([bytes], limit: WireLimits.frameBeforeWelcome).error?.code == .tooLarge)
        var decoder = FrameDecoder()
        decoder.maximumLength = WireLimits.frame
        decoder.append(bytes)
        #expect(try decoder.next()?.payload.readableBytes == 100_000)
    }

    @Test("a kind, a version, or flags that do not exist are refused even with a right checksum")
    func unknownHeader() throws {
        for (place, value, code) in [
            (4, 2, WireError.Code.unsupportedVersion), (5, 99, .malformed), (6, 0x80, .malformed),
        ] as [(Int, UInt8, WireError.Code)] {
            var encoder = FrameEncoder(lane: .control)
            var bytes = ByteBuffer()
            try encoder.encode(FrameHeader(.ping), into: &bytes)
            bytes.setInteger(value, at: place)
            let covered = Array(bytes.readableBytesView[..<8]) + Array(bytes.readableBytesView[12...])
            bytes.setInteger(CRC32C.checksum(of: covered), at: 8)
            #expect(decode([bytes]).error?.code == code)
        }
    }

    @Test("random bytes never trap", .timeLimit(.minutes(10)))
    func fuzz() throws {
        var random = SeededGenerator(seed: 99)
        let stream = try SampleStream(count: 3)
        let good = Array(stream.bytes.readableBytesView)
        var wrong = 0
        for round in 0..<100_000 {
            var bytes: [UInt8]
            if round.isMultiple(of: 4) {
                // A right length and checksum around anything: this is what a hostile peer sends.
                let rest = (0..<random.below(50)).map { _ in UInt8(random.below(random.below(2) == 0 ? 8 : 256)) }
                let head = [0, 0, 0, UInt8(8 + rest.count), 1, UInt8(random.below(11)), UInt8(random.below(256)), 2]
                let checksum = CRC32C.checksum(of: head + rest)
                bytes = head + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * $0)) } + rest
            } else if round.isMultiple(of: 2) {
                bytes = (0..<random.below(60)).map { _ in UInt8(random.below(256)) }
                if bytes.count > 3 { bytes.replaceSubrange(0..<3, with: [0, 0, 0]) }
            } else {
                bytes = good
                bytes[random.below(bytes.count)] &+= 1
            }
            let places = [random.below(bytes.count + 1)]
            let result = decode(ByteBuffer(bytes: bytes).cut(at: places))
            if result.frames.count >= 3 { wrong += 1 }
        }
        #expect(wrong == 0)
    }
}
