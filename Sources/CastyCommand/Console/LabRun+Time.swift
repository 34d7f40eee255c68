import CastyActors
import CastyConsole
import CastyInspection
import CastyLab
import CastyPrimitives
import CastyScenario
import Foundation
import Synchronization

extension LabRun {
    /// Lets time pass until a moment, doing on the way what is scheduled, what the script says, and what time was turned back over.
    func advance(to end: Instant, _ backend: LabBackend?) {
        while backend?.ends != true {
            followScript(backend)
            let due = scheduled.indices.min { scheduled[$0].at < scheduled[$1].at }
            let stops = [
                end, due.map { scheduled[$0].at }, future.first?.at, script.isDone(at: lab.now) ? nil : nextLook,
            ].compactMap { $0 }
            let stop = max(stops.min() ?? end, lab.now)
            do {
                // A long way ahead must not keep the person who quits waiting.
                try lab.advance(until: stop) { backend?.ends ?? false }
            } catch {
                backend?.say(.refused, "\(error)")
            }
            if let due, scheduled[due].at <= lab.now {
                perform(scheduled.remove(at: due).command, backend, origin: .schedule)
            } else if let deed = future.first, deed.at <= lab.now {
                future.removeFirst()
                redo(deed, backend)
            } else if lab.now >= end {
                return
            }
        }
    }

    /// The next moment of the grid on which the script is looked at; fixed, so that it does the same however time is cut into steps.
    private var nextLook: Instant {
        let grid = SimulatedLabWorld.grid.nanoseconds
        return Instant(nanoseconds: (lab.now.nanoseconds / grid + 1) * grid)
    }

    private func redo(_ deed: Deed, _ backend: LabBackend?) {
        let count = history.count
        perform(deed.command, backend)
        if history.count > count, let undoneAt = deed.undoneAt { history[count].undoneAt = undoneAt }
    }

    /// Shows an earlier moment by running again up to it; what was done later waits to be done again.
    func turnBack(to moment: Instant, _ backend: LabBackend) {
        let target = max(moment, .start)
        lab.end()
        do {
            lab = try Self.begin(plan)
        } catch {
            return backend.say(.refused, "\(error)")
        }
        future = (history.filter { $0.origin == .person } + future).sorted { $0.at < $1.at }
        history = []
        scheduled = []
        script = ScriptPosition(plan.script)
        asked = nil
        paused = true
        advance(to: target, nil)
        let later = future.isEmpty ? "" : "; \(future.count) later commands wait for you to go on"
        backend.say(.done, "back at \(lab.now) s\(later)")
    }

    /// Does what the script says next, until something in it has to wait.
    private func followScript(_ backend: LabBackend?) {
        if plan.seed != nil, lab.now.nanoseconds % SimulatedLabWorld.grid.nanoseconds != 0 { return }
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
                        try self.ask(ask, backend, line: statement.line) { answer.arrive() }
                        history.append(Deed(at: lab.now, command: statement.command, origin: .script))
                    } catch {
                        backend?.say(.refused, "\(error)")
                        answer.arrive()
                    }
                }
            case .at, .seed, .set, .nodes, .shards, .start, .spawn, .tell, .load, .kill, .freeze, .thaw, .restart,
                .leave, .down, .cut, .heal, .link, .fault, .move, .pin, .drain, .rebalance, .passivate, .note:
                perform(statement.command, backend, origin: .script)
                script.next(at: lab.now)
            }
        }
    }

    /// Writes the session as a scenario, which `casty run` repeats.
    func save(_ file: String, _ backend: LabBackend) {
        var lines = ["# A session at the console."]
        if let seed = plan.seed { lines.append("seed \(seed)") }
        if let preset = plan.preset { lines.append("set preset \(preset.rawValue)") }
        lines += ["nodes \(plan.nodes)", "shards \(plan.settings.shards)"]
        for entry in history + future {
            // What it scheduled stands below, if it was done.
            if case .at = entry.command { continue }
            lines.append("at \(Duration.milliseconds(entry.at.nanoseconds / 1_000_000).scenarioText) \(entry.command)")
        }
        let end = max(lab.now, future.last?.at ?? .start)
        lines.append("wait \(Duration.milliseconds(end.nanoseconds / 1_000_000).scenarioText)")
        do {
            try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
            backend.say(.done, "saved \(file)")
        } catch {
            backend.say(.refused, "save: \(file) cannot be written: \(error.localizedDescription)")
        }
    }
}

/// Whether a question was answered; the answer comes on a thread of the world.
final class ScriptAnswer: Sendable {
    private let arrived = Atomic(false)

    var isAnswered: Bool { arrived.load(ordering: .acquiring) }

    func arrive() { arrived.store(true, ordering: .releasing) }
}
