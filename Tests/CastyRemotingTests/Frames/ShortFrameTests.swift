import CastyCore
import CastyObservability
import CastySerialization
import NIOCore
import Testing

@testable import CastyRemoting

@Suite("Short frames")
struct ShortFrameTests {
    private let destinations = (0..<3).map { number in
        Destination(
            address: ActorAddress(
                system: "s", node: NodeAddress(host: "h", port: 1), path: ["user", "a\(number)"], uid: UInt64(number)),
            wireType: "t\(number % 2)", type: Int.self, lane: .user)
    }

    /// Queues messages at random, and writes them in chunks by a link's writer.
    private func stream(seed: UInt64, count: Int = 200) -> (bytes: ByteBuffer, sent: [(target: UInt64, ByteBuffer)]) {
        var generator = SeededGenerator(seed: seed)
        var batch = Batch()
        var sent: [(target: UInt64, ByteBuffer)] = []
        for _ in 0..<count {
            let number = generator.below(3)
            let payload = ByteBuffer(bytes: (0..<generator.below(300)).map { UInt8($0 & 0xFF) })
            batch.append(destinations[number], generator.below(20) == 0 ? .json : .binary, .user, payload)
            sent.append((UInt64(number), payload))
        }
        var writer = LinkWriter(frameLimit: WireLimits.frame)
        var bytes = ByteBuffer()
        while !batch.isEmpty {
            var flush = Flush()
            swap(&flush.user, &batch)
            writer.write(&flush, into: &bytes, end: bytes.writerIndex + 2000)
            swap(&flush.user, &batch)
        }
        return (bytes, sent)
    }

    /// Reads a stream as a connection does: short frames on the short way.
    private func read(_ pieces: [ByteBuffer]) -> (frames: [Frame], short: Int, error: WireError?) {
        var decoder = FrameDecoder(maximumLength: WireLimits.frame)
        var frames: [Frame] = []
        var short = 0
        do throws(WireError) {
            for piece in pieces {
                decoder.append(piece)
                while true {
                    if let frame = decoder.nextShort() {
                        short += 1
                        frames.append(try decoder.frame(of: frame))
                    } else if let frame = try decoder.next() {
                        frames.append(frame)
                    } else {
                        break
                    }
                }
            }
            return (frames, short, nil)
        } catch {
            return (frames, short, error)
        }
    }

    @Test("are written and read as the long way reads them, however the stream is cut", arguments: UInt64(1)...20)
    func sameFrames(seed: UInt64) {
        let (bytes, sent) = stream(seed: seed)
        var generator = SeededGenerator(seed: seed)
        var places: [Int] = []
        while let place = Optional((places.last ?? 0) + 1 + generator.below(400)), place < bytes.readableBytes {
            places.append(place)
        }
        let whole = decode([bytes])
        #expect(whole.error == nil)
        #expect(whole.frames.map { $0.header.target?.uid } == sent.map(\.target))
        #expect(whole.frames.map(\.payload) == sent.map(\.1))
        for pieces in [[bytes], bytes.cut(at: places)] {
            let result = read(pieces)
            #expect(result.error == nil)
            #expect(result.frames == whole.frames)
            #expect(result.short > 0)
        }
        #expect(read([bytes]).short > sent.count * 9 / 10)
    }

    @Test("with a broken byte, or cut short, never pass", arguments: UInt64(1)...20)
    func broken(seed: UInt64) {
        let (bytes, _) = stream(seed: seed, count: 20)
        let whole = decode([bytes]).frames
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let place = generator.below(bytes.readableBytes)
            var broken = bytes
            let byte = bytes.getInteger(at: place, as: UInt8.self) ?? 0
            broken.setInteger(byte ^ UInt8(1 << generator.below(8)), at: place)
            let result = read([broken])
            // A length above the rest makes the reader wait, which is no error.
            #expect(result.frames.count < whole.count)
            #expect(result.frames == Array(whole.prefix(result.frames.count)))
            let cut = bytes.getSlice(at: 0, length: place) ?? ByteBuffer()
            #expect(read([cut]).frames == Array(whole.prefix(read([cut]).frames.count)))
        }
    }

    @Test("with numbers that were never announced are refused")
    func unknown() {
        let head = ShortHead(destinations[0], .user, .user, .binary, target: 5, type: 300)
        var bytes = ByteBuffer()
        let encoder = FrameEncoder(lane: .user)
        #expect(encoder.encode(head, .max, UnsafeRawBufferPointer(start: nil, count: 0), into: &bytes))
        let result = read([bytes])
        #expect(result.frames.isEmpty && result.error?.code == .unknownID)
    }

    @Test("that are too large are left to the long way, which refuses them")
    func tooLarge() {
        let head = ShortHead(destinations[0], .user, .user, .binary, target: 1, type: 1)
        var bytes = ByteBuffer()
        let encoder = FrameEncoder(lane: .user, maximumLength: 100)
        let payload = [UInt8](repeating: 0, count: 90)
        payload.withUnsafeBytes { #expect(!encoder.encode(head, 0, $0, into: &bytes)) }
        #expect(bytes.readableBytes == 0)
    }
}
