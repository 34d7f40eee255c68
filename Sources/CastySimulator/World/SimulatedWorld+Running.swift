package import CastyCore

extension SimulatedWorld {
    /// Executes the next event, whenever it is due.
    ///
    /// - Returns: Whether there was one.
    @discardableResult
    package func step() -> Bool {
        let previous = foreign.enter()
        defer { foreign.leave(to: previous) }
        return advance(to: .max)
    }

    /// Executes all events that are due until a time, and sets the clock to it.
    @discardableResult
    package func run(until deadline: Instant) -> RunEnd {
        run(until: deadline, stopWhen: nil)
    }

    /// Executes all events that are due until a time, but stops as soon as a condition holds.
    ///
    /// - Parameters:
    ///   - deadline: The time to stop at.
    ///   - condition: Evaluated before the first step and after every one.
    @discardableResult
    package func run(until deadline: Instant, stopWhen condition: (() -> Bool)?) -> RunEnd {
        let previous = foreign.enter()
        defer { foreign.leave(to: previous) }
        if let condition {
            repeat {
                if condition() { return .condition }
            } while advance(to: deadline.nanoseconds)
        } else {
            while advance(to: deadline.nanoseconds) {}
        }
        if let livelock { return .livelock(livelock) }
        clock = max(clock, deadline.nanoseconds)
        stepsAtInstant = 0
        return .deadline
    }

    /// Executes events until none waits any more, or until `limit` steps have been made.
    @discardableResult
    package func runToQuiescence(limit: Int = 10_000_000) -> RunEnd {
        let previous = foreign.enter()
        defer { foreign.leave(to: previous) }
        for _ in 0..<limit where !advance(to: .max) {
            if let livelock { return .livelock(livelock) }
            return .quiescent
        }
        return .limit
    }

    /// Executes one step if one is due until the deadline.
    private func advance(to deadline: Int64) -> Bool {
        if foreign.isWaiting { foreign.carryOut() }
        guard livelock == nil, let time = queue.nextTime(), time <= deadline, let event = queue.next() else {
            return false
        }
        guard let kind = event.payload.kind else { return true }
        if event.time > clock {
            clock = event.time
            stepsAtInstant = 0
        }
        stepsAtInstant += 1
        trace.note(time: event.time, kind: kind, node: event.node)
        if stepsAtInstant > livelockLimit {
            let name = event.node < 0 ? nil : nodes[Int(event.node)].name
            livelock = Livelock(time: now, steps: stepsAtInstant, node: name, kind: kind)
        }
        perform(event)
        return true
    }

    private func perform(_ event: DueEvent) {
        switch event.payload {
        case .none: break
        case .turn(let runnable):
            let node = nodes[Int(event.node)]
            guard node.state == .running || node.mayRun(event.payload) else { return }
            node.take(runnable)
        case .timer(let timer):
            let node = nodes[Int(event.node)]
            guard node.state == .running || node.mayRun(event.payload) else { return }
            timer.fire()
        case .arrival(let pipe): pipe.arrive()
        case .write(let endpoint):
            guard endpoint.node.state == .running || endpoint.node.mayRun(event.payload) else { return }
            endpoint.write()
        case .notice(let endpoint):
            guard endpoint.node.state == .running || endpoint.node.mayRun(event.payload) else { return }
            endpoint.tellNext()
        case .credit(let pipe): pipe.creditReturned()
        case .control(let action), .world(let action): action.run()
        }
    }
}
