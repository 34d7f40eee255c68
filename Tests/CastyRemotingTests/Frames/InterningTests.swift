import CastyCore
import CastyRemoting
import CastySerialization
import CastyTestSupport
import NIOCore
import Testing

@Suite("Names become numbers")
struct InterningTests {
    private let header = FrameHeader(
        .user, target: actor("cart"), sender: actor("client"), type: "shop.order", codec: .binary)

    @Test("a type at its first use, an address at its second")
    func numbers() throws {
        var encoder = FrameEncoder(lane: .user)
        var sizes: [Int] = []
        var pieces: [ByteBuffer] = []
        for _ in 0..<4 {
            var bytes = ByteBuffer()
            try encoder.encode(header, into: &bytes)
            sizes.append(bytes.readableBytes)
            pieces.append(bytes)
        }
        #expect(sizes[2] == 16 && sizes[3] == 16)
        #expect(sizes[1] > 60)
        let frames = decode(pieces).frames
        #expect(frames.map(\.header) == [FrameHeader](repeating: header, count: 4))
        #expect(frames.map(\.targetID) == [nil, 1, 1, 1])
        #expect(frames.map(\.typeID) == [1, 1, 1, 1])
    }

    @Test("a frame that was not written takes its announcements back")
    func takenBack() throws {
        struct Refused: Error {}
        var encoder = FrameEncoder(lane: .user)
        var bytes = ByteBuffer()
        try encoder.encode(header, into: &bytes)
        let before = bytes
        #expect(throws: Refused.self) { try encoder.encode(header, into: &bytes) { _ in throw Refused() } }
        let other = FrameHeader(.user, type: "shop.other")
        #expect(throws: Refused.self) { try encoder.encode(other, into: &bytes) { _ in throw Refused() } }
        #expect(bytes == before)
        encoder.maximumLength = 50
        #expect(throws: WireError.self) {
            try encoder.encode(header, into: &bytes) { $0.writeRepeatingByte(0, count: 51) }
        }
        #expect(bytes == before)
        encoder.maximumLength = 1000
        for _ in 0..<3 { try encoder.encode(header, into: &bytes) }
        try encoder.encode(other, into: &bytes)
        #expect(decode([bytes]).frames.map(\.header) == [FrameHeader](repeating: header, count: 4) + [other])
    }

    @Test("each lane has numbers of its own, so that control may overtake user")
    func lanes() throws {
        var control = FrameEncoder(lane: .control)
        var user = FrameEncoder(lane: .user)
        var first = ByteBuffer()
        var second = ByteBuffer()
        for _ in 0..<3 {
            try user.encode(header, into: &first)
            try control.encode(header, into: &second)
        }
        #expect(decode([second, first]).frames.map(\.header) == [FrameHeader](repeating: header, count: 6))
        #expect(decode([first, second]).frames.map(\.header) == [FrameHeader](repeating: header, count: 6))
    }

    @Test("beyond the limit of numbers, names go in full, and addresses used once never count")
    func bounded() throws {
        var encoder = FrameEncoder(lane: .user)
        var decoder = FrameDecoder(maximumLength: WireLimits.frame)
        var numbered = 0
        for uid in 1...5000 as ClosedRange<UInt64> {
            let target = actor("a", uid)
            var bytes = ByteBuffer()
            try encoder.encode(FrameHeader(.user, sender: actor("ask", uid), type: "type.\(uid)"), into: &bytes)
            for _ in 0..<2 { try encoder.encode(FrameHeader(.user, target: target), into: &bytes) }
            decoder.append(bytes)
            #expect(try decoder.next()?.header.sender == actor("ask", uid))
            #expect(try decoder.next()?.header.target == target)
            let frame = try #require(try decoder.next())
            #expect(frame.header.target == target)
            if frame.targetID != nil { numbered += 1 }
        }
        #expect(numbered == WireLimits.internedNames)
    }

    @Test("a number that was never announced, or is announced twice or out of turn, ends the stream")
    func wrongNumbers() throws {
        func stream(_ names: [(form: UInt8, id: UInt64)]) -> ByteBuffer {
            var bytes = ByteBuffer()
            for name in names {
                var rest = ByteBuffer()
                rest.writeVarint(0)
                rest.writeVarint(name.id)
                if name.form == 2 { rest.writeText("shop.order") }
                var head = ByteBuffer(integer: UInt32(8 + rest.readableBytes))
                head.writeBytes([1, FrameKind.user.rawValue, 1 | name.form << 5, 2])
                let checksum = CRC32C.checksum(of: Array(head.readableBytesView) + Array(rest.readableBytesView))
                bytes.writeImmutableBuffer(head)
                bytes.writeInteger(checksum)
                bytes.writeImmutableBuffer(rest)
            }
            return bytes
        }
        #expect(decode([stream([(2, 1), (1, 1)])]).frames.map(\.header.type) == ["shop.order", "shop.order"])
        #expect(decode([stream([(1, 1)])]).error?.code == .unknownID)
        #expect(decode([stream([(1, 0)])]).error?.code == .unknownID)
        #expect(decode([stream([(2, 1), (1, 2)])]).error?.code == .unknownID)
        #expect(decode([stream([(2, 1), (2, 1)])]).error?.code == .duplicateID)
        #expect(decode([stream([(2, 2)])]).error?.code == .unknownID)
        #expect(decode([stream([(2, 0)])]).error?.code == .duplicateID)
        #expect(decode([stream([(2, 4097)])]).error?.code == .tooLarge)
    }

    @Test("an envelope travels in a frame")
    func envelope() throws {
        let envelope = MessageEnvelope(
            target: actor("cart"), sender: actor("client"), typeName: "shop.order", codec: .json,
            payload: Array("{}".utf8),
            correlation: 9)
        var encoder = FrameEncoder(lane: .user)
        var bytes = ByteBuffer()
        try encoder.encode(envelope, into: &bytes)
        let frame = try #require(decode([bytes]).frames.first)
        #expect(frame.envelope == envelope)
        #expect(frame.envelope?.payload == Array("{}".utf8))
        #expect(Frame(header: FrameHeader(.user), lane: .user).envelope == nil)
    }
}
