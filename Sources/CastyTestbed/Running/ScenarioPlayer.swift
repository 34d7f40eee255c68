import CastyActors
package import CastyCore
import CastyObservability
package import CastyScenario

/// Plays a scenario in a testbed while somebody else lets time pass: without a screen from end to end, or under the hands of a person.
///
/// What is scheduled by `at`, and what is awaited, stands in two lists that are looked at whenever time passes; a line that waits holds the
/// lines after it up until its own entry is settled. So `at +5s expect …` and a plain `expect … within` are one thing.
///
/// In the simulated world the player acts only at moments of the grid and at those that its own lines name. So it does the same however time
/// is cut into steps, and a run on a screen is the run without one.
package final class ScenarioPlayer {
    package let testbed: TestCluster
    private let options: RunOptions
    private let statements: [Statement]
    private var next = 0
    /// The awaited line that holds up those after it.
    private var blocking: Awaited?
    /// When the lines after a `wait` go on.
    private var resumes = Instant.start
    private var checks: any RunChecker
    private var schedule: [Scheduled] = []
    private var awaited: [Awaited] = []
    /// The number of events there were when the last awaited expectation was met.
    private var mark = 0
    private var isLooking = false

    /// Told of each command that was carried out, and whether it stood under an `at`.
    package var performed: (Command, _ wasScheduled: Bool) -> Void = { _, _ in }

    /// Told of each order of a person that no node has confirmed in time.
    package var unconfirmed: (UnconfirmedVerb) -> Void = { _ in }

    /// Expectations that were begun, and those that were not met.
    package private(set) var expectations = 0
    package private(set) var failed = 0
    /// Violated invariants.
    package private(set) var violations = 0
    /// Whether something failed that ends a run.
    package private(set) var isOver = false

    /// A command that waits for its moment.
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

    /// Whether all lines were carried out, and none is waited for.
    package var isScriptDone: Bool { next >= statements.count && blocking == nil && resumes <= testbed.now }

    /// Whether nothing is scheduled, awaited or sent any more.
    package var isSettled: Bool {
        isScriptDone && schedule.isEmpty && awaited.isEmpty && !testbed.isLoaded && !testbed.hasPendingVerbs
    }

    /// The next moment that a line names; time must not pass over it.
    package var nextMoment: Instant {
        let now = testbed.now
        let scheduled = schedule.first { $0.time > now }?.time ?? .distantFuture
        return min(scheduled, resumes > now ? resumes : .distantFuture)
    }

    /// Does what is due at this moment, and looks whether what is awaited has come.
    package func look() {
        guard !isOver, !isLooking, isMoment else { return }
        isLooking = true
        defer { isLooking = false }
        failUnconfirmed()
        doScheduled()
        settleAwaited()
        while !isOver, blocking == nil, next < statements.count, resumes <= testbed.now {
            next += 1
            carryOut(statements[next - 1])
        }
        // An `at` may name a moment that has passed.
        doScheduled()
        if !isOver { report(checks.look(testbed)) }
    }

    /// Whether this is a moment at which something may be done.
    private var isMoment: Bool {
        let now = testbed.now
        return testbed.world.isLive || now.nanoseconds % SimulatedClusterWorld.grid.nanoseconds == 0
            || resumes == now || schedule.first?.time == now
    }

    /// Lets a command wait for its moment.
    package func schedule(_ command: Command, at time: Instant, line: Int = 0) {
        let place = schedule.firstIndex { $0.time > time } ?? schedule.endIndex
        schedule.insert(Scheduled(time: time, statement: Statement(line: line, command: command)), at: place)
    }

    /// Counts something against the run that no line of it says.
    package func report(_ found: [Violation]) {
        for violation in found {
            violations += 1
            testbed.inspector.emit(
                .invariantViolated, subject: violation.subject, entity: violation.entity, reason: violation.id,
                text: violation.text)
            if !options.keepsGoing { isOver = true }
        }
    }

    /// Counts a failed line.
    package func fail(_ statement: Statement, _ seen: String) {
        fail(line: statement.line, statement.command.description, seen)
    }

    private func fail(line: Int, _ text: String, _ seen: String) {
        failed += 1
        testbed.inspector.emit(.expectationFailed, reason: seen, text: text, line: line)
        if !options.keepsGoing { isOver = true }
    }

    /// The last look, when nothing happens any more: every envelope must have come to an end.
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
        case .seed, .seeds, .roles, .set, .nodes, .shards, .start, .spawn, .tell, .load, .kill, .freeze, .thaw,
            .restart, .leave, .down,
            .cut, .heal, .link, .fault, .move, .pin, .drain, .undrain, .rebalance, .passivate, .note:
            perform(statement, wasScheduled: false)
        }
    }

    private func doScheduled() {
        while !isOver, let first = schedule.first, first.time <= testbed.now {
            schedule.removeFirst()
            switch first.statement.command {
            case .expect, .ask: _ = begin(first.statement)
            case .at, .wait: break
            case .seed, .seeds, .roles, .set, .nodes, .shards, .start, .spawn, .tell, .load, .kill, .freeze, .thaw,
                .restart, .leave,
                .down, .cut, .heal, .link, .fault, .move, .pin, .drain, .undrain, .rebalance, .passivate, .note:
                perform(first.statement, wasScheduled: true)
            }
        }
    }

    /// An order that no node has confirmed in time fails its line; where refusals are tolerated, its event has told of it.
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
            if wasScheduled, case .tell(let tell) = statement.command, let via = tell.via {
                // Planned before anybody knew whether that node would still run.
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
                .note, reason: "\(error)", text: "left out: \(statement.command)", line: statement.line)
        }
    }

    /// Starts what has to be waited for.
    ///
    /// - Returns: What is still open; `nil` where it could be settled at once.
    private func begin(_ statement: Statement) -> Awaited? {
        expectations += 1
        let entry: Awaited
        switch statement.command {
        case .ask(let ask): entry = Awaited(statement, ask: ask, since: testbed, slack: options.slack)
        case .expect(let expect): entry = Awaited(statement, expect: expect, since: testbed, slack: options.slack)
        case .seed, .seeds, .roles, .set, .nodes, .shards, .start, .spawn, .tell, .load, .kill, .freeze, .thaw,
            .restart, .leave, .down,
            .cut, .heal, .link, .fault, .move, .pin, .drain, .undrain, .rebalance, .passivate, .note, .at, .wait:
            return nil
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
            .expectationPassed, reason: took > .zero ? "after \(RuntimeEvent.seconds(.start + took)) s" : nil,
            text: entry.statement.command.description, line: entry.statement.line)
        if entry.isBound { mark = testbed.recorder.count }
    }
}

extension TestCluster {
    /// The moment that an `at` means, said now.
    package func moment(_ moment: Moment) -> Instant {
        switch moment {
        case .sinceStart(let span): .start + span
        case .fromNow(let span): now + span
        }
    }
}
