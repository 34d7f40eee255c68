import CastyCore
import Synchronization

/// The open questions, and the time of the last answer.
final class AnswerBook: Sendable {
    private struct State {
        var open: Set<String>
        var last = Instant.start
    }

    private let state: Mutex<State>

    init(_ questions: [String]) {
        state = Mutex(State(open: Set(questions)))
    }

    func waits(for question: String) -> Bool { state.withLock { $0.open.contains(question) } }

    func answered(_ question: String, at now: Instant) {
        state.withLock { state in
            if state.open.remove(question) != nil { state.last = max(state.last, now) }
        }
    }

    var isComplete: Bool { state.withLock { $0.open.isEmpty } }

    /// The time of the last answer so far.
    var last: Instant { state.withLock { $0.last } }
}
