import CastyActors
import CastySerialization
import NIOCore

/// The way of messages of one type to one actor, from one connection. It decodes them and hands them to the mailbox in
/// batches, so that the types are looked up once for many messages.
///
/// It belongs to the calls of its connection.
class Inlet {
    /// The number of the type that it decodes.
    let type: Int
    /// For an actor found by a path without a uid: the count of publications as of which the path leads to it.
    let publications: UInt64?

    init(type: Int, publications: UInt64?) {
        self.type = type
        self.publications = publications
    }

    /// Decodes a message, which waits for ``flush()``.
    func take(_ payload: inout ByteBuffer, _ codec: CodecID, _ context: CodingContext) throws {}

    /// Delivers what was decoded.
    func flush() {}
}

final class TypedInlet<Message: Sendable>: Inlet {
    private let cell: MessageCell<Message>
    private let registered: RegisteredType<Message>
    // Not an array: in code that does not know the type, each use of one looks up the array's type.
    @exclusivity(unchecked) private var waiting: UnsafeMutablePointer<Message>
    @exclusivity(unchecked) private var count = 0
    @exclusivity(unchecked) private var capacity: Int

    /// The most messages that wait before they are delivered.
    private static var most: Int { 256 }

    init(to cell: MessageCell<Message>, _ registered: RegisteredType<Message>, type: Int, publications: UInt64?) {
        self.cell = cell
        self.registered = registered
        capacity = 4
        waiting = .allocate(capacity: 4)
        super.init(type: type, publications: publications)
    }

    deinit {
        waiting.deinitialize(count: count)
        waiting.deallocate()
    }

    override func take(_ payload: inout ByteBuffer, _ codec: CodecID, _ context: CodingContext) throws {
        if count == capacity { makeRoom() }
        (waiting + count).initialize(to: try registered.decode(from: &payload, codec: codec, context: context))
        count += 1
    }

    private func makeRoom() {
        if count >= Self.most { return flush() }
        let larger = UnsafeMutablePointer<Message>.allocate(capacity: capacity * 4)
        larger.moveInitialize(from: waiting, count: count)
        waiting.deallocate()
        waiting = larger
        capacity *= 4
    }

    override func flush() {
        guard count > 0 else { return }
        let messages = UnsafeMutableBufferPointer(start: waiting, count: count)
        count = 0
        cell.send(moving: messages)
    }
}
