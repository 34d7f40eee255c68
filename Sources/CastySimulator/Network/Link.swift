import CastyCore

/// One direction between two hosts.
///
/// Within one connection nothing is lost or overtaken: what a link loses comes later, and what a cut link holds comes
/// when it is healed. Only resets and refusals are single packets: a cut link swallows them.
package final class Link: @unchecked Sendable {
    /// Where it comes from.
    package let source: String
    /// Where it goes to.
    package let target: String
    /// How it behaves; what is under way keeps the moment it was given.
    package var profile: LinkProfile
    /// Whether nothing passes.
    package private(set) var isCut = false
    /// Whether attempts to open a connection along it are refused.
    package var refusesConnections = false

    private unowned let world: SimulatedWorld
    private var generator: SeededGenerator
    private var busyUntil: Int64 = 0
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

    /// Lets nothing pass any more. After ten seconds without healing the connections along it are reset at both ends.
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

    /// Holds up what is sent on the connections that stand now, as many losses in a row would; new connections are not
    /// concerned.
    package func stall(for time: Duration) {
        for pipe in pipes { pipe.stall(until: world.clock + time.nanoseconds) }
    }

    /// Lets everything pass again: first what waited, in order.
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

    // MARK: What passes

    /// How long something of this size takes from now: its turn on the wire, and the way.
    ///
    /// The connections that have something on the wire share it evenly, as a sender's fair queue (fq_codel) lets TCP
    /// flows do: a few bytes of one do not wait behind all that another has handed over. Packets without bytes, which
    /// open, acknowledge and reset, take no turn.
    ///
    /// - Parameter pipe: The connection it belongs to.
    func way(of size: Int, in pipe: Pipe? = nil) -> Int64 {
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

    /// How long from now the last byte has been sent that takes the wire alone for this time.
    ///
    /// All that is sent adds to the time at which the wire falls idle, so no more passes than its bandwidth, and what one
    /// connection gains over another's backlog, that one's later bytes pay for.
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

    /// How long the way of a lone packet takes that is repeated, each time after twice the pause, until it gets
    /// through.
    func delay(after timeout: Duration = SimulatedLimits.retransmission) -> Int64 {
        var delay = way(of: 0)
        var timeout = timeout.nanoseconds
        for _ in 0..<8 {
            guard loses() else { break }
            delay += timeout
            timeout *= 2
        }
        return delay
    }

    /// How long a packet is under way on average.
    var meanWay: Int64 { max(profile.latency.nanoseconds, 0) + max(profile.tail.nanoseconds, 0) }

    /// A number drawn from the exponential distribution of mean 1, by comparisons alone, so that it is the same on every machine.
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

    /// How many of `size` bytes arrive together first.
    func firstPiece(of size: Int) -> Int {
        var limit = profile.pieceLimit ?? .max
        // On a narrow link a large write comes in bit by bit: no piece takes the wire for more than 10 ms.
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

    /// Sends a packet that nobody repeats: a reset, a refusal.
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
        pipe.place = pipes.count
        pipes.append(pipe)
    }

    func detach(_ pipe: Pipe) {
        let place = pipe.place
        guard place < pipes.count, pipes[place] === pipe, let last = pipes.popLast() else { return }
        guard last !== pipe else { return }
        pipes[place] = last
        last.place = place
    }

    /// The connections that send along it, for faults.
    var senders: [Endpoint] { pipes.compactMap(\.sender) }

    func forget() {
        for endpoint in senders { endpoint.forget() }
        pipes = []
        stalled = []
    }
}
