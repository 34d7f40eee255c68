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
            let stop = max(min(end, player.nextMoment, future.first?.at ?? .distantFuture), testbed.now)
            do {
                // A long advance must not make a user wait who quits.
                try testbed.advance(until: stop) {
                    let due = player.nextMoment
                    look(backend)
                    return backend?.ends ?? false || player.isHeld || player.nextMoment < due
                }
            } catch {
                backend?.say(.refused, "\(error)")
            }
            if let recorded = future.first, recorded.at <= testbed.now {
                look(backend)
                future.removeFirst()
                redo(recorded, backend)
            } else if testbed.now >= end {
                return
            }
        }
    }

    private func redo(_ recorded: RecordedCommand, _ backend: TestClusterBackend?) {
        perform(recorded.command, backend, as: recorded.role)
    }

    /// Shows an earlier time by running again up to it; later commands wait to be repeated.
    func turnBack(to moment: Instant, _ backend: TestClusterBackend) {
        let target = max(moment, .start)
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
        paused = true
        advance(to: target, nil)
        let later = future.isEmpty ? "" : "; \(future.count) later commands wait for you to go on"
        backend.say(.done, "back at \(testbed.now) s\(later)")
    }
}
