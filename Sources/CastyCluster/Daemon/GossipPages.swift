package import CastyCore
package import CastySerialization
package import NIOCore

/// One part of an envelope that would fill too much of a frame.
package struct EnvelopePage: Hashable, Sendable {
    /// The most pages of one envelope.
    package static let mostPages = 256

    package let from: UniqueAddress
    package let to: UniqueAddress?
    /// The sender's number of the envelope that the page belongs to; later envelopes have higher numbers.
    package let number: UInt64
    package let index: Int
    package let count: Int
    package let bytes: ByteBuffer

    package init(from: UniqueAddress, to: UniqueAddress?, number: UInt64, index: Int, count: Int, bytes: ByteBuffer) {
        self.from = from
        self.to = to
        self.number = number
        self.index = index
        self.count = count
        self.bytes = bytes
    }

    /// Cuts an envelope into pages.
    ///
    /// - Parameter size: The bytes of a page, without its header.
    static func pages(of envelope: ClusterEnvelope, number: UInt64, size: Int) -> [EnvelopePage] {
        var whole = ByteBuffer()
        envelope.encode(into: &whole)
        let count = (whole.readableBytes + size - 1) / size
        return (0..<count).compactMap { index in
            whole.readSlice(length: min(size, whole.readableBytes)).map { bytes in
                EnvelopePage(
                    from: envelope.from, to: envelope.to, number: number, index: index, count: count, bytes: bytes)
            }
        }
    }
}

extension EnvelopePage: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        from.encode(into: &buffer)
        buffer.writeOptional(to)
        buffer.writeVarint(number)
        buffer.writeVarint(UInt64(index))
        buffer.writeVarint(UInt64(count))
        buffer.writeVarint(UInt64(bytes.readableBytes))
        buffer.writeImmutableBuffer(bytes)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let from = try UniqueAddress(from: &buffer)
        let to = try buffer.readOptional(UniqueAddress.self)
        let number = try buffer.readVarint()
        let index = try buffer.readVarint(upTo: Self.mostPages)
        let count = try buffer.readVarint(upTo: Self.mostPages)
        let length = try buffer.readVarint(upTo: buffer.readableBytes)
        guard index < count, let bytes = buffer.readSlice(length: length) else {
            throw WireError(.malformed, "page \(index) of \(count) with \(length) bytes")
        }
        self.init(from: from, to: to, number: number, index: index, count: count, bytes: bytes)
    }
}

/// Reassembles pages: one envelope per sender, for a few senders at a time.
///
/// Pages of one sender arrive in order, because they take the same connection. So a page that does not follow the one
/// before discards the unfinished envelope; a later gossip round brings the state again. An unfinished envelope is
/// discarded after ``patience``. Where all together would take more than ``mostBytes``, those with the oldest last page
/// are discarded.
struct PageAssembly {
    /// How many senders may have an unfinished envelope.
    static let mostSenders = 16
    /// How many bytes of unfinished envelopes are buffered.
    static let mostBytes = 64 << 20
    /// How long an envelope is buffered after its last page arrived.
    static let patience = Duration.seconds(30)

    private struct Unfinished {
        let from: UniqueAddress
        let number: UInt64
        let count: Int
        var next: Int
        var bytes: ByteBuffer
        var latest: Instant
    }

    /// Sorted by the arrival of the last page, the oldest first.
    private var unfinished: [Unfinished] = []

    /// The bytes of the buffered pages.
    var bytes: Int { unfinished.reduce(0) { $0 + $1.bytes.readableBytes } }

    /// Discards envelopes that have had no further page for too long. Returns whether there were any.
    @discardableResult
    mutating func expire(at now: Instant) -> Bool {
        let kept = unfinished.count
        while let oldest = unfinished.first, now - oldest.latest >= Self.patience { unfinished.removeFirst() }
        return unfinished.count < kept
    }

    /// Takes a page.
    ///
    /// - Returns: The envelope, with its last page.
    mutating func take(_ page: EnvelopePage, at now: Instant) throws(WireError) -> ClusterEnvelope? {
        expire(at: now)
        var open: Unfinished
        if let index = unfinished.firstIndex(where: { $0.from == page.from }) {
            open = unfinished.remove(at: index)
            if open.number != page.number || open.next != page.index || open.count != page.count {
                guard page.index == 0 else { return nil }
                open = Unfinished(
                    from: page.from, number: page.number, count: page.count, next: 0, bytes: ByteBuffer(), latest: now)
            }
        } else {
            guard page.index == 0 else { return nil }
            open = Unfinished(
                from: page.from, number: page.number, count: page.count, next: 0, bytes: ByteBuffer(), latest: now)
        }
        open.next += 1
        open.latest = now
        open.bytes.writeImmutableBuffer(page.bytes)
        guard open.next == open.count else {
            if unfinished.count == Self.mostSenders { unfinished.removeFirst() }
            unfinished.append(open)
            while bytes > Self.mostBytes { unfinished.removeFirst() }
            return nil
        }
        let envelope = try ClusterEnvelope(from: &open.bytes)
        guard envelope.from == page.from, envelope.to == page.to else {
            throw WireError(.malformed, "the pages of \(page.from) hold an envelope of \(envelope.from)")
        }
        return envelope
    }
}
