import NIOCore

/// One direction of a connection: what is under way, in order.
final class Pipe {
    private enum Content {
        /// The last step of opening: the receiver learns that it stands.
        case opening
        case bytes(ByteBuffer)
        /// The sender has closed.
        case end
    }

    private struct Segment {
        var arrival: Int64
        var content: Content
    }

    let link: Link
    let back: Link
    /// Where the link lists it.
    var place = 0
    private(set) var sender: Endpoint?
    private(set) var receiver: Endpoint?
    private let world: SimulatedWorld

    private var segments: [Segment] = []
    private var head = 0
    private var lastArrival: Int64 = 0
    private var isScheduled = false
    private var isStalled = false
    /// The sender is gone: nothing is repeated any more, so what meets a cut is lost with all that follows.
    private var isBroken = false
    private var outstanding = 0
    private var creditWaits = false
    private var creditIsUnderWay = false
    private var creditIsStalled = false

    init(world: SimulatedWorld, sender: Endpoint, receiver: Endpoint, link: Link, back: Link) {
        self.world = world
        self.sender = sender
        self.receiver = receiver
        self.link = link
        self.back = back
        link.attach(self)
    }

    // MARK: Sending

    /// Whether the sender may hand over more.
    var hasRoom: Bool { outstanding < SimulatedLimits.window }

    func sendOpening() { append(.opening, size: 0) }

    func sendEnd() { append(.end, size: 0) }

    func send(_ bytes: ByteBuffer) {
        outstanding += bytes.readableBytes
        var rest = bytes
        while rest.readableBytes > 0 {
            let size = link.firstPiece(of: rest.readableBytes)
            guard var piece = rest.readSlice(length: size) else { return }
            if let bit = link.flippedBit(in: size) {
                let at = piece.readerIndex + bit >> 3
                let byte = piece.getInteger(at: at, as: UInt8.self) ?? 0
                piece.setInteger(byte ^ 1 << UInt8(bit & 7), at: at)
            }
            append(.bytes(piece), size: size)
        }
    }

    private func append(_ content: Content, size: Int) {
        guard !isBroken else { return }
        lastArrival = max(lastArrival, world.clock + link.delay(of: size))
        segments.append(Segment(arrival: lastArrival, content: content))
        scheduleNext()
    }

    private func scheduleNext() {
        guard !isScheduled, !isStalled, head < segments.count, let receiver else { return }
        isScheduled = true
        world.add(.arrival(self), node: receiver.node.index, at: segments[head].arrival)
    }

    // MARK: Arriving

    /// The next piece reaches the receiver's host.
    func arrive() {
        isScheduled = false
        guard let receiver, head < segments.count else { return }
        guard !link.isCut else {
            if isBroken { clear() } else { isStalled = true }
            return
        }
        let content = segments[head].content
        segments[head].content = .end
        head += 1
        if head == segments.count {
            segments.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 64, head * 2 > segments.count {
            segments.removeFirst(head)
            head = 0
        }
        switch content {
        case .opening: receiver.openingArrived()
        case .bytes(let bytes): receiver.arrived(bytes)
        case .end: receiver.endArrived()
        }
        scheduleNext()
    }

    /// The link is whole again: what waited comes after one more way.
    func linkHealed() {
        if isStalled {
            isStalled = false
            if head < segments.count {
                segments[head].arrival = max(segments[head].arrival, world.clock + link.delay(of: 0))
                lastArrival = max(lastArrival, segments[head].arrival)
            }
            scheduleNext()
        }
        receiver?.outgoing?.backHealed()
    }

    /// The link has been cut for too long.
    func giveUp() {
        sender?.cutTooLong()
        receiver?.cutTooLong()
    }

    /// The sender is gone for good.
    func breakOff() {
        isBroken = true
        if isStalled { clear() }
    }

    // MARK: Room

    /// The receiver took bytes.
    func taken(_ size: Int) {
        outstanding -= size
        guard creditWaits, !creditIsUnderWay, let sender else { return }
        creditIsUnderWay = true
        world.add(.credit(self), node: sender.node.index, at: world.clock + back.delay(of: 0))
    }

    /// Whether the sender waits for room.
    var waitsForRoom: Bool { creditWaits }

    /// The sender wants to know when there is room.
    func waitForRoom() { creditWaits = true }

    func creditReturned() {
        creditIsUnderWay = false
        if back.isCut {
            creditIsStalled = true
        } else if creditWaits, hasRoom {
            creditWaits = false
            sender?.requestTurn()
        }
    }

    private func backHealed() {
        guard creditIsStalled else { return }
        creditIsStalled = false
        creditIsUnderWay = true
        world.add(.credit(self), node: sender?.node.index ?? -1, at: world.clock + back.delay(of: 0))
    }

    // MARK: Ending

    /// Drops all that is under way.
    func clear() {
        segments = []
        head = 0
        isStalled = false
    }

    /// Neither end needs it any more.
    func dismantle() {
        clear()
        link.detach(self)
        sender = nil
        receiver = nil
    }
}
