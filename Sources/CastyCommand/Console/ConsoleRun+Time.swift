import CastyActors
import CastyConsole
import CastyCore
import CastyInvariants
import CastyScenario
import CastyTestbed

extension ConsoleRun {
    /// Lets time pass until `end`. Carries out scheduled commands, the script, and commands that were undone by turning
    /// back time.
    func advance(to end: Instant, _ backend: TestClusterBackend?) {
        while backend?.ends != true {
            look(backend)
            if player.isHeld { return }
            let stop = max(min(end, player.nextMoment, future.first?.at ?? .distantFuture), lab.now)
            do {
                // A long advance must not make a user wait who quits.
                try lab.advance(until: stop) {
                    let due = player.nextMoment
                    look(backend)
                    return backend?.ends ?? false || player.isHeld || player.nextMoment < due
                }
            } catch {
                backend?.say(.refused, "\(error)")
            }
            if let deed = future.first, deed.at <= lab.now {
                look(backend)
                future.removeFirst()
                redo(deed, backend)
            } else if lab.now >= end {
                return
            }
        }
    }

    private func redo(_ deed: RecordedCommand, _ backend: TestClusterBackend?) {
        let count = history.count
        perform(deed.command, backend)
        if history.count > count, let undoneAt = deed.undoneAt { history[count].undoneAt = undoneAt }
    }

    /// Shows an earlier time by running again up to it; later commands wait to be repeated.
    func turnBack(to moment: Instant, _ backend: TestClusterBackend) {
        let target = max(moment, .start)
        lab.end()
        do {
            lab = try Self.begin(plan, wakeup)
        } catch {
            return backend.say(.refused, "\(error)")
        }
        player = Self.player(plan, lab)
        caption = nil
        future = (history.filter(\.isByHand) + future).sorted { $0.at < $1.at }
        history = []
        paused = true
        advance(to: target, nil)
        let later = future.isEmpty ? "" : "; \(future.count) later commands wait for you to go on"
        backend.say(.done, "back at \(lab.now) s\(later)")
    }
}
