import Synchronization

/// Forwards a task's cancellation to its question, whichever of the two is there first.
final class AskCancellation: Sendable {
    private struct State {
        var cancelled = false
        var giveUp: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    func set(_ giveUp: @escaping @Sendable () -> Void) {
        let now = state.withLock { state -> Bool in
            state.giveUp = giveUp
            return state.cancelled
        }
        if now { giveUp() }
    }

    func cancel() {
        let giveUp = state.withLock { state in
            state.cancelled = true
            return state.giveUp
        }
        giveUp?()
    }
}
