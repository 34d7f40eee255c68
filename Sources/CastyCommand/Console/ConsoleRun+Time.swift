import CastyActors
import CastyConsole
import CastyCore
import CastyInvariants
import CastyScenario
import CastyTestbed

/// A time to which a run is on its way, in small pieces between which checkpoints are made.
struct TimeGoal {
    enum Kind: Hashable {
        case beginning, forward, back
        /// To the time at which a condition holds; the target is the latest such time.
        case until(ActiveWatch)

        /// What it waits for.
        var awaited: ActiveWatch? { if case .until(let active) = self { active } else { nil } }
    }

    var target: Instant
    /// The time at which it set out.
    let from: Instant
    /// When it set out, on the real clock.
    let since: Instant
    var kind: Kind
    /// How many of the requests that wait for its end the user knows of.
    var announced = 0
}

extension ConsoleRun {
    /// How far the run advances on its way to a goal before it looks at the clock and the channel again.
    private static let piece = Duration.milliseconds(250)
    /// A way that takes longer than this shows how far it is.
    private static let patience = Duration.milliseconds(100)

    /// Lets time pass until `end`. Carries out scheduled commands, the script, and commands that were undone by turning
    /// back time.
    ///
    /// - Returns: Whether time can go on.
    @discardableResult
    func advance(to end: Instant, _ backend: (any RunFrontEnd)?) -> Bool {
        while !endsEarly() {
            look(backend)
            if player.isHeld { return false }
            let stop = max(min(end, player.nextMoment, future.first?.at ?? .distantFuture, nextColumn), testbed.now)
            do {
                // A long advance must not make a user wait who quits.
                try testbed.advance(until: stop) {
                    let due = player.nextMoment
                    look(backend)
                    return endsEarly() || player.isHeld || player.nextMoment < due || watchesStop()
                }
            } catch {
                backend?.say(.refused, "\(error)")
                return false
            }
            sample()
            if plan.seed != nil, !findings.isEmpty { return false }
            if let recorded = future.first, recorded.at <= testbed.now {
                look(backend)
                future.removeFirst()
                redo(recorded, backend)
            } else if testbed.now >= end {
                return true
            }
        }
        return false
    }

    /// The time of the next point of the curves, which only a run that jumps samples itself.
    private var nextColumn: Instant {
        let column = Self.column.nanoseconds
        return plan.seed == nil ? .distantFuture : Instant(nanoseconds: (testbed.now.nanoseconds / column + 1) * column)
    }

    private func sample() {
        guard plan.seed != nil, testbed.now.nanoseconds % Self.column.nanoseconds == 0 else { return }
        past.sample(testbed.snapshot)
    }

    private func redo(_ recorded: RecordedCommand, _ backend: (any RunFrontEnd)?) {
        perform(recorded.command, backend, as: recorded.role)
    }

    /// Sets out to a later time.
    func setOut(to target: Instant) {
        goal = TimeGoal(target: target, from: testbed.now, since: clock.now(), kind: .forward)
    }

    /// Goes a piece of the way to the goal.
    func pursue(_ backend: any RunFrontEnd) {
        guard let goal else { return }
        let isSilent = goal.kind == .back || goal.kind == .beginning
        let goesOn = advance(to: min(goal.target, testbed.now + Self.piece), isSilent ? nil : backend)
        if backend.ends { return }
        if goesOn, testbed.now < goal.target {
            guard clock.now() - max(goal.since, shown) >= Self.patience else { return }
            backend.show(
                RunProgress(
                    from: goal.from, now: testbed.now, target: goal.target, isRewinding: goal.kind == .back,
                    awaited: goal.kind.awaited.map { "\($0.watch)" }))
            if goal.kind == .back { shown = clock.now() } else { show(backend) }
            return
        }
        self.goal = nil
        pace = Pace()
        hasJumped = goal.kind != .forward || testbed.now - goal.from >= Self.column * 4
        backend.show(nil)
        if announce(backend) { return }
        show(backend)
        switch goal.kind {
        case .forward: break
        case .until(let active):
            paused = true
            backend.say(.note, "\(active.watch): ended at \(Words.moment(testbed.now)), the run stops here")
        case .beginning: greet(backend)
        case .back:
            let later = future.isEmpty ? "" : "; \(future.count) later commands wait for you to go on"
            backend.say(.done, "back at \(Words.moment(testbed.now))\(later)")
        }
    }

    /// Shows a later time: from a checkpoint, if there is one on the way.
    ///
    /// A checkpoint is of no use where a watch has not looked yet.
    func goForward(to target: Instant, _ backend: any RunFrontEnd) {
        let isSeen = watches.allSatisfy { $0.seenTo >= target }
        if isSeen, backend.jumps(jump(to: target, paused: paused, backend), from: testbed.now) { return }
        setOut(to: target)
    }

    /// Shows an earlier time: from a checkpoint, or by running again up to it. Later commands wait to be repeated.
    func turnBack(to moment: Instant, _ backend: any RunFrontEnd) {
        let jump = jump(to: max(moment, .start), paused: true, backend)
        if backend.jumps(jump, from: testbed.now) { return }
        testbed.end()
        do {
            testbed = try Self.begin(plan, wakeup)
        } catch {
            return backend.say(.refused, "\(error)")
        }
        player = Self.player(plan, testbed)
        caption = nil
        future = (history.filter(\.isByHand) + future).sorted { $0.at < $1.at }
        history = []
        undoBook = UndoBook()
        past = RecentPast()
        paused = true
        goal = TimeGoal(target: jump.target, from: .start, since: clock.now(), kind: .back)
    }

    private func jump(to target: Instant, paused: Bool, _ backend: any RunFrontEnd) -> TimeJump {
        let commands = history.filter(\.isByHand) + future
        return TimeJump(
            target: target,
            commands: commands.map { RecordedLine(at: $0.at, line: "\($0.command)", role: $0.role) },
            speed: speed, paused: paused, observesMessages: backend.observesMessages, watches: watches,
            comparisons: comparisons)
    }

    /// Takes over from the run that this one is a checkpoint of.
    func resume(_ jump: TimeJump) {
        (speed, paused, owed) = (jump.speed, jump.paused, .zero)
        (watches, findings, comparisons) = (jump.watches, [], jump.comparisons)
        release()
        testbed.observeMessages(jump.observesMessages)
        future = jump.commands.dropFirst(commandCount).compactMap { recorded in
            guard let command = try? Command.parse(recorded.line) else { return nil }
            return RecordedCommand(at: recorded.at, command: command, isByHand: true, role: recorded.role)
        }
        goal = TimeGoal(target: jump.target, from: testbed.now, since: clock.now(), kind: .back)
    }
}
