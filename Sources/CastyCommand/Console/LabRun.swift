import CastyActors
import CastyConsole
import CastyInspection
import CastyLab
import CastyPrimitives
import CastyScenario
import Foundation
import Synchronization

/// A laboratory that a person drives: its time can be stopped, stepped, sped up and, where the world is simulated, turned back.
///
/// Turning back means running again: the same seed and the same lines at the same moments give the same run.
final class LabRun {
    /// How far one step goes.
    static let tick = Duration.milliseconds(100)

    private let plan: LabPlan
    private var lab: Laboratory
    private var paused = false
    private var speed: Double
    /// What was done so far, for turning back and for saving.
    private var history: [Deed] = []
    private var scheduled: [(at: Instant, command: Command)] = []
    private var rate = RateOverTime()
    private var script: ScriptPosition
    /// The question of the script that is waited for.
    private var asked: ScriptAnswer?

    private struct Deed {
        let at: Instant
        let command: Command
        /// Whether an `at` had asked for it: that does it again when time has been turned back.
        let isScheduled: Bool
        var undoneAt: Instant?
    }

    init(_ plan: LabPlan) throws {
        self.plan = plan
        speed = plan.speed
        script = ScriptPosition(plan.script)
        lab = try Self.begin(plan)
    }

    private static func begin(_ plan: LabPlan) throws -> Laboratory {
        let world: any LabWorld = plan.seed.map { SimulatedLabWorld(seed: $0) } ?? LiveLabWorld()
        let lab = Laboratory(world: world, settings: plan.settings)
        do {
            try lab.start(Array(1...plan.nodes))
        } catch {
            lab.end()
            throw error
        }
        return lab
    }

    var recorder: Recorder { lab.recorder }

    var snapshot: LabSnapshot {
        var snapshot = lab.snapshot
        snapshot.paused = paused
        snapshot.speed = speed
        snapshot.envelopesPerSecond = rate.value
        return snapshot
    }

    /// Runs until the backend ends; the whole life of the laboratory's thread.
    func loop(_ backend: LabBackend) {
        while !backend.ends {
            let began = ContinuousClock.now
            for line in backend.takeLines() { carryOut(line, backend) }
            pass(realSeconds: 0.04, backend)
            rate.note(lab.tracker.handled, at: lab.now)
            backend.publish(snapshot, recorder, isScriptDone: script.isDone(at: lab.now))
            let left = .milliseconds(40) - (ContinuousClock.now - began)
            if left > .zero, plan.seed != nil { usleep(UInt32(clamping: left.nanoseconds / 1000)) }
        }
        lab.end()
        backend.finish()
    }

    /// Lets as much time pass as a moment of real time is worth.
    private func pass(realSeconds: Double, _ backend: LabBackend) {
        guard !paused else { return }
        followScript(backend)
        let span = Duration.nanoseconds(Int64(realSeconds * 1e9 * (plan.seed == nil ? 1 : speed)))
        advance(to: lab.now + span, backend)
    }

    /// Lets time pass until a moment, doing on the way what is scheduled.
    private func advance(to end: Instant, _ backend: LabBackend?) {
        while true {
            let due = scheduled.indices.filter { scheduled[$0].at <= end }.min { scheduled[$0].at < scheduled[$1].at }
            do {
                // A long way ahead must not keep the person who quits waiting.
                try lab.advance(until: due.map { scheduled[$0].at } ?? end) { backend?.ends ?? false }
            } catch {
                backend?.say(.refused, "\(error)")
            }
            guard let due, backend?.ends != true else { return }
            perform(scheduled.remove(at: due).command, backend, isScheduled: true)
        }
    }

    /// Does what the script says next, until something in it has to wait.
    private func followScript(_ backend: LabBackend) {
        while let statement = script.due(at: lab.now) {
            switch statement.command {
            case .wait(let span): script.wait(until: lab.now + span, at: lab.now)
            case .expect(let expect):
                let verdict = lab.judge(expect)
                if let within = expect.within, !verdict.isMet, lab.now < script.reached + within { return }
                switch verdict {
                case .met: lab.inspector.emit(.expectationPassed, text: "\(expect)", line: statement.line)
                case .unmet(let seen):
                    lab.inspector.emit(.expectationFailed, reason: seen, text: "\(expect)", line: statement.line)
                }
                script.next(at: lab.now)
            case .ask(let ask):
                // Sent after all earlier tells have ended, and waited for, as when the scenario runs without a screen.
                if let asked {
                    guard asked.isAnswered else { return }
                    self.asked = nil
                    script.next(at: lab.now)
                } else {
                    guard lab.tracker.pending(of: ask.entity.id) == 0 else { return }
                    let answer = ScriptAnswer()
                    asked = answer
                    do {
                        try self.ask(ask, backend) { answer.arrive() }
                        history.append(Deed(at: lab.now, command: statement.command, isScheduled: false))
                    } catch {
                        backend.say(.refused, "\(error)")
                        answer.arrive()
                    }
                }
            case .at, .seed, .set, .nodes, .shards, .start, .spawn, .tell, .load, .kill, .freeze, .thaw, .restart,
                .leave, .down,
                .cut, .heal, .link, .fault, .move, .pin, .drain, .rebalance, .passivate, .note:
                perform(statement.command, backend)
                script.next(at: lab.now)
            }
        }
    }

    private func carryOut(_ line: String, _ backend: LabBackend) {
        do {
            switch try PaletteLine.parse(line, names: [:]) {
            case .command(let command): perform(command, backend)
            case .console(let command, let moment):
                if moment != nil { return backend.say(.refused, "at: only commands to the cluster can be scheduled") }
                control(command, backend)
            }
        } catch {
            backend.say(.refused, "\(error)")
        }
    }

    private func perform(_ command: Command, _ backend: LabBackend?, isScheduled: Bool = false) {
        do {
            switch command {
            case .at(let moment, let inner):
                let at: Instant =
                    switch moment {
                    case .sinceStart(let span): .start + span
                    case .fromNow(let span): lab.now + span
                    }
                scheduled.append((at, inner))
                backend?.say(.done, "at \(at) s: \(inner)")
            case .ask(let ask): try self.ask(ask, backend)
            case .expect, .wait: throw LabError("\(command): belongs into a scenario; run it with `casty run`")
            case .seed, .set, .nodes, .shards, .start, .spawn, .tell, .load, .kill, .freeze, .thaw, .restart, .leave,
                .down,
                .cut, .heal, .link, .fault, .move, .pin, .drain, .rebalance, .passivate, .note:
                try lab.perform(command)
            }
            history.append(Deed(at: lab.now, command: command, isScheduled: isScheduled))
            if case .at = command { return }
            backend?.say(.done, "\(command)")
        } catch {
            backend?.say(.refused, "\(error)")
        }
    }

    private func ask(
        _ ask: Ask, _ backend: LabBackend?, answered: @escaping @Sendable () -> Void = {}
    ) throws {
        let inspector = lab.inspector
        try lab.ask(
            ask.entity.id, ask.message, via: ask.via?.number, within: ask.within ?? lab.settings.askTimeout
        ) { result in
            switch result {
            case .success(let reply):
                inspector.emit(.reply, entity: ask.entity.id, reply: reply.text)
                backend?.say(.note, "\(ask.entity.id): \(reply.text)")
            case .failure(let error):
                inspector.emit(.reply, entity: ask.entity.id, reason: error.code.rawValue)
                backend?.say(.refused, "\(error)")
            }
            answered()
        }
    }

    private func control(_ command: ConsoleCommand, _ backend: LabBackend) {
        let verb = "\(command)".prefix { $0 != "(" }
        if let refusal = backend.mode.refusal(of: String(verb)) { return backend.say(.refused, refusal) }
        switch command {
        case .pause: paused = true
        case .play: paused = false
        case .step(let count):
            paused = true
            advance(to: lab.now + Self.tick * count, backend)
        case .back(let count): turnBack(to: lab.now - Self.tick * count, backend)
        case .seek(let moment):
            let target = Instant.start + moment
            if target >= lab.now { advance(to: target, backend) } else { turnBack(to: target, backend) }
        case .speed(let factor): speed = min(max(factor.value, 1.0 / 64), 64)
        case .undo: undo(backend)
        case .saveScript(let file): save(file, backend)
        case .until, .always, .never, .focus, .zoom, .filter, .sort, .follow, .view, .why, .goto, .mark, .redo, .record,
            .replay, .export, .bookmark, .source, .readonly, .set, .help, .background, .quit:
            backend.say(.refused, "\(verb): not available here")
        }
    }

    /// Shows an earlier moment by running again up to it; what was done later is forgotten.
    private func turnBack(to moment: Instant, _ backend: LabBackend) {
        let target = max(moment, .start)
        let past = history.filter { $0.at <= target }
        lab.end()
        do {
            lab = try Self.begin(plan)
        } catch {
            return backend.say(.refused, "\(error)")
        }
        history = []
        scheduled = []
        script.turnBack(to: target)
        asked = nil
        paused = true
        for deed in past where !deed.isScheduled {
            advance(to: deed.at, nil)
            let count = history.count
            perform(deed.command, nil)
            if history.count > count, let undoneAt = deed.undoneAt, undoneAt <= target {
                history[count].undoneAt = undoneAt
            }
        }
        advance(to: target, nil)
        backend.say(.done, "back at \(lab.now) s")
    }

    /// Takes the last fault back that can be taken back.
    private func undo(_ backend: LabBackend) {
        guard let last = history.lastIndex(where: { $0.undoneAt == nil && $0.command.inverse != nil }),
            let inverse = history[last].command.inverse
        else {
            return backend.say(.refused, "undo: there is nothing that can be undone; kills are not")
        }
        let count = history.count
        perform(inverse, backend)
        // Both have happened, and both are passed over by the next undo.
        history[last].undoneAt = lab.now
        if history.count > count { history[count].undoneAt = lab.now }
    }

    /// Writes the session as a scenario, which `casty run` repeats.
    private func save(_ file: String, _ backend: LabBackend) {
        var lines = ["# A session at the console."]
        if let seed = plan.seed { lines.append("seed \(seed)") }
        if let preset = plan.preset { lines.append("set preset \(preset.rawValue)") }
        lines += ["nodes \(plan.nodes)", "shards \(plan.settings.shards)"]
        for entry in history {
            // What it scheduled stands below, if it was done.
            if case .at = entry.command { continue }
            lines.append("at \(Duration.milliseconds(entry.at.nanoseconds / 1_000_000).scenarioText) \(entry.command)")
        }
        lines.append("wait \(Duration.milliseconds(lab.now.nanoseconds / 1_000_000).scenarioText)")
        do {
            try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
            backend.say(.done, "saved \(file)")
        } catch {
            backend.say(.refused, "save: \(file) cannot be written: \(error.localizedDescription)")
        }
    }
}

extension Command {
    /// The command that takes this one back, where there is one.
    fileprivate var inverse: Command? {
        switch self {
        case .freeze(let nodes): .thaw(nodes)
        case .thaw(let nodes): .freeze(nodes)
        case .cut: .heal(.all)
        case .seed, .set, .nodes, .shards, .start, .spawn, .tell, .ask, .load, .kill, .restart, .leave, .down, .heal,
            .link,
            .fault, .move, .pin, .drain, .rebalance, .passivate, .note, .wait, .at, .expect:
            nil
        }
    }
}

/// Whether a question was answered; the answer comes on a thread of the world.
private final class ScriptAnswer: Sendable {
    private let arrived = Atomic(false)

    var isAnswered: Bool { arrived.load(ordering: .acquiring) }

    func arrive() { arrived.store(true, ordering: .releasing) }
}

/// How many envelopes a second were handled lately.
private struct RateOverTime {
    private var samples: [(handled: UInt64, at: Instant)] = []

    mutating func note(_ handled: UInt64, at now: Instant) {
        if let last = samples.last, last.at > now || last.handled > handled { samples = [] }
        samples.append((handled, now))
        while samples.count > 2, now - samples[1].at >= .seconds(1) { samples.removeFirst() }
    }

    var value: Double {
        guard let first = samples.first, let last = samples.last, last.at > first.at else { return 0 }
        return Double(last.handled - first.handled) / (last.at - first.at).inSeconds
    }
}
