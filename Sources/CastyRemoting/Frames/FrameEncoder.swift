import CastyCore
package import CastySerialization
package import NIOCore

/// Writes the frames of one lane of one connection.
///
/// Each lane of each connection has an encoder of its own. Its output must reach the peer complete and in order,
/// because the encoder remembers which numbers it has announced.
package struct FrameEncoder: Sendable {
    package let lane: FrameLane
    /// The most bytes a frame may have after its length field.
    package var maximumLength: Int

    private var addresses = AddressNumbers()
    private var types = TypeNumbers()
    private var heads = ShortHeads()

    package init(lane: FrameLane, maximumLength: Int = WireLimits.frame) {
        self.lane = lane
        self.maximumLength = maximumLength
    }

    /// Appends one frame, the payload written in place.
    ///
    /// - Parameter payload: Appends the payload; it MUST NOT change what the buffer held before.
    /// - Throws: What `payload` throws, or ``WireError`` with ``WireError/Code/tooLarge``. The buffer and the announced
    ///   numbers are then unchanged.
    package mutating func encode(
        _ header: FrameHeader, into buffer: inout ByteBuffer, payload: (inout ByteBuffer) throws -> Void
    ) throws {
        let start = buffer.writerIndex
        let target = header.target.map { addresses.reference(toTarget: $0) } ?? .absent
        let sender = header.sender.map { addresses.reference(toSender: $0) } ?? .absent
        let type = header.type.map { types.reference(to: $0) } ?? .absent
        do {
            let forms = target.form.rawValue << 1 | sender.form.rawValue << 3 | type.form.rawValue << 5
            buffer.writeMultipleIntegers(
                UInt32(0), FrameLayout.version, header.kind.rawValue, lane.rawValue | forms, header.codec.rawValue,
                UInt32(0))
            writeNames(header, target, sender, type, into: &buffer)
            try payload(&buffer)
            try finish(frameAt: start, in: &buffer)
        } catch {
            buffer.moveWriterIndex(to: start)
            if type.form == .announced, let name = header.type { types.takeBack(name) }
            if sender.form == .announced, let address = header.sender { addresses.takeBack(address) }
            if target.form == .announced, let address = header.target { addresses.takeBack(address) }
            throw error
        }
    }

    /// The short head of a route's frames, where the encoder knows it.
    @inline(__always)
    mutating func shortHead(_ route: ObjectIdentifier, _ kind: FrameKind, _ codec: CodecID) -> ShortHead? {
        heads.head(route, kind, codec)
    }

    /// Remembers the short head of a route, if its target and type are announced. Called after a frame of it was
    /// written.
    mutating func noteWritten(_ destination: Destination, _ kind: FrameKind, _ codec: CodecID) {
        guard let target = addresses.number(of: destination.address), let type = types.number(of: destination.wireType)
        else { return }
        heads.set(ShortHead(destination, kind, lane, codec, target: target, type: type))
    }

    /// Appends one frame with a short head, as ``encode(_:into:payload:)`` would write it.
    ///
    /// - Returns: `false`, with nothing written, where the frame is too large.
    @inline(__always)
    func encode(
        _ head: ShortHead, _ correlation: UInt64, _ payload: UnsafeRawBufferPointer, into buffer: inout ByteBuffer
    ) -> Bool {
        let most = FrameLayout.fixedSize + 14 + payload.count
        guard most <= maximumLength else { return false }
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: most) { frame in
            frame.storeBytes(of: head.fixed.littleEndian, toByteOffset: 4, as: UInt32.self)
            var size = ByteBuffer.store(varint: correlation, in: frame, at: FrameLayout.fixedSize)
            frame.storeBytes(of: head.numbers.littleEndian, toByteOffset: size, as: UInt32.self)
            size += head.numbersSize
            if let source = payload.baseAddress, let base = frame.baseAddress {
                (base + size).copyMemory(from: source, byteCount: payload.count)
            }
            size += payload.count
            frame.storeBytes(of: UInt32(truncatingIfNeeded: size - 4).bigEndian, as: UInt32.self)
            let whole = UnsafeRawBufferPointer(rebasing: frame[..<size])
            frame.storeBytes(of: FrameLayout.checksum(of: whole).bigEndian, toByteOffset: 8, as: UInt32.self)
            return size
        }
        return true
    }

    /// Appends one frame with a hand-written message.
    package mutating func encode(
        _ header: FrameHeader, _ message: some NativeCodable, into buffer: inout ByteBuffer
    ) throws {
        try encode(header, into: &buffer) { message.encode(into: &$0) }
    }

    /// Appends one frame without a payload.
    package mutating func encode(_ header: FrameHeader, into buffer: inout ByteBuffer) throws {
        try encode(header, into: &buffer) { _ in }
    }

    /// Appends one frame with the message of an envelope.
    package mutating func encode(_ envelope: MessageEnvelope, into buffer: inout ByteBuffer) throws {
        let header = FrameHeader(
            .user, target: envelope.target, sender: envelope.sender, type: envelope.typeName, codec: envelope.codec,
            correlation: envelope.correlation)
        try encode(header, into: &buffer) { _ = $0.writeImmutableBuffer(envelope.buffer) }
    }

    private func writeNames(
        _ header: FrameHeader, _ target: NameReference, _ sender: NameReference, _ type: NameReference,
        into buffer: inout ByteBuffer
    ) {
        // Nearly always just a few numbers. They are written at once, because every write to a buffer has a cost.
        if target.isShort, sender.isShort, type.isShort {
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 40) { bytes in
                var size = ByteBuffer.store(varint: header.correlation, in: bytes, at: 0)
                if target.id > 0 { size = ByteBuffer.store(varint: UInt64(target.id), in: bytes, at: size) }
                if sender.id > 0 { size = ByteBuffer.store(varint: UInt64(sender.id), in: bytes, at: size) }
                if type.id > 0 { size = ByteBuffer.store(varint: UInt64(type.id), in: bytes, at: size) }
                return size
            }
            return
        }
        buffer.writeVarint(header.correlation)
        Self.write(target, header.target, into: &buffer)
        Self.write(sender, header.sender, into: &buffer)
        if type.id > 0 { buffer.writeVarint(type.id) }
        if type.form == .announced || type.form == .inFull, let name = header.type { buffer.writeText(name) }
    }

    private static func write(_ reference: NameReference, _ address: ActorAddress?, into buffer: inout ByteBuffer) {
        if reference.id > 0 { buffer.writeVarint(reference.id) }
        if reference.form == .announced || reference.form == .inFull { address?.encode(into: &buffer) }
    }

    /// Fills in the length and the checksum after everything else is written.
    private func finish(frameAt start: Int, in buffer: inout ByteBuffer) throws(WireError) {
        let length = buffer.writerIndex - start - 4
        guard length <= maximumLength, let announced = UInt32(exactly: length) else {
            throw WireError(.tooLarge, "a frame of \(length) bytes is above the limit of \(maximumLength)")
        }
        let first = start - buffer.readerIndex
        buffer.withUnsafeMutableReadableBytes { bytes in
            let frame = UnsafeMutableRawBufferPointer(rebasing: bytes[first..<first + length + 4])
            frame.storeBytes(of: announced.bigEndian, as: UInt32.self)
            frame.storeBytes(
                of: FrameLayout.checksum(of: UnsafeRawBufferPointer(frame)).bigEndian, toByteOffset: 8, as: UInt32.self)
        }
    }
}

extension FrameLayout {
    /// The checksum over a whole frame except the four bytes of the checksum itself.
    package static func checksum(of frame: UnsafeRawBufferPointer) -> UInt32 {
        guard frame.count >= fixedSize else { return 0 }
        return CRC32C.checksum(
            of: UnsafeRawBufferPointer(rebasing: frame[..<8]), UnsafeRawBufferPointer(rebasing: frame[fixedSize...]))
    }
}
