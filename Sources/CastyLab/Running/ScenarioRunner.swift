import CastyActors
package import CastyInspection
import CastyMembership
package import CastyPrimitives
package import CastyScenario

/// Runs one scenario in a laboratory of its own, on the calling thread, from its first line to its last.
///
/// What is scheduled by `at`, and what is awaited, stands in two lists that are looked at whenever time passes; a line that waits lets time
/// pass until its own entry is settled. So `at +5s expect …` and a plain `expect … within` are one thing.
package final class ScenarioRunner {
    package let scenario: Scenario
    package let options: RunOptions
    package let laboratory: Laboratory
    private var checks: InvariantChecks
    private var schedule: [Scheduled] = []
    private var awaited: [Awaited] = []
    private var expectations = 0
    private var failed = 0
    private var violations = 0
    /// The number of events there were when the last awaited expectation was met.
    private var mark = 0
    private var isOver = false
    private var isCutShort = false
    private let limit: Instant
    private let progress: (Instant) -> Void

    /// A command that waits for its moment.
    private struct Scheduled {
        let time: Instant
        let statement: Statement
    }

    /// Builds the world of a scenario; nothing happens in it before ``run()``.
    ///
    /// - Parameters:
    ///   - hear: Hears every event when it happens, on the thread on which it happens.
    ///   - progress: Told the time of the world every now and then.
    package init(
        _ scenario: Scenario, options: RunOptions = RunOptions(),
        hear: (@Sendable (RuntimeEvent) -> Void)? = nil, progress: @escaping (Instant) -> Void = { _ in }
    ) {
        self.scenario = scenario
        self.options = options
        self.progress = progress
        let world: any LabWorld =
            options.live ? LiveLabWorld() : SimulatedLabWorld(seed: options.seed(of: scenario))
        laboratory = Laboratory(world: world, settings: LabSettings(scenario.header, preset: options.preset))
        checks = InvariantChecks(comparesViews: !options.live)
        limit = options.until.map { world.now + $0 } ?? .distantFuture
        if let hear { laboratory.recorder.forward(to: hear) }
    }

    /// Runs the scenario and ends its world.
    package func run() -> RunResult {
        let start = laboratory.now
        begin()
        for statement in scenario.body where !isOver { carryOut(statement) }
        finish()
        let end = laboratory.now
        let digest = options.live ? nil : laboratory.recorder.digest
        let result = RunResult(
            file: scenario.file, status: failed + violations > 0 ? .failed : isCutShort ? .unproven : .passed,
            seed: laboratory.world.seed, expectations: expectations, failed: failed, violations: violations,
            steps: laboratory.world.steps, seconds: Double((end - start).nanoseconds) / 1e9, digest: digest)
        laboratory.end()
        return result
    }

    private func begin() {
        do {
            try laboratory.start(Array(1...max(1, scenario.header.nodes ?? Scenario.defaultNodes)))
        } catch {
            fail(Statement(line: 1, command: .nodes(scenario.header.nodes ?? Scenario.defaultNodes)), "\(error)")
            isOver = true
        }
    }

    /// Lets what is scheduled and awaited come to its end, the loads drain, and the last envelopes with them.
    private func finish() {
        guard !isOver else { return }
        pass(until: .distantFuture) { self.schedule.isEmpty && self.awaited.isEmpty && !self.laboratory.isLoaded }
        pass(until: laboratory.now + .seconds(15) * options.slack) { self.laboratory.tracker.pending == 0 }
        report(checks.finish(laboratory))
    }
}

// MARK: - Lines

extension ScenarioRunner {
    private func carryOut(_ statement: Statement) {
        switch statement.command {
        case .wait(let duration): pass(until: laboratory.now + duration * options.slack) { false }
        case .at(let moment, let command):
            let time =
                switch moment {
                case .sinceStart(let time): Instant.start + time
                case .fromNow(let delay): laboratory.now + delay
                }
            let later = Statement(line: statement.line, command: command)
            let place = schedule.firstIndex { $0.time > time } ?? schedule.endIndex
            schedule.insert(Scheduled(time: time, statement: later), at: place)
        case .expect, .ask:
            begin(statement)
            pass(until: .distantFuture) { !self.awaited.contains { $0.statement == statement } }
        case .seed, .set, .nodes, .shards, .start, .spawn, .tell, .load, .kill, .freeze, .thaw, .restart, .leave, .down,
            .cut, .heal, .link, .fault, .move, .pin, .drain, .rebalance, .passivate, .note:
            perform(statement)
        }
    }

    private func perform(_ statement: Statement) {
        do {
            try laboratory.perform(statement.command, line: statement.line)
        } catch {
            if !options.toleratesRefusals { return fail(statement, "\(error)") }
            laboratory.inspector.emit(
                .note, reason: "\(error)", text: "left out: \(statement.command)", line: statement.line)
        }
    }

    /// Starts what has to be waited for; what can be settled at once is.
    private func begin(_ statement: Statement) {
        expectations += 1
        if case .ask(let ask) = statement.command {
            awaited.append(Awaited(statement, ask: ask, since: laboratory, slack: options.slack))
        } else if case .expect(let expect) = statement.command {
            awaited.append(Awaited(statement, expect: expect, since: laboratory, slack: options.slack))
        }
        settleAwaited()
    }

    private func settleAwaited() {
        for entry in awaited where !isOver {
            guard let outcome = entry.settle(in: laboratory, since: mark) else { continue }
            awaited.removeAll { $0 === entry }
            switch outcome {
            case .met: pass(entry)
            case .unmet(let seen): fail(entry.statement, seen)
            }
        }
    }

    private func pass(_ entry: Awaited) {
        let took = laboratory.now - entry.start
        laboratory.inspector.emit(
            .expectationPassed, reason: took > .zero ? "after \(RuntimeEvent.seconds(.start + took)) s" : nil,
            text: entry.statement.command.description, line: entry.statement.line)
        if entry.isBound { mark = laboratory.recorder.count }
    }

    private func fail(_ statement: Statement, _ seen: String) {
        failed += 1
        laboratory.inspector.emit(
            .expectationFailed, reason: seen, text: statement.command.description, line: statement.line)
        if !options.keepsGoing { isOver = true }
    }

    private func report(_ found: [Violation]) {
        for violation in found {
            violations += 1
            laboratory.inspector.emit(
                .invariantViolated, subject: violation.subject, entity: violation.entity, reason: violation.id,
                text: violation.text)
            if !options.keepsGoing { isOver = true }
        }
    }
}

// MARK: - Time

extension ScenarioRunner {
    /// Lets time pass until a moment or until something holds, and does what falls due meanwhile.
    private func pass(until deadline: Instant, unless condition: () -> Bool) {
        while !isOver {
            look()
            if isOver || condition() { return }
            let now = laboratory.now
            if let stuck = laboratory.world.stuck {
                return report([Violation(id: "livelock", text: stuck)])
            }
            if now >= limit {
                (isCutShort, isOver) = (true, true)
                return
            }
            if now >= deadline { return }
            let next = min(deadline, limit, schedule.first?.time ?? .distantFuture, now + .seconds(1))
            do {
                try laboratory.advance(until: next) {
                    look()
                    return isOver || condition()
                }
            } catch {
                fail(Statement(line: 0, command: .wait(.zero)), "\(error)")
            }
            progress(laboratory.now)
        }
    }

    /// Does what is due, and looks whether what is awaited has come.
    private func look() {
        let now = laboratory.now
        while !isOver, let first = schedule.first, first.time <= now {
            schedule.removeFirst()
            switch first.statement.command {
            case .expect, .ask: begin(first.statement)
            case .at, .wait: break
            case .seed, .set, .nodes, .shards, .start, .spawn, .tell, .load, .kill, .freeze, .thaw, .restart, .leave,
                .down, .cut, .heal, .link, .fault, .move, .pin, .drain, .rebalance, .passivate, .note:
                perform(first.statement)
            }
        }
        settleAwaited()
        if !isOver { report(checks.look(laboratory)) }
    }
}
