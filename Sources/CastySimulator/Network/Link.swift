import CastyCore

/// One direction between two hosts.
///
/// Within one connection nothing is lost or reordered: what a link loses arrives later, and what a cut link holds
/// arrives when it is healed. Only resets and refusals are single packets, which a cut link drops.
package final class Link: @unchecked Sendable {
    /// The source host.
    package let source: String
    /// The destination host.
    package let target: String
    /// Its behavior. Packets in flight keep their arrival times.
    // As in ``Pipe``: one thread, and no call out of a change.
    @exclusivity(unchecked) package var profile: LinkProfile
    /// Whether nothing passes.
    package private(set) var isCut = false
    /// Whether attempts to open a connection along it are refused.
    package var refusesConnections = false

    private unowned let world: SimulatedWorld
    @exclusivity(unchecked) private var generator: SeededGenerator
    @exclusivity(unchecked) private var busyUntil: Int64 = 0
    private var cutCount = 0
    private var pipes: [Pipe] = []
    private var stalled: [() -> Void] = []

    init(source: String, target: String, profile: LinkProfile, world: SimulatedWorld, generator: SeededGenerator) {
        self.source = source
        self.target = target
        self.profile = profile
        self.world = world
        self.generator = generator
    }

    // MARK: Faults

    /// Stops everything on the link. After ten seconds without healing, its connections are reset at both ends.
    package func cut() {
        guard !isCut else { return }
        isCut = true
        cutCount += 1
        let mine = cutCount
        world.control(node: -1, at: world.clock + SimulatedLimits.cutTolerance.nanoseconds) { [weak self] in
            guard let self, self.isCut, self.cutCount == mine else { return }
            for pipe in self.pipes { pipe.giveUp() }
        }
    }

    /// Delays what is sent on the connections that are open now, as many losses in a row would. New connections are not
    /// affected.
    package func stall(for time: Duration) {
        for pipe in pipes { pipe.stall(until: world.clock + time.nanoseconds) }
    }

    /// Lets everything pass again, first what waited, in order.
    package func heal() {
        guard isCut else { return }
        isCut = false
        let packets = stalled
        stalled = []
        for packet in packets {
            world.control(node: -1, at: world.clock + delay()) { [self] in pass(packet) }
        }
        for pipe in pipes { pipe.linkHealed() }
    }

    // MARK: Packets

    /// How long a packet of this size takes from now: its transmission time and the propagation delay.
    ///
    /// The connections with bytes on the wire share it evenly, as a sender's fair queue (fq_codel) lets TCP flows do: a
    /// few bytes of one do not wait behind everything that another has handed over. Packets without bytes, which open,
    /// acknowledge and reset, take no transmission time.
    ///
    /// - Parameter pipe: The connection it belongs to.
    func travelTime(of size: Int, in pipe: Pipe? = nil) -> Int64 {
        var delay = max(profile.latency.nanoseconds, 0)
        let jitter = profile.jitter.nanoseconds
        if jitter > 0 { delay += Int64(generator.unit() * Double(2 * jitter)) - jitter }
        if profile.tail > .zero { delay += Int64(exponential() * Double(profile.tail.nanoseconds)) }
        delay = max(delay, 1000)
        if let bandwidth = profile.bandwidth, bandwidth > 0, size > 0 {
            delay += turn(of: Int64(Double(size) * 1e9 / Double(bandwidth)), in: pipe)
        }
        return delay
    }

    /// The time from now until the last byte has been sent, where `wire` is the transmission time on an otherwise idle
    /// wire.
    ///
    /// Everything sent adds to the time at which the wire becomes idle, so no more than its bandwidth passes. What one
    /// connection gains over the backlog of another, its own later bytes pay for.
    private func turn(of wire: Int64, in pipe: Pipe?) -> Int64 {
        let now = world.clock
        busyUntil = max(busyUntil, now) + wire
        guard let pipe else { return busyUntil - now }
        let sharing = pipes.count { $0 === pipe || $0.busyUntil > now }
        let own = max(pipe.busyUntil, now) + wire * Int64(sharing)
        pipe.busyUntil = sharing == 1 ? busyUntil : min(busyUntil, own)
        return pipe.busyUntil - now
    }

    /// Whether the next packet is lost.
    func loses() -> Bool { profile.loss > 0 && generator.unit() < profile.loss }

    /// The delay of a single packet that is repeated until it gets through, with twice the pause after each loss. At
    /// most eight repetitions.
    func delay(after timeout: Duration = SimulatedLimits.retransmission) -> Int64 {
        var delay = travelTime(of: 0)
        var timeout = timeout.nanoseconds
        for _ in 0..<8 {
            guard loses() else { break }
            delay += timeout
            timeout *= 2
        }
        return delay
    }

    /// The mean delay of a packet.
    var meanWay: Int64 { max(profile.latency.nanoseconds, 0) + max(profile.tail.nanoseconds, 0) }

    /// A number from the exponential distribution of mean 1, obtained by comparisons alone, so that it is the same on
    /// every machine.
    ///
    /// Source: J. von Neumann, "Various techniques used in connection with random digits" (1951).
    private func exponential() -> Double {
        var whole = 0.0
        while true {
            let first = generator.unit()
            var last = first
            var isOdd = true
            while true {
                let next = generator.unit()
                if next >= last { break }
                last = next
                isOdd.toggle()
            }
            if isOdd { return whole + first }
            whole += 1
        }
    }

    /// How many of `size` bytes arrive together as the first piece.
    func firstPiece(of size: Int) -> Int {
        var limit = profile.pieceLimit ?? .max
        // On a narrow link a large write arrives bit by bit: no piece takes the wire for more than 10 ms, except that a
        // piece may always have 1460 bytes.
        if let bandwidth = profile.bandwidth { limit = min(limit, max(1460, bandwidth / 100)) }
        if limit > 0, size > limit { return limit }
        guard profile.splitting > 0, size > 1, generator.unit() < profile.splitting else { return size }
        return 1 + generator.below(size - 1)
    }

    /// The index of a bit to flip in a piece of that many bytes, if one is to be flipped.
    func flippedBit(in size: Int) -> Int? {
        guard profile.corruption > 0, size > 0, generator.unit() < profile.corruption else { return nil }
        return generator.below(size * 8)
    }

    /// Sends a packet that is repeated until it gets through: the opening of a connection.
    func send(_ packet: @escaping () -> Void) {
        world.control(node: -1, at: world.clock + delay(after: SimulatedLimits.openingTimeout)) { [self] in
            pass(packet)
        }
    }

    /// Sends a packet that a cut link drops: a reset, a refusal. Losses only delay it.
    func sendOnce(_ packet: @escaping () -> Void) {
        world.control(node: -1, at: world.clock + delay()) { [self] in
            if !isCut { packet() }
        }
    }

    private func pass(_ packet: @escaping () -> Void) {
        if isCut { stalled.append(packet) } else { packet() }
    }

    // MARK: Connections

    func attach(_ pipe: Pipe) {
        pipe.index = pipes.count
        pipes.append(pipe)
    }

    func detach(_ pipe: Pipe) {
        let index = pipe.index
        guard index < pipes.count, pipes[index] === pipe, let last = pipes.popLast() else { return }
        guard last !== pipe else { return }
        pipes[index] = last
        last.index = index
    }

    /// The sending ends of its connections, for faults.
    var senders: [Endpoint] { pipes.compactMap(\.sender) }

    func forget() {
        for endpoint in senders { endpoint.forget() }
        pipes = []
        stalled = []
    }
}
