import CastyConsole
import CastyCore
import CastyObservability
import CastyScenario
import CastyTestbed

/// `until`, `always` and `never`.
///
/// What they find is never an event of the run: a watched run has the same events as any other.
extension ConsoleRun {
    /// How far a run goes at most for `until` without a limit.
    static let longestWait = Duration.seconds(300)

    /// Looks at what is watched, as far as it is new.
    ///
    /// - Returns: Whether time has to stop.
    func watchesStop() -> Bool {
        guard !watches.isEmpty || goal?.kind.awaited != nil else { return false }
        for index in watches.indices { look(at: &watches[index]) }
        watches.removeAll { $0.watch.rule == .until && findings.map(\.active.number).contains($0.number) }
        if var awaited = goal?.kind.awaited {
            look(at: &awaited)
            goal?.kind = .until(awaited)
        }
        // Real time does not stop.
        if plan.seed == nil { return false }
        return !findings.isEmpty
    }

    private func look(at active: inout ActiveWatch) {
        let now = testbed.now
        guard active.isDue(at: now) else { return }
        let sight = testbed.sight(of: active)
        let found = active.onLook(sight, at: now, events: recorder.count, last: recorder.last?.id)
        if let found { findings.append((active, found)) }
    }

    /// Tells the user what the watches have found, and stops time for it.
    ///
    /// - Returns: Whether they have found anything.
    @discardableResult
    func announce(_ backend: any RunFrontEnd) -> Bool {
        guard !findings.isEmpty else { return false }
        let found = findings
        findings = []
        let stops = plan.seed != nil
        if stops { (paused, owed) = (true, .zero) }
        show(backend)
        for (active, finding) in found {
            let watch = active.watch
            switch finding {
            case .broken(let broken):
                backend.say(
                    .note,
                    "\(watch): broken at \(Words.moment(broken.time)): \(broken.seen) · watches leads there")
            case .reached(let time, let seen):
                let already = time == active.since ? "already " : ""
                backend.say(
                    .done, "\(watch): \(already)at \(Words.moment(time))\(seen.map { ", " + $0 } ?? "")")
            case .expired(let seen):
                backend.say(.refused, "\(watch): not by \(Words.moment(active.deadline)): \(seen)")
            }
        }
        return true
    }

    /// Begins to watch, or to wait.
    func begin(_ watch: Watch, _ backend: any RunFrontEnd) {
        let now = testbed.now
        let number = (watches.map(\.number).max() ?? 0) + 1
        var active = ActiveWatch(
            watch, number: number, at: now, events: recorder.count,
            deadline: now + (watch.within ?? Self.longestWait))
        let sight = testbed.sight(of: active)
        let finding = active.onLook(sight, at: now, events: recorder.count, last: recorder.last?.id)
        switch (watch.rule, sight) {
        case (.always, .verdict(.unmet(let seen))):
            return backend.say(.refused, "\(watch): it does not hold now: \(seen)")
        case (.never, .verdict(.met)): return backend.say(.refused, "\(watch): it holds now")
        case (.until, _): wait(for: active, finding, backend)
        case (.always, _), (.never, _):
            watches.append(active)
            let stops = plan.seed == nil ? "it is flagged when it breaks" : "time stops when it breaks"
            backend.say(.done, "\(watch): watched from \(Words.moment(now)) on; \(stops)")
        }
    }

    private func wait(
        for active: ActiveWatch, _ finding: ActiveWatch.Finding?, _ backend: any RunFrontEnd
    ) {
        if let finding {
            findings.append((active, finding))
            announce(backend)
        } else if plan.seed == nil {
            watches.removeAll { $0.watch.rule == .until }
            watches.append(active)
            let end = Words.moment(active.deadline)
            backend.say(.note, "\(active.watch): waits in real time, until \(end) at most · Esc ends it")
        } else {
            release()
            paused = false
            goal = TimeGoal(target: active.deadline, from: testbed.now, since: clock.now(), kind: .until(active))
            show(backend)
        }
    }

    /// Waits no longer.
    func endUntil(_ backend: any RunFrontEnd) {
        let awaited = goal?.kind.awaited ?? watches.first { $0.watch.rule == .until }
        guard let awaited else { return backend.say(.refused, "until off: nothing is waited for") }
        watches.removeAll { $0.watch.rule == .until }
        if goal != nil {
            goal = nil
            (paused, pace) = (true, Pace())
            backend.show(nil)
        }
        show(backend)
        backend.say(.note, "\(awaited.watch): ended at \(Words.moment(testbed.now)), it has not come")
    }

    func endWatch(_ number: Int?, _ backend: any RunFrontEnd) {
        let ended = watches.filter { number == nil || $0.number == number }
        guard !ended.isEmpty else {
            let known = watches.map { "\($0.number)" }.joined(separator: ", ")
            return backend.say(
                .refused, known.isEmpty ? "watch off: there are no watches" : "watch off: the watches are \(known)")
        }
        watches.removeAll { number == nil || $0.number == number }
        backend.say(.done, "no longer watched: \(ended.map { "\($0.watch)" }.joined(separator: " · "))")
    }

    /// What the screen shows of the watches.
    var watchStatus: [WatchStatus] {
        (watches + [goal?.kind.awaited].compactMap(\.self)).map(\.status)
    }
}
