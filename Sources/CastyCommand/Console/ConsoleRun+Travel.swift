import CastyConsole
import CastyCore
import CastyScenario
import CastyTestbed

/// Requests for another time. A key that is held makes many of them: while one is carried out, those that follow only
/// move the time that is to be shown.
extension ConsoleRun {
    /// Shows another time: the one that this request and those right behind it lead to.
    func travel(_ first: RunControl, _ backend: any RunFrontEnd) {
        let now = testbed.now
        guard var target = first.destination(from: now) else { return }
        var isStep = first.isStep
        if !first.isSeek { paused = true }
        while case .control(let next)? = backend.waitingRequests.first, let further = next.destination(from: target) {
            _ = backend.takeRequest()
            isStep = isStep && next.isStep
            if !next.isSeek { paused = true }
            target = further
        }
        if target < now { return turnBack(to: target, backend) }
        release()
        if isStep { setOut(to: target) } else { goForward(to: target, backend) }
    }

    /// Looks at the requests while the run is on its way: another time changes the way, Esc ends it, and all others wait
    /// for its end, and the screen says so; any request ends a wait.
    func heed(_ backend: any RunFrontEnd) {
        let waiting = backend.waitingRequests
        guard let goal, let next = waiting.first else { return }
        if goal.kind.awaited == nil, let index = waiting.firstIndex(of: .control(.endUntil)) {
            return endTravel(backend, dropping: index)
        }
        switch goal.kind {
        case .beginning: announce(waiting, backend)
        case .until:
            endUntil(backend)
            // Keys that pause or play mean the wait itself.
            switch next {
            case .control(.endUntil), .control(.pause), .control(.play): _ = backend.takeRequest()
            case .control, .command: break
            }
        case .forward, .back:
            guard case .control(let control) = next, let target = control.destination(from: goal.target) else {
                return announce(waiting, backend)
            }
            _ = backend.takeRequest()
            if !control.isSeek { paused = true }
            if target >= testbed.now {
                self.goal?.target = target
            } else {
                self.goal = nil
                turnBack(to: target, backend)
            }
        }
    }
}

extension ConsoleRun {
    /// Says of each request that it waits until the run is where it goes.
    private func announce(_ waiting: [ConsoleRequest], _ backend: any RunFrontEnd) {
        guard let goal, waiting.count > goal.announced else { return }
        for request in waiting[goal.announced...] {
            backend.say(.note, "\(request.text): waits until \(Words.moment(goal.target)); {escape} ends the way there")
        }
        self.goal?.announced = waiting.count
    }

    /// Stops on the way to another time, where the run is now.
    ///
    /// - Parameter count: The number of requests that waited for the end of the way.
    private func endTravel(_ backend: any RunFrontEnd, dropping count: Int) {
        guard let goal else { return }
        for _ in 0...count { _ = backend.takeRequest() }
        self.goal = nil
        (paused, pace, hasJumped) = (true, Pace(), true)
        backend.show(nil)
        show(backend)
        let dropped = count == 0 ? "" : "; what waited for the end of the way is dropped"
        backend.say(
            .note, "stopped at \(Words.moment(testbed.now)), on the way to \(Words.moment(goal.target))\(dropped)")
    }
}

extension ConsoleRequest {
    /// The line that makes it.
    fileprivate var text: String {
        switch self {
        case .command(let command): "\(command)"
        case .control(let control): "\(control)"
        }
    }
}

extension RunControl {
    /// The time that a run shows after this request at another time; `nil` if it is not about time.
    func destination(from base: Instant) -> Instant? {
        switch self {
        case .step(let count): base + ConsoleRun.tick * count
        case .back(let count): max(.start, base - ConsoleRun.tick * count)
        case .seek(let moment):
            Instant(
                nanoseconds: moment.nanoseconds / SimulatedClusterWorld.grid.nanoseconds
                    * SimulatedClusterWorld.grid.nanoseconds)
        case .pause, .play, .speed, .watch, .endUntil, .endWatch, .whatIf, .endWhatIf, .undo, .redo, .saveScript,
            .saveMoment:
            nil
        }
    }

    fileprivate var isStep: Bool { if case .step = self { true } else { false } }
    fileprivate var isSeek: Bool { if case .seek = self { true } else { false } }
}
