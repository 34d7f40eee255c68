import CastyActors
package import CastyCore
import CastyObservability
import CastyReporting
package import CastyScenario

/// Plays a scenario in a testbed while the caller lets time pass: without a screen from start to end, or under a
/// person's control.
///
/// Commands scheduled by `at`, and awaited expectations, are in two lists that are checked whenever time passes. A line
/// that waits blocks the lines after it until its own entry is settled. So `at +5s expect …` and a plain
/// `expect … within` work in the same way.
///
/// In the simulated runtime the player acts only at points of the grid and at times that its lines name. Its behavior
/// thus does not depend on how time is divided into steps, and a run with a screen equals the run without one.
package final class ScenarioPlayer {
    package let testbed: TestCluster
    private let options: RunOptions
    private let statements: [Statement]
    private var next = 0
    /// The awaited line that blocks the lines after it.
    private var blocking: Awaited?
    /// When the lines after a `wait` continue.
    private var resumes = Instant.start
    private var checks: any RunChecker
    private var schedule: [Scheduled] = []
    private var awaited: [Awaited] = []
    /// The number of events when the last awaited expectation was met.
    private var mark = 0

    /// Called after each command that was carried out, and whether an `at` scheduled it.
    package var performed: (Command, _ wasScheduled: Bool) -> Void = { _, _ in }

    /// Called with each command of a person that no node has confirmed in time.
    package var unconfirmed: (UnconfirmedVerb) -> Void = { _ in }

    /// Whether no further line begins for now. The lines that have begun go on; time must not.
    package var isHeld = false

    /// The number of expectations begun, and of those not met.
    package private(set) var expectations = 0
    package private(set) var failed = 0
    /// The number of invariant violations.
    package private(set) var violations = 0
    /// Whether a failure has ended the run.
    package private(set) var isOver = false

    /// A command that waits for its time.
    private struct Scheduled {
        let time: Instant
        let statement: Statement
    }

    package init(_ statements: [Statement], in testbed: TestCluster, options: RunOptions) {
        self.statements = statements
        self.testbed = testbed
        self.options = options
        checks = testbed.checkers.whole(!testbed.world.isLive)
    }

    /// The invariants whose precondition was met so far.
    package var exercised: Set<String> { checks.exercised }

    /// Whether all lines were carried out, and none is awaited.
    package var isScriptDone: Bool { next >= statements.count && blocking == nil && resumes <= testbed.now }

    /// Whether no command is scheduled, no result awaited, and no load running.
    package var isSettled: Bool {
        isScriptDone && schedule.isEmpty && awaited.isEmpty && !testbed.isLoaded && !testbed.hasPendingVerbs
    }

    /// What the script waits for, in words; `nil` if it has not begun.
    package var waitsFor: String? {
        if let blocking { return "\(blocking.statement.command)" }
        if resumes > testbed.now, next > 0 { return "\(statements[next - 1].command)" }
        if let entry = awaited.first { return "\(entry.statement.command)" }
        if let entry = schedule.first { return "at \(entry.time) s \(entry.statement.command)" }
        if testbed.isLoaded { return "the load to end" }
        return isSettled ? "the last messages" : nil
    }

    /// The next time that a line names; time must not skip it.
    package var nextMoment: Instant {
        let now = testbed.now
        let scheduled = schedule.first { $0.time > now }?.time ?? .distantFuture
        return min(scheduled, resumes > now ? resumes : .distantFuture)
    }

    /// Whether the result of a line is awaited.
    package var isAwaiting: Bool { !awaited.isEmpty }

    /// Carries out what is due, and checks what is awaited.
    package func look() {
        guard !isOver, isMoment else { return }
        failUnconfirmed()
        doScheduled()
        settleAwaited()
        while !isOver, !isHeld, blocking == nil, next < statements.count, resumes <= testbed.now {
            next += 1
            carryOut(statements[next - 1])
        }
        // An `at` may name a time in the past.
        doScheduled()
        if !isOver { report(checks.look(testbed)) }
    }

    /// Whether the player may act at this time.
    private var isMoment: Bool {
        let now = testbed.now
        return testbed.world.isLive || now.nanoseconds % SimulatedClusterWorld.grid.nanoseconds == 0
            || resumes == now || schedule.first?.time == now
    }

    /// Schedules a command.
    package func schedule(_ command: Command, at time: Instant, line: Int = 0) {
        let index = schedule.firstIndex { $0.time > time } ?? schedule.endIndex
        schedule.insert(Scheduled(time: time, statement: Statement(line: line, command: command)), at: index)
    }

    /// Counts violations against the run that no line expresses.
    package func report(_ found: [Violation]) {
        for violation in found {
            violations += 1
            testbed.inspector.emit(
                .invariantViolated, subject: violation.subject, entity: violation.entity, reason: .rule(violation.id),
                detail: .text(violation.text + (violation.loss.map { ": \($0.word)" } ?? "")))
            if !options.keepsGoing { isOver = true }
        }
    }

    /// Counts a failed line.
    package func fail(_ statement: Statement, _ seen: String) {
        fail(line: statement.line, statement.command.description, seen)
    }

    private func fail(line: Int, _ text: String, _ seen: String) {
        failed += 1
        testbed.inspector.emit(.expectationFailed, reason: .text(seen), detail: .text(text), line: line)
        if !options.keepsGoing { isOver = true }
    }

    /// The last check, once nothing happens any more: every envelope must have ended.
    package func finish() { if !isOver { report(checks.finish(testbed)) } }
}

// MARK: - Lines

extension ScenarioPlayer {
    private func carryOut(_ statement: Statement) {
        switch statement.command {
        case .wait(let duration): resumes = testbed.now + duration * options.slack
        case .at(let moment, let command):
            schedule(command, at: testbed.moment(moment), line: statement.line)
        case .expect, .ask: blocking = begin(statement)
        case .header, .immediate: perform(statement, wasScheduled: false)
        }
    }

    private func doScheduled() {
        while !isOver, let first = schedule.first, first.time <= testbed.now {
            schedule.removeFirst()
            switch first.statement.command {
            case .expect, .ask: _ = begin(first.statement)
            case .at, .wait: break
            case .header, .immediate: perform(first.statement, wasScheduled: true)
            }
        }
    }

    /// A command that no node confirmed in time fails its line. If refusals are tolerated, its event has already
    /// reported it.
    private func failUnconfirmed() {
        for verb in testbed.takeUnconfirmedVerbs() {
            guard let line = verb.line, line > 0, !options.toleratesRefusals else {
                unconfirmed(verb)
                continue
            }
            fail(line: line, verb.order, verb.text)
        }
    }

    private func perform(_ statement: Statement, wasScheduled: Bool) {
        do {
            if wasScheduled, case .immediate(.tell(let tell)) = statement.command, let via = tell.via {
                // The command was planned before it was known whether that node would still be running.
                for entity in tell.entities.names {
                    try testbed.tellOrLose(entity.id, tell.message, via: via.number)
                }
            } else {
                try testbed.perform(statement.command, line: statement.line)
            }
            performed(statement.command, wasScheduled)
        } catch {
            if !options.toleratesRefusals { return fail(statement, "\(error)") }
            testbed.inspector.emit(
                .note, reason: .text("\(error)"), detail: .text("left out: \(statement.command)"), line: statement.line)
        }
    }

    /// Starts an expectation or ask.
    ///
    /// - Returns: The open entry; `nil` if it was settled at once.
    private func begin(_ statement: Statement) -> Awaited? {
        expectations += 1
        let entry: Awaited
        switch statement.command {
        case .ask(let ask): entry = Awaited(statement, ask: ask, since: testbed, slack: options.slack)
        case .expect(let expect): entry = Awaited(statement, expect: expect, since: testbed, slack: options.slack)
        case .header, .immediate, .at, .wait: return nil
        }
        awaited.append(entry)
        settleAwaited()
        return awaited.contains { $0 === entry } ? entry : nil
    }

    private func settleAwaited() {
        for entry in awaited where !isOver {
            guard let outcome = entry.settle(in: testbed, since: mark) else { continue }
            awaited.removeAll { $0 === entry }
            if blocking === entry { blocking = nil }
            switch outcome {
            case .met: pass(entry)
            case .unmet(let seen): fail(entry.statement, seen)
            }
        }
    }

    private func pass(_ entry: Awaited) {
        let took = testbed.now - entry.start
        testbed.inspector.emit(
            .expectationPassed, reason: took > .zero ? .after(took) : nil,
            detail: .text(entry.statement.command.description), line: entry.statement.line)
        if entry.isBound { mark = testbed.recorder.count }
    }
}

extension TestCluster {
    /// The time that an `at` means, if it is evaluated now.
    package func moment(_ moment: Moment) -> Instant {
        switch moment {
        case .sinceStart(let span): .start + span
        case .fromNow(let span): now + span
        }
    }
}
