import CastyCore
package import CastySerialization
package import NIOCore

/// Splits the byte stream of one connection into frames, however the stream is cut into pieces.
///
/// Frames that lie whole in the received bytes are read in place. Only a frame that is cut by the end of those bytes is
/// copied. A peer that announces a long frame does not cause a reservation: memory grows with the bytes that arrive.
///
/// After an error the stream is unusable, and the connection must be closed.
package struct FrameDecoder: Sendable {
    /// The most bytes a frame may have after its length field. Starts at ``WireLimits/frameBeforeWelcome``; raise it
    /// when the peer is welcomed.
    package var maximumLength: Int

    /// The bytes that arrived last and have not been read yet.
    private var arrived = ByteBuffer()
    /// The beginning of a frame whose end has not arrived.
    private var beginning = ByteBuffer()
    private var control = AnnouncedNames()
    private var user = AnnouncedNames()
    private var failure: WireError?

    package init(maximumLength: Int = WireLimits.frameBeforeWelcome) {
        self.maximumLength = maximumLength
    }

    /// Takes received bytes.
    ///
    /// - Complexity: O(1) after `next()` has returned `nil`; otherwise the bytes are copied.
    package mutating func append(_ bytes: ByteBuffer) {
        if arrived.readableBytes == 0 {
            arrived = bytes
        } else {
            arrived.writeImmutableBuffer(bytes)
        }
    }

    /// The bytes held until more arrive or the connection ends: the beginning of a frame, and the announced names.
    var heldBytes: Int {
        (beginning.readableBytes == 0 ? 0 : beginning.capacity) + control.cost + user.cost
    }

    /// The next frame, or `nil` until more bytes have arrived.
    ///
    /// - Throws: ``WireError`` for an invalid length, header or checksum, and the same error on every later call.
    package mutating func next() throws(WireError) -> Frame? {
        if let failure { throw failure }
        do {
            return try readFrame()
        } catch {
            failure = error
            arrived = ByteBuffer()
            beginning = ByteBuffer()
            throw error
        }
    }

    /// The next frame, where it is a short one that lies whole in the received bytes. Otherwise `nil`, and ``next()``
    /// returns the frame or says what is wrong.
    mutating func nextShort() -> ShortFrame? {
        guard failure == nil, beginning.readableBytes == 0 else { return nil }
        let head = arrived.withUnsafeReadableBytes { ShortFrameHead($0, maximumLength: maximumLength) }
        guard let head, isAnnounced(head),
            let payload = arrived.getSlice(
                at: arrived.readerIndex + head.payload, length: head.size - head.payload)
        else { return nil }
        arrived.moveReaderIndex(forwardBy: head.size)
        return ShortFrame(
            kind: head.kind, lane: head.lane, codec: CodecID(rawValue: head.codec), correlation: head.correlation,
            target: head.target, type: head.type, payload: payload)
    }

    private func isAnnounced(_ head: ShortFrameHead) -> Bool {
        switch head.lane {
        case .control: control.isAnnounced(head.target, head.type)
        case .user: user.isAnnounced(head.target, head.type)
        }
    }

    /// The same frame with the names that its numbers stand for.
    func frame(of short: ShortFrame) throws(WireError) -> Frame {
        let names =
            switch short.lane {
            case .control: control.names(short.target, short.type)
            case .user: user.names(short.target, short.type)
            }
        guard let names else { throw WireError(.unknownID, "a name was never announced") }
        let header = FrameHeader(
            short.kind, target: names.target, type: names.type, codec: short.codec, correlation: short.correlation)
        return Frame(
            header: header, lane: short.lane, targetID: short.target, typeID: short.type, payload: short.payload)
    }

    private mutating func readFrame() throws(WireError) -> Frame? {
        if beginning.readableBytes > 0 {
            moveToBeginning(upTo: 4)
            guard let length = try announcedLength(of: beginning) else { return nil }
            moveToBeginning(upTo: length + 4)
            guard beginning.readableBytes == length + 4 else { return nil }
            let whole = beginning
            // Frames share the memory they are read from, so the next partial frame starts in a new buffer.
            beginning = ByteBuffer()
            return try parse(whole, length)
        }
        if let length = try announcedLength(of: arrived), let whole = arrived.readSlice(length: length + 4) {
            return try parse(whole, length)
        }
        beginning.writeBuffer(&arrived)
        arrived = ByteBuffer()
        return nil
    }

    private mutating func moveToBeginning(upTo size: Int) {
        let missing = min(size - beginning.readableBytes, arrived.readableBytes)
        if missing > 0, var slice = arrived.readSlice(length: missing) { beginning.writeBuffer(&slice) }
    }

    /// The length field at the front of the bytes, or `nil` where not all of its four bytes have arrived.
    private func announcedLength(of bytes: ByteBuffer) throws(WireError) -> Int? {
        guard let length = bytes.getInteger(at: bytes.readerIndex, as: UInt32.self).map(Int.init) else { return nil }
        guard length <= maximumLength else {
            // No node announces a frame of 2 GiB, but the first byte of a protected connection reads as one.
            if length >> 27 == 0x10 {
                throw WireError(.malformed, "the peer protects its connections, and this node has no credentials")
            }
            throw WireError(.tooLarge, "a frame of \(length) bytes is above the limit of \(maximumLength)")
        }
        guard length >= FrameLayout.smallestLength else {
            throw WireError(.malformed, "no frame has only \(length) bytes")
        }
        return length
    }

    private mutating func parse(_ whole: ByteBuffer, _ length: Int) throws(WireError) -> Frame {
        var bytes = whole
        guard
            let (_, version, kind, flags, codec, checksum) = bytes.readMultipleIntegers(
                as: (UInt32, UInt8, UInt8, UInt8, UInt8, UInt32).self)
        else { throw WireError(.truncated, "a header is cut short") }
        // The version is checked first: another version may use a different layout for everything else, including the
        // checksum.
        guard version == FrameLayout.version else {
            throw WireError(.unsupportedVersion, "frames of version \(version) are not spoken here")
        }
        guard whole.withUnsafeReadableBytes({ FrameLayout.checksum(of: $0) }) == checksum else {
            throw WireError(.badChecksum, "a frame of \(length) bytes does not match its checksum")
        }
        guard let kind = FrameKind(rawValue: kind) else { throw WireError(.malformed, "there is no kind \(kind)") }
        guard let lane = FrameLane(rawValue: flags & 1), flags & 0x80 == 0,
            let targetForm = NameForm(rawValue: flags >> 1 & 3),
            let senderForm = NameForm(rawValue: flags >> 3 & 3), let typeForm = NameForm(rawValue: flags >> 5 & 3)
        else { throw WireError(.malformed, "the flags \(flags) are not known") }
        let correlation = try bytes.readVarint()
        let target: (address: ActorAddress?, id: Int?)
        let sender: (address: ActorAddress?, id: Int?)
        let type: (name: String?, id: Int?)
        switch lane {
        case .control:
            target = try control.readAddress(targetForm, from: &bytes)
            sender = try control.readAddress(senderForm, from: &bytes)
            type = try control.readType(typeForm, from: &bytes)
        case .user:
            target = try user.readAddress(targetForm, from: &bytes)
            sender = try user.readAddress(senderForm, from: &bytes)
            type = try user.readType(typeForm, from: &bytes)
        }
        let header = FrameHeader(
            kind, target: target.address, sender: sender.address, type: type.name, codec: CodecID(rawValue: codec),
            correlation: correlation)
        return Frame(header: header, lane: lane, targetID: target.id, typeID: type.id, payload: bytes)
    }
}
