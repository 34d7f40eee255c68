import CastyCore
import CastyRemoting
import CastySerialization
import NIOCore

/// Makes frames that nearly follow the protocol: from messages that nodes have sent, with a few things changed.
///
/// All follows from the seed of its generator.
struct FrameMutator {
    private let samples: [MessageCorpus.Sample]
    private let names: [String]
    private let node: NodeAddress
    private let system: String
    private let peer: UniqueAddress
    private var generator: SeededGenerator
    private var control = FrameEncoder(lane: .control)
    private var user = FrameEncoder(lane: .user)
    private var correlation: UInt64 = 0

    /// One frame in this many is broken below the protocol: its length, flags or checksum. It ends the connection, so
    /// there are few.
    private static let brokenOnceIn = 2000

    /// - Parameters:
    ///   - samples: At least one.
    ///   - names: The registered names of types.
    ///   - node: The node that the frames are for.
    init(
        _ samples: [MessageCorpus.Sample], names: [String], to node: NodeAddress, system: String,
        from peer: UniqueAddress,
        _ generator: SeededGenerator
    ) {
        precondition(!samples.isEmpty, "a fuzzer needs a message to begin with")
        self.samples = samples
        self.names = names
        self.node = node
        self.system = system
        self.peer = peer
        self.generator = generator
    }

    /// A new connection knows none of the names that the last one has announced, and its signals count from the last
    /// one that arrived.
    mutating func connectionBegan() {
        control = FrameEncoder(lane: .control)
        user = FrameEncoder(lane: .user)
        correlation = 0
    }

    /// Appends one frame.
    mutating func write(into buffer: inout ByteBuffer) {
        let sample = samples[generator.below(samples.count)]
        var payload = sample.payload
        for _ in 0..<generator.below(4) { change(&payload) }
        let header = header(for: sample)
        let start = buffer.writerIndex
        let isControl = header.kind != .user && header.kind != .reply
        do {
            if isControl {
                try control.encode(header, into: &buffer) { $0.writeBytes(payload) }
            } else {
                try user.encode(header, into: &buffer) { $0.writeBytes(payload) }
            }
        } catch {
            // A name that is too long for the wire: the frame is not written.
            buffer.moveWriterIndex(to: start)
            return
        }
        if generator.below(Self.brokenOnceIn) == 0 { damage(&buffer, from: start) }
    }

    private mutating func header(for sample: MessageCorpus.Sample) -> FrameHeader {
        var address = ActorAddress(system: system, node: node, path: sample.path, uid: 0)
        var type = sample.type
        var codec = sample.codec
        var kind: FrameKind = sample.path.first == "system" ? .control : .user
        if generator.below(16) == 0 { type = names[generator.below(names.count)] }
        if generator.below(64) == 0 { type = text() }
        if generator.below(16) == 0 { codec = CodecID(rawValue: UInt8(generator.below(6))) }
        if generator.below(16) == 0 {
            address = ActorAddress(
                system: system, node: node, path: samples[generator.below(samples.count)].path, uid: number())
        }
        if generator.below(64) == 0 {
            address = ActorAddress(system: text(), node: peer.address, path: [text(), text()], uid: number())
        }
        if generator.below(16) == 0 {
            kind = [.user, .control, .system, .acknowledgement, .ping, .reply][generator.below(6)]
        }
        switch kind {
        case .system:
            correlation += 1
            return FrameHeader(.system, correlation: generator.below(256) == 0 ? number() : correlation)
        case .acknowledgement: return FrameHeader(.acknowledgement, correlation: generator.below(4) == 0 ? number() : 0)
        case .ping: return FrameHeader(.ping)
        case .reply: return FrameHeader(.reply, type: type, codec: codec, correlation: max(1, number()))
        case .user, .control, .hello, .welcome, .refusal, .goodbye:
            let asks = generator.below(4) == 0
            return FrameHeader(
                kind, target: address, sender: generator.below(16) == 0 ? address : nil, type: type, codec: codec,
                correlation: asks ? number() : 0)
        }
    }

    /// A number of any size, most often one at the edge of a range.
    private mutating func number() -> UInt64 {
        let edges: [UInt64] = [0, 1, 127, 128, 255, 256, 65_535, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max]
        return generator.below(2) == 0
            ? edges[generator.below(edges.count)] : generator.next() >> UInt64(generator.below(64))
    }

    private mutating func text() -> String {
        let texts = ["", "a", "system", "user", "temp", "client", "\u{1B}[31m", "é\u{301}", "/", "..", "account-1"]
        let text = texts[generator.below(texts.count)]
        return generator.below(16) == 0 ? String(repeating: text + "x", count: generator.below(600)) : text
    }

    // MARK: Payloads

    /// One change of the payload: a bit, a cut, a number of any size, a piece twice, elsewhere or of another message.
    private mutating func change(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else {
            return bytes = Array(repeating: UInt8(generator.below(256)), count: generator.below(20))
        }
        let index = generator.below(bytes.count)
        let length = 1 + generator.below(min(32, bytes.count - index))
        switch generator.below(10) {
        case 0: bytes[index] ^= 1 << UInt8(generator.below(8))
        case 1: bytes.removeSubrange(index...)
        case 2: bytes.replaceSubrange(index...index, with: varint(number()))
        case 3: bytes.insert(contentsOf: bytes[index..<index + length], at: index)
        case 4: bytes.removeSubrange(index..<index + length)
        case 5:
            let piece = bytes[index..<index + length]
            bytes.removeSubrange(index..<index + length)
            bytes.insert(contentsOf: piece, at: generator.below(bytes.count + 1))
        case 6:
            let other = samples[generator.below(samples.count)].payload
            guard !other.isEmpty else { return }
            let start = generator.below(other.count)
            bytes.replaceSubrange(index..<index + length, with: other[start..<min(other.count, start + 64)])
        case 7: bytes[index] = [0, 1, 0x7F, 0x80, 0xFF][generator.below(5)]
        case 8: bytes += (0..<generator.below(40)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        default:
            for place in index..<index + min(8, bytes.count - index) { bytes[place] = 0xFF }
        }
    }

    private func varint(_ number: UInt64) -> [UInt8] {
        var rest = number
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    // MARK: Frames

    /// Breaks the frame at the end of the buffer; its checksum is right in most cases.
    private mutating func damage(_ buffer: inout ByteBuffer, from start: Int) {
        let size = buffer.writerIndex - start
        let place = start + 4 + generator.below(size - 4)
        switch generator.below(4) {
        case 0: buffer.setInteger(UInt32(truncatingIfNeeded: number()), at: start)
        case 1: buffer.setInteger(UInt8(generator.below(256)), at: start + 4 + generator.below(4))
        case 2: buffer.setInteger(UInt8(generator.below(256)), at: place)
        default: buffer.moveWriterIndex(to: place)
        }
        guard generator.below(8) > 0, buffer.writerIndex - start >= 12 else { return }
        let checksum = buffer.withUnsafeReadableBytes { bytes in
            FrameLayout.checksum(
                of: UnsafeRawBufferPointer(
                    rebasing: bytes[(start - buffer.readerIndex)..<(buffer.writerIndex - buffer.readerIndex)]))
        }
        buffer.setInteger(checksum, at: start + 8)
    }
}
