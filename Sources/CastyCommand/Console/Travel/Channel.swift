import CProcess
import CastyCore
import CastySerialization
import Glibc
import NIOCore

/// One end of a stream of messages between the console and a worker. A message may carry the end of a further channel.
///
/// Belongs to one thread.
final class Channel {
    /// A problem with the other end.
    enum Problem: Error, Hashable {
        case closed
        /// The other end sent what is no message.
        case malformed(String)
    }

    /// No message is longer; a length above it is no length.
    static let limit = 256 << 20

    let descriptor: Int32
    private var incoming = ByteBuffer()
    private var outgoing = ByteBuffer()
    /// Descriptors that came and were not asked for yet.
    private var received: [Int32] = []
    private(set) var isClosed = false

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close() }

    /// Two connected ends; `nil` if the system refuses them.
    static func pair() -> (Int32, Int32)? {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { bytes in
            cpr_channel(bytes.bindMemory(to: Int32.self).baseAddress)
        }
        return result == 0 ? ends : nil
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        _ = Glibc.close(descriptor)
        for other in received { _ = Glibc.close(other) }
        received = []
    }

    /// Whether bytes wait until the other end takes some.
    var isBlocked: Bool { outgoing.readableBytes > 0 }

    /// Sends a message, and with it a descriptor, which stays open here. Waits until the other end has taken it.
    func send(_ message: some Encodable, passing passed: Int32 = -1) throws {
        try write(frame(message), passing: passed)
    }

    /// Sends a message as far as that is possible without waiting; ``flush()`` sends the rest.
    func post(_ message: some Encodable) throws {
        var bytes = try frame(message)
        outgoing.writeBuffer(&bytes)
        try flush()
    }

    func flush() throws {
        while outgoing.readableBytes > 0 {
            let sent = outgoing.withUnsafeReadableBytes { cpr_send(descriptor, $0.baseAddress, $0.count, -1, 0) }
            if sent == CPR_AGAIN { return }
            guard sent > 0 else { throw Problem.closed }
            outgoing.moveReaderIndex(forwardBy: sent)
        }
        outgoing.clear()
    }

    private func frame(_ message: some Encodable) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt32(0))
        try BinarySerializer().encode(message, context: .empty, into: &buffer)
        let length = buffer.readableBytes - 4
        guard length <= Self.limit else { throw Problem.malformed("a message of \(length) bytes") }
        buffer.setInteger(UInt32(length), at: 0)
        return buffer
    }

    private func write(_ bytes: ByteBuffer, passing passed: Int32) throws {
        var bytes = bytes
        var passed = passed
        while bytes.readableBytes > 0 {
            let sent = bytes.withUnsafeReadableBytes { cpr_send(descriptor, $0.baseAddress, $0.count, passed, 1) }
            guard sent > 0 else { throw Problem.closed }
            passed = -1
            bytes.moveReaderIndex(forwardBy: sent)
        }
    }

    /// The next message; `nil` if it has not come completely. Waits for it if asked to.
    func receive<Message: Decodable>(_ type: Message.Type, waits: Bool) throws -> Message? {
        while true {
            if let message = try next(type) { return message }
            guard try read(waits: waits) else { return nil }
        }
    }

    private func next<Message: Decodable>(_ type: Message.Type) throws -> Message? {
        guard let length = incoming.getInteger(at: incoming.readerIndex, as: UInt32.self) else { return nil }
        guard Int(length) <= Self.limit else { throw Problem.malformed("a message of \(length) bytes") }
        guard incoming.readableBytes >= 4 + Int(length) else { return nil }
        incoming.moveReaderIndex(forwardBy: 4)
        guard var body = incoming.readSlice(length: Int(length)) else { return nil }
        if incoming.readableBytes == 0 { incoming = ByteBuffer() }
        do {
            return try BinarySerializer().decode(type, from: &body, context: .empty)
        } catch {
            throw Problem.malformed("\(error)")
        }
    }

    /// Reads what is there.
    ///
    /// - Returns: Whether something was.
    private func read(waits: Bool) throws -> Bool {
        var passed: Int32 = -1
        let count = incoming.writeWithUnsafeMutableBytes(minimumWritableBytes: 1 << 16) { space in
            max(0, store(cpr_receive(descriptor, space.baseAddress, space.count, &passed, waits ? 1 : 0)))
        }
        if passed >= 0 { received.append(passed) }
        if count > 0 { return true }
        if lastResult == CPR_AGAIN { return false }
        throw Problem.closed
    }

    private var lastResult = 0

    private func store(_ result: Int) -> Int {
        lastResult = result
        return result
    }

    /// The descriptor that came with the latest message.
    func takeDescriptor() throws -> Int32 {
        guard !received.isEmpty else { throw Problem.malformed("a message without the channel that belongs to it") }
        return received.removeFirst()
    }
}
