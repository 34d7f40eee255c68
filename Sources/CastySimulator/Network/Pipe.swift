import NIOCore

/// One direction of a connection: the segments in flight, in order.
///
/// What the link loses is sent again as in TCP, and everything behind it waits for it: see ``Recovery``.
final class Pipe {
    private enum Content {
        /// The last step of opening: the receiver learns that the connection is open.
        case opening
        case bytes(ByteBuffer)
        /// The sender has closed.
        case end
    }

    private struct Segment {
        /// `max` while it is lost or has not been sent.
        var arrival = Int64.max
        let size: Int
        var content: Content
    }

    let link: Link
    let back: Link
    /// Its index in the link's list.
    var index = 0
    private(set) var sender: Endpoint?
    private(set) var receiver: Endpoint?
    private let world: SimulatedWorld

    // One thread owns the pipe, and nothing calls out while one of its properties is being changed. The exclusivity
    // checks would be a tenth of what a segment costs.
    @exclusivity(unchecked) private var segments: [Segment] = []
    @exclusivity(unchecked) private var head = 0
    /// The number of segments removed from the list, which is the number of its first one.
    @exclusivity(unchecked) private var shed = 0
    /// The segments to be sent again; `nil` while none is lost.
    @exclusivity(unchecked) private var recovery: Recovery?
    @exclusivity(unchecked) private var lastArrival: Int64 = 0
    /// The time until which its bytes occupy the wire.
    @exclusivity(unchecked) var busyUntil: Int64 = 0
    @exclusivity(unchecked) private var isScheduled = false
    @exclusivity(unchecked) private var isStalled = false
    /// The sender is gone. Nothing is repeated any more, so what meets a cut is lost with everything behind it.
    @exclusivity(unchecked) private var isBroken = false
    @exclusivity(unchecked) private var outstanding = 0
    @exclusivity(unchecked) private var creditWaits = false
    @exclusivity(unchecked) private var creditIsUnderWay = false
    @exclusivity(unchecked) private var creditIsStalled = false

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
        segments.append(Segment(size: size, content: content))
        let number = shed + segments.count - 1
        if recovery?.isStopped == true {
            recovery?.add(number)
        } else {
            transmit(number)
        }
    }

    /// Delays everything sent from now on until at least that time.
    func stall(until time: Int64) { lastArrival = max(lastArrival, time) }

    // MARK: Sending again

    /// Sends a segment, for the first time or again.
    private func transmit(_ number: Int) {
        let (index, now) = (number - shed, world.clock)
        guard segments.indices.contains(index) else { return }
        guard !link.loses() else {
            if recovery == nil { recovery = Recovery() }
            recovery?.lost(number, at: now)
            if recovery?.timer == nil { armTimer() }
            return
        }
        let isRepeated = recovery?.gotThrough(number) ?? false
        let arrival = now + link.travelTime(of: segments[index].size, in: self)
        segments[index].arrival = isRepeated ? arrival : max(lastArrival, arrival)
        lastArrival = max(lastArrival, arrival)
        if isRepeated {
            world.control(node: -1, at: arrival + back.travelTime(of: 0)) { [self] in acknowledged(number, sentAt: now)
            }
        } else if recovery?.hasMissing == true, !back.loses() {
            // A quarter of a round trip more, because the missing segment might only have been reordered.
            let heard = lastArrival + back.travelTime(of: 0) + roundTrip / 4
            world.control(node: -1, at: heard) { [self] in selectivelyAcknowledged(sentAt: now) }
        }
        scheduleNext()
    }

    private var roundTrip: Int64 { link.meanWay + back.meanWay }

    private func armTimer() {
        if let timer = recovery?.timer { _ = world.queue.remove(timer) }
        guard let recovery, recovery.hasMissing else {
            self.recovery?.timer = nil
            return
        }
        let timeout = recovery.timeout(roundTrip: roundTrip)
        self.recovery?.timer = world.control(node: -1, at: world.clock + timeout) { [self] in timedOut() }
    }

    private func timedOut() {
        recovery?.timer = nil
        guard let number = recovery?.expired() else { return }
        transmit(number)
        armTimer()
    }

    /// The receiver has acknowledged this segment, which was sent again.
    private func acknowledged(_ number: Int, sentAt: Int64) {
        guard let due = recovery?.acknowledged(number, sentAt: sentAt) else { return }
        for number in due { transmit(number) }
        armTimer()
        if recovery?.hasMissing == false { recovery = nil }
    }

    /// The receiver has acknowledged a segment that was sent at that time, while earlier ones are missing.
    private func selectivelyAcknowledged(sentAt: Int64) {
        guard let due = recovery?.overdue(at: sentAt), !due.isEmpty else { return }
        for number in due { transmit(number) }
        armTimer()
    }

    private func scheduleNext() {
        guard !isScheduled, !isStalled, head < segments.count, segments[head].arrival < .max, let receiver else {
            return
        }
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
            shed += head
            segments.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 64, head * 2 > segments.count {
            shed += head
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

    /// The link is healed: what waited arrives after one more link delay.
    func linkHealed() {
        if isStalled {
            isStalled = false
            if head < segments.count {
                segments[head].arrival = max(segments[head].arrival, world.clock + link.delay())
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

    /// The sender is gone permanently.
    func breakOff() {
        isBroken = true
        endRecovery()
        if isStalled { clear() }
    }

    // MARK: Room

    /// The receiver consumed bytes.
    func taken(_ size: Int) {
        outstanding -= size
        guard creditWaits, !creditIsUnderWay, let sender else { return }
        creditIsUnderWay = true
        world.add(.credit(self), node: sender.node.index, at: world.clock + back.delay())
    }

    /// Whether the sender waits for room.
    var waitsForRoom: Bool { creditWaits }

    /// Requests a notice to the sender when there is room.
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
        world.add(.credit(self), node: sender?.node.index ?? -1, at: world.clock + back.delay())
    }

    // MARK: Ending

    /// Drops everything in flight.
    func clear() {
        endRecovery()
        shed += segments.count
        segments = []
        head = 0
        isStalled = false
    }

    private func endRecovery() {
        if let timer = recovery?.timer { _ = world.queue.remove(timer) }
        recovery = nil
    }

    /// Releases the pipe when neither end needs it any more.
    func dismantle() {
        clear()
        link.detach(self)
        sender = nil
        receiver = nil
    }
}
