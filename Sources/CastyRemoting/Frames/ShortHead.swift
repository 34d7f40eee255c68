import CastySerialization
import NIOCore

/// The bytes that all short frames of one route share, once the numbers of its target and type are announced.
struct ShortHead: Sendable {
    /// Held so that its identity is not given to another destination.
    let destination: Destination
    /// Version, kind, flags and codec.
    let fixed: UInt32
    /// The numbers of target and type as varints, at most four bytes.
    let numbers: UInt32
    let numbersSize: Int

    var headerBound: Int { destination.headerBound }

    init(_ destination: Destination, _ kind: FrameKind, _ lane: FrameLane, _ codec: CodecID, target: Int, type: Int) {
        self.destination = destination
        fixed =
            UInt32(FrameLayout.version) | UInt32(kind.rawValue) << 8
            | UInt32(ShortFrameHead.flags | lane.rawValue) << 16 | UInt32(codec.rawValue) << 24
        // Numbers are at most 4096.
        var numbers: UInt32 = 0
        var size = 0
        for number in [target, type] {
            if number < 0x80 {
                numbers |= UInt32(number) << UInt32(8 * size)
                size += 1
            } else {
                numbers |= UInt32(number & 0x7F | 0x80) << UInt32(8 * size)
                numbers |= UInt32(number >> 7) << UInt32(8 * size + 8)
                size += 2
            }
        }
        self.numbers = numbers
        numbersSize = size
    }

    func serves(_ kind: FrameKind, _ codec: CodecID) -> Bool {
        fixed >> 8 & 0xFF == UInt32(kind.rawValue) && fixed >> 24 == UInt32(codec.rawValue)
    }
}

/// The heads that an encoder knows. Most messages go where the previous one went.
struct ShortHeads: Sendable {
    /// How many it holds; then it begins anew.
    private static let limit = 1024

    private var last: ShortHead?
    private var heads: [ObjectIdentifier: ShortHead] = [:]

    @inline(__always)
    mutating func head(_ route: ObjectIdentifier, _ kind: FrameKind, _ codec: CodecID) -> ShortHead? {
        if let last, ObjectIdentifier(last.destination) == route { return last.serves(kind, codec) ? last : nil }
        guard let head = heads[route] else { return nil }
        last = head
        return head.serves(kind, codec) ? head : nil
    }

    mutating func set(_ head: ShortHead) {
        if heads.count >= Self.limit { heads = [:] }
        heads[ObjectIdentifier(head.destination)] = head
        last = head
    }
}
