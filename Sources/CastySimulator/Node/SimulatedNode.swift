package import CastyCore

/// A node of a simulated world: its borders, and what can be done to it.
package final class SimulatedNode: @unchecked Sendable {
    /// How a node is.
    package enum State: Hashable, Sendable {
        /// It runs.
        case running
        /// It hangs: its sockets stay open and its clock goes on, but nothing runs.
        case frozen
        /// It crashed.
        case killed
        /// It ended in order.
        case stopped
    }

    /// What it is called.
    package let name: String
    /// How often a node of this name has been started, this time included.
    package let startCount: Int
    /// Where it is.
    package let address: NodeAddress
    /// Its place among the world's nodes.
    package let index: Int32
    /// How it is.
    @exclusivity(unchecked) package internal(set) var state = State.running
    /// How many messages a turn may handle. Small by default, so that turns interleave often.
    package var budget = SimulatedNode.usualBudget
    /// The budget of a turn where nothing else is said.
    package static let usualBudget = 8
    /// How long the node is busy with each turn: more than zero makes it slow.
    package var turnTime = Duration.zero

    private unowned let owner: SimulatedWorld
    private let random: SeededGenerator
    /// The draw that places this node's timers among the events of an instant.
    private let timerOrder: UInt64
    @exclusivity(unchecked) private var timerCount: UInt64 = 0
    private var busyUntil: Int64 = 0
    /// The turn that is being taken.
    private var current: Runnable?
    /// What takes longer than an instant, and whether it has more to do afterwards.
    private var prolonged: [ObjectIdentifier: Prolonged] = [:]
    private var parked: [EventPayload] = []
    @exclusivity(unchecked) private(set) var clock: NodeClock
    private var endpoints: [Endpoint] = []
    /// Whether its transport opens and accepts no more.
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

    /// All that the node reaches of the world outside it.
    package var world: NodeWorld {
        NodeWorld(
            dispatcher: SimulatedDispatcher(world: owner, node: self),
            scheduler: SimulatedScheduler(world: owner, node: self),
            transport: SimulatedTransport(world: owner, node: self),
            random: SimulatedRandom(root: random))
    }

    /// Whether it has crashed or ended.
    package var isGone: Bool {
        switch state {
        case .running, .frozen: false
        case .killed, .stopped: true
        }
    }

    // MARK: Turns and timers

    /// Something whose turn lasts.
    private struct Prolonged {
        let runnable: Runnable
        var until: Int64
        /// How many ends are still to come.
        var count = 1
        var wantsTurn = false
    }

    func execute(_ runnable: Runnable) {
        guard !isGone else { return }
        if !prolonged.isEmpty, prolonged[ObjectIdentifier(runnable)] != nil {
            // Its turn is not over, whatever the queue believes.
            prolonged[ObjectIdentifier(runnable)]?.wantsTurn = true
            return
        }
        var time = owner.clock
        if turnTime > .zero {
            busyUntil = max(busyUntil, time) + turnTime.nanoseconds
            time = busyUntil
        }
        owner.add(.turn(runnable), node: index, at: time)
    }

    /// Lets something take its turn.
    func take(_ runnable: Runnable) {
        current = runnable
        runnable.run(budget: budget)
        current = nil
    }

    /// Prolongs the turn that is being taken at this moment, as a handler does that computes, blocks, or waits for a disk.
    ///
    /// Nothing else of the node waits for it: as on a node with threads enough. A node that hangs meanwhile ends the turn when it goes on, one
    /// that is killed never does. With a ``budget`` of one each message has a turn of its own.
    ///
    /// - Parameters:
    ///   - time: How long it takes.
    ///   - end: What is done at the end of it.
    package func prolongTurn(by time: Duration, then end: @escaping @Sendable () -> Void) {
        guard let current, time > .zero, !isGone else { return end() }
        let key = ObjectIdentifier(current)
        var item = prolonged[key] ?? Prolonged(runnable: current, until: owner.clock, count: 0)
        item.until = max(item.until, owner.clock) + time.nanoseconds
        item.count += 1
        prolonged[key] = item
        owner.add(
            .turn(
                WorkItem { [self] in
                    end()
                    endTurn(key)
                }), node: index, at: item.until)
    }

    private func endTurn(_ key: ObjectIdentifier) {
        guard var item = prolonged[key] else { return }
        item.count -= 1
        prolonged[key] = item.count > 0 ? item : nil
        if item.count == 0, item.wantsTurn { execute(item.runnable) }
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

    /// Whether what is due may happen now. While the node is frozen it is kept for later.
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
        endpoint.place = endpoints.count
        endpoints.append(endpoint)
    }

    func remove(_ endpoint: Endpoint) {
        let place = endpoint.place
        guard place >= 0, place < endpoints.count, let last = endpoints.popLast() else { return }
        endpoint.place = -1
        if last !== endpoint {
            endpoints[place] = last
            last.place = place
        }
        tellIfClosed()
    }

    /// Closes all connections, and says when that is done.
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

    /// Makes the node hang: sockets stay open, its clock goes on, nothing runs.
    package func freeze() {
        guard state == .running else { return }
        state = .frozen
    }

    /// Lets a frozen node go on: what was due meanwhile happens now.
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

    /// Crashes the node: nothing of it runs any more, nothing is flushed, its connections are reset.
    package func kill() {
        guard !isGone else { return }
        end(as: .killed)
        for endpoint in endpoints { endpoint.abandon(flushing: false) }
        endpoints = []
    }

    /// Ends the node in order: nothing of it runs any more; what its sockets hold is still sent, then they close.
    package func stop() {
        guard !isGone else { return }
        end(as: .stopped)
        for endpoint in endpoints { endpoint.abandon(flushing: true) }
        endpoints = []
    }

    /// Lets the node's clock go this many millionths too fast, or too slow.
    ///
    /// - Parameter partsPerMillion: -500 000 … 500 000; 10 000 is one percent.
    package func setClockRate(partsPerMillion: Int) {
        let rate = Int64(max(-500_000, min(500_000, partsPerMillion)))
        clock.setRate(partsPerMillion: rate, at: owner.clock)
        resetTimers()
    }

    /// Lets the node's clock jump ahead.
    package func advanceClock(by jump: Duration) {
        guard jump > .zero else { return }
        clock.advance(by: jump.nanoseconds)
        resetTimers()
    }

    /// Sets all timers anew: their deadlines are moments of a clock whose rate has changed.
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
        prolonged = [:]
        whenClosed = []
    }

    /// Cuts all references, at the end of the world.
    func forget() {
        if !isGone { end(as: .killed) }
        for endpoint in endpoints { endpoint.forget() }
        endpoints = []
    }
}
