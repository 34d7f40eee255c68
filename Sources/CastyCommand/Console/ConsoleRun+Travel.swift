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
        while case .control(let next)? = backend.nextRequest, let further = next.destination(from: target) {
            _ = backend.takeRequest()
            isStep = isStep && next.isStep
            if !next.isSeek { paused = true }
            target = further
        }
        if target < now { return turnBack(to: target, backend) }
        release()
        if isStep { setOut(to: target) } else { goForward(to: target, backend) }
    }

    /// Looks at the next request while the run is on its way: another time changes the way; any request ends a wait.
    func heed(_ backend: any RunFrontEnd) {
        guard let goal, let next = backend.nextRequest else { return }
        switch goal.kind {
        case .beginning:
            if case .control(.endUntil) = next { endTravel(backend) }
        case .until:
            endUntil(backend)
            // Keys that pause or play mean the wait itself.
            switch next {
            case .control(.endUntil), .control(.pause), .control(.play): _ = backend.takeRequest()
            case .control, .command: break
            }
        case .forward, .back:
            if case .control(.endUntil) = next { return endTravel(backend) }
            guard case .control(let control) = next, let target = control.destination(from: goal.target) else { return }
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
    /// Stops on the way to another time, where the run is now.
    private func endTravel(_ backend: any RunFrontEnd) {
        guard let goal else { return }
        _ = backend.takeRequest()
        self.goal = nil
        (paused, pace, hasJumped) = (true, Pace(), true)
        backend.show(nil)
        show(backend)
        backend.say(.note, "stopped at \(Words.moment(testbed.now)), on the way to \(Words.moment(goal.target))")
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
