import CastyActors
import CastyPlacement
import CastySerialization
import NIOCore

/// Messages for one entity that were read from one connection, in order. They are decoded, and lie in no objects.
///
/// It belongs to the calls of its connection.
class DeliveryBatch {
    /// What each delivery says beside its message.
    @exclusivity(unchecked) fileprivate(set) final var marks: [DeliveryMarks] = []

    final var count: Int { marks.count }

    fileprivate init() {}

    /// Decodes a message.
    func append(
        _ payload: inout ByteBuffer, _ codec: CodecID, _ marks: DeliveryMarks, _ context: CodingContext
    ) throws {}

    /// Moves all messages into the mailbox of an entity.
    ///
    /// - Returns: Whether they were moved; otherwise nothing has happened.
    func move(into cell: AnyActorCell) -> Bool { false }

    /// Takes the messages one by one.
    func takeAll() -> [(DeliveryMarks, ErasedMessage)] { [] }
}

/// What a delivery says beside its addressee and its message.
struct DeliveryMarks: Sendable {
    let sequence: UInt64
    let isRetry: Bool
    let asks: AskPatience?

}

extension DeliveryMarks {
    /// Reads the byte that follows a number; `nil` where it marks no delivery.
    init?(_ sequence: UInt64, _ byte: UInt8) {
        asks = byte < 2 ? nil : AskPatience(rawValue: byte >> 1)
        guard byte < 2 || asks != nil else { return nil }
        self.sequence = sequence
        isRetry = byte & 1 == 1
    }
}

final class TypedDeliveryBatch<Message: Sendable>: DeliveryBatch {
    private let registered: RegisteredType<Message>
    // Not an array: in code that does not know the type, each use of one looks up the array's type.
    @exclusivity(unchecked) private var waiting: UnsafeMutablePointer<Message>
    @exclusivity(unchecked) private var capacity = 4

    init(_ registered: RegisteredType<Message>) {
        self.registered = registered
        waiting = .allocate(capacity: 4)
        super.init()
    }

    deinit {
        waiting.deinitialize(count: count)
        waiting.deallocate()
    }

    override func append(
        _ payload: inout ByteBuffer, _ codec: CodecID, _ marks: DeliveryMarks, _ context: CodingContext
    ) throws {
        if count == capacity { makeRoom() }
        (waiting + count).initialize(to: try registered.decode(from: &payload, codec: codec, context: context))
        self.marks.append(marks)
    }

    private func makeRoom() {
        let larger = UnsafeMutablePointer<Message>.allocate(capacity: capacity * 4)
        larger.moveInitialize(from: waiting, count: count)
        waiting.deallocate()
        waiting = larger
        capacity *= 4
    }

    override func move(into cell: AnyActorCell) -> Bool {
        // Which type the entities here have, a peer does not decide.
        guard let typed = cell as? MessageCell<Message> else { return false }
        let messages = UnsafeMutableBufferPointer(start: waiting, count: count)
        guard typed.offer(moving: messages) else { return false }
        marks.removeAll(keepingCapacity: true)
        return true
    }

    override func takeAll() -> [(DeliveryMarks, ErasedMessage)] {
        let messages = UnsafeMutableBufferPointer(start: waiting, count: count)
        let taken = zip(marks, messages.indices).map {
            ($0, TypedMessage(messages.moveElement(from: $1)) as ErasedMessage)
        }
        marks.removeAll(keepingCapacity: true)
        return taken
    }
}
