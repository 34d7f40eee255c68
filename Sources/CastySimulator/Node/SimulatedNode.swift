package import CastyCore

/// A node of a simulated runtime: its interface to the runtime, and the faults that can be injected into it.
package final class SimulatedNode: @unchecked Sendable {
    /// The state of a node.
    package enum State: Hashable, Sendable {
        /// It runs.
        case running
        /// It hangs: its sockets stay open and its clock continues, but nothing runs.
        case frozen
        /// It crashed.
        case killed
        /// It ended in an orderly way.
        case stopped
    }

    /// Its name.
    package let name: String
    /// How many times a node of this name has been started, this start included.
    package let startCount: Int
    /// Its address.
    package let address: NodeAddress
    /// Its index among the runtime's nodes.
    package let index: Int32
    /// Its state.
    @exclusivity(unchecked) package internal(set) var state = State.running
    /// How many messages a turn may handle. Small by default, so that turns interleave often.
    package var budget = SimulatedNode.usualBudget
    /// The default budget of a turn.
    package static let usualBudget = 8
    /// How long the node is busy with each turn. More than zero makes it slow.
    package var turnTime = Duration.zero

    private unowned let owner: SimulatedWorld
    private let random: SeededGenerator
    /// The random word that orders this node's timers among the events of an instant.
    private let timerOrder: UInt64
    @exclusivity(unchecked) private var timerCount: UInt64 = 0
    private var busyUntil: Int64 = 0
    private var parked: [EventPayload] = []
    @exclusivity(unchecked) private(set) var clock: NodeClock
    private var endpoints: [Endpoint] = []
    /// Whether its transport opens and accepts no more connections.
    private(set) var isShutDown = false
    private var whenClosed: [@Sendable () -> Void] = []

    init(
        owner: SimulatedWorld, name: String, start: Int, address: NodeAddress, index: Int32, random: SeededGenerator
    ) {
        self.owner = owner
        self.name = name
        self.startCount = start
        self.address = address
        self.index = index
        self.random = random
        var order = random.fork("schedule")
        timerOrder = order.next()
        clock = NodeClock(world: owner.clock)
    }

    /// Everything that the node reaches outside itself: dispatcher, scheduler, transport and random source.
    package var world: NodeWorld {
        NodeWorld(
            dispatcher: SimulatedDispatcher(world: owner, node: self),
            scheduler: SimulatedScheduler(world: owner, node: self),
            transport: SimulatedTransport(world: owner, node: self),
            random: SimulatedRandom(root: random))
    }

    /// Whether it has crashed or stopped.
    package var isGone: Bool {
        switch state {
        case .running, .frozen: false
        case .killed, .stopped: true
        }
    }

    // MARK: Turns and timers

    func execute(_ runnable: Runnable) {
        guard !isGone else { return }
        var time = owner.clock
        if turnTime > .zero {
            busyUntil = max(busyUntil, time) + turnTime.nanoseconds
            time = busyUntil
        }
        owner.add(.turn(runnable), node: index, at: time)
    }

    /// Runs a turn.
    func take(_ runnable: Runnable) {
        runnable.run(TurnGrant(budget: budget))
    }

    func timer(at deadline: Int64, _ action: @escaping @Sendable () -> Void) -> SimulatedTimer {
        SimulatedTimer(world: owner, deadline: deadline, action: action)
    }

    func start(_ timer: SimulatedTimer) {
        guard !isGone else { return timer.forget() }
        timerCount += 1
        timer.sequence = timerCount
        enqueue(timer)
    }

    private func enqueue(_ timer: SimulatedTimer) {
        let time = max(clock.world(at: timer.deadline), owner.clock)
        guard time < .max else { return }
        let order = Mixing.word(timerOrder ^ UInt64(bitPattern: time))
        timer.ticket = owner.queue.add(.timer(timer), node: index, at: time, now: owner.clock, order: order)
    }

    /// Whether a due event may happen now. While the node is frozen, the event is stored for later.
    func mayRun(_ payload: EventPayload) -> Bool {
        switch state {
        case .running: return true
        case .frozen:
            parked.append(payload)
            return false
        case .killed, .stopped: return false
        }
    }

    // MARK: Connections

    func add(_ endpoint: Endpoint) {
        endpoint.index = endpoints.count
        endpoints.append(endpoint)
    }

    func remove(_ endpoint: Endpoint) {
        let index = endpoint.index
        guard index >= 0, index < endpoints.count, let last = endpoints.popLast() else { return }
        endpoint.index = -1
        if last !== endpoint {
            endpoints[index] = last
            last.index = index
        }
        tellIfClosed()
    }

    /// Closes all connections and calls back when that is done.
    func shutDown(_ completion: @escaping @Sendable () -> Void) {
        isShutDown = true
        whenClosed.append(completion)
        for endpoint in endpoints { endpoint.close() }
        tellIfClosed()
    }

    private func tellIfClosed() {
        guard isShutDown, endpoints.isEmpty else { return }
        for completion in whenClosed { execute(WorkItem(completion)) }
        whenClosed = []
    }

    // MARK: Controls

    /// Freezes the node: sockets stay open, its clock continues, nothing runs.
    package func freeze() {
        guard state == .running else { return }
        state = .frozen
    }

    /// Thaws a frozen node: what came due meanwhile happens now.
    package func thaw() {
        guard state == .frozen else { return }
        state = .running
        let waiting = parked
        parked = []
        for payload in waiting {
            if case .timer(let timer) = payload {
                enqueue(timer)
            } else {
                owner.add(payload, node: index, at: owner.clock)
            }
        }
        for endpoint in endpoints { endpoint.nodeThawed() }
    }

    /// Crashes the node: nothing of it runs any more, nothing is flushed, and its connections are reset.
    package func kill() {
        guard !isGone else { return }
        end(as: .killed)
        for endpoint in endpoints { endpoint.abandon(flushing: false) }
        endpoints = []
    }

    /// Stops the node in an orderly way: nothing of it runs any more. What its sockets hold is still sent, then they
    /// close.
    package func stop() {
        guard !isGone else { return }
        end(as: .stopped)
        for endpoint in endpoints { endpoint.abandon(flushing: true) }
        endpoints = []
    }

    /// Makes the node's clock run this many millionths too fast, or too slowly if negative.
    ///
    /// - Parameter partsPerMillion: -500 000 … 500 000; 10 000 is one percent.
    package func setClockRate(partsPerMillion: Int) {
        let rate = Int64(max(-500_000, min(500_000, partsPerMillion)))
        clock.setRate(partsPerMillion: rate, at: owner.clock)
        resetTimers()
    }

    /// Makes the node's clock jump ahead.
    package func advanceClock(by jump: Duration) {
        guard jump > .zero else { return }
        clock.advance(by: jump.nanoseconds)
        resetTimers()
    }

    /// Sets all timers again, because their deadlines are times of a clock that has changed.
    private func resetTimers() {
        let index = self.index
        let removed = owner.queue.removeAll { payload, node in
            if node == index, case .timer = payload { true } else { false }
        }
        let timers = removed.compactMap { payload in
            if case .timer(let timer) = payload { timer } else { nil }
        }
        for timer in timers.sorted(by: { $0.sequence < $1.sequence }) { enqueue(timer) }
    }

    private func end(as state: State) {
        self.state = state
        owner.network.stopListening(self)
        let index = self.index
        let removed = owner.queue.removeAll { payload, node in
            guard node == index else { return false }
            return switch payload {
            case .turn, .timer, .write, .notice: true
            case .none, .arrival, .credit, .control, .world: false
            }
        }
        for payload in removed + parked {
            if case .timer(let timer) = payload { timer.forget() }
        }
        parked = []
        whenClosed = []
    }

    /// Clears all references at the end of the runtime.
    func forget() {
        if !isGone { end(as: .killed) }
        for endpoint in endpoints { endpoint.forget() }
        endpoints = []
    }
}
