/// A growable row of messages in raw memory: what producers fill and what a turn empties.
///
/// It is written by hand and not an array because each message crosses it twice: an array checks at each access that it is
/// not shared, copies what is read instead of moving it out, and has a head of 32 bytes, which counts for actors that
/// seldom have more than one message. Whoever owns it guards it; it does not copy itself.
@usableFromInline
struct MessageBuffer<Message> {
    @usableFromInline var base: UnsafeMutablePointer<Message>?
    /// How many messages are in it, those included that were moved out from its front.
    @usableFromInline var count: UInt32 = 0
    @usableFromInline var capacity: UInt32 = 0

    @inlinable
    init() {}

    @inlinable
    mutating func append(_ message: consuming Message) {
        if count == capacity { grow() }
        // `grow` has made room, so there is memory.
        (base.unsafelyUnwrapped + Int(count)).initialize(to: message)
        count &+= 1
    }

    /// Moves messages in, behind the others.
    mutating func append(moving messages: UnsafeMutableBufferPointer<Message>) {
        guard let first = messages.baseAddress else { return }
        while Int(capacity) - Int(count) < messages.count { grow() }
        // There is room for at least one message, so there is memory.
        (base.unsafelyUnwrapped + Int(count)).moveInitialize(from: first, count: messages.count)
        count &+= UInt32(messages.count)
    }

    @inlinable @inline(never)
    mutating func grow() {
        // The first has room for one message, and for more where the allocator would give the memory anyway.
        let stride = max(1, MemoryLayout<Message>.stride)
        let first = max(1, 24 / stride)
        let size = capacity == 0 ? first : max(8, Int(capacity) * 2)
        precondition(size <= Int(UInt32.max), "more than 2^32 messages wait for one actor")
        let moved = UnsafeMutablePointer<Message>.allocate(capacity: size)
        if let base {
            moved.moveInitialize(from: base, count: Int(count))
            base.deallocate()
        }
        base = moved
        capacity = UInt32(size)
    }

    /// Moves a message out. It MUST NOT be moved out again.
    @inlinable
    func take(at index: UInt32) -> Message { (base.unsafelyUnwrapped + Int(index)).move() }

    /// Forgets the messages, all of which were moved out, and keeps memory for some.
    @inlinable @inline(__always)
    mutating func reset() {
        count = 0
        if capacity > 1024 { release() }
    }

    /// Gives the memory back. No message is in it any more.
    @inlinable @inline(never)
    mutating func release() {
        base?.deallocate()
        base = nil
        (count, capacity) = (0, 0)
    }

    /// Ends all messages from an index on, and gives the memory back. Inlined: to call it, code that does not know the
    /// type of the messages would look up the type of the buffer.
    @inline(__always)
    mutating func end(from first: UInt32) {
        guard let base else { return }
        if count > first { (base + Int(first)).deinitialize(count: Int(count - first)) }
        base.deallocate()
        self.base = nil
        (count, capacity) = (0, 0)
    }

    /// Moves out all messages from an index on, and gives the memory back.
    mutating func removeAll(from first: UInt32) -> [Message] {
        var messages: [Message] = []
        messages.reserveCapacity(Int(count - first))
        for index in first..<count { messages.append(take(at: index)) }
        release()
        return messages
    }
}
