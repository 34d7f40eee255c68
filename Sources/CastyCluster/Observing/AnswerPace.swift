import CastyCore

/// When the questions of observers are answered: one after the other, with pauses between.
///
/// An answer takes milliseconds, and more for an observer that speaks JSON, while a question costs its sender nothing.
/// So many observers are answered less often each, in turn, and one that asks again before its turn gets one answer.
struct AnswerPace<Observer: Hashable, Question> {
    /// What to do with a question.
    enum Step {
        case answer(Question)
        /// Hand it in again after this time.
        case wait(Duration)
        /// Nothing: an earlier question of the same observer waits for both.
        case skip
        /// Too many wait.
        case refuse
    }

    private struct Waiting {
        var latest: Question
        var number: UInt64
        let due: Instant
    }

    private let pause: Duration
    private let longestWait: Duration
    /// When the next answer may be given.
    private var next = Instant.start
    private var waiting: [Observer: Waiting] = [:]

    /// - Parameters:
    ///   - pause: The pause between two answers. Above 0.
    ///   - longestWait: For how long a question may wait; then its observer gives it up.
    init(pause: Duration, longestWait: Duration) {
        self.pause = pause
        self.longestWait = longestWait
    }

    /// Takes a question.
    ///
    /// - Parameters:
    ///   - number: Higher for each later question of the observer.
    mutating func take(_ question: Question, number: UInt64, of observer: Observer, at now: Instant) -> Step {
        if var held = waiting[observer] {
            if number > held.number { (held.latest, held.number) = (question, number) }
            if now >= held.due {
                waiting[observer] = nil
                return .answer(held.latest)
            }
            waiting[observer] = held
            return .skip
        }
        let due = max(now, next)
        guard due - now <= longestWait else { return .refuse }
        next = due + pause
        if due == now { return .answer(question) }
        // What was to be handed in again may have been lost, where there was no room for it.
        waiting = waiting.filter { $0.value.due + longestWait > now }
        waiting[observer] = Waiting(latest: question, number: number, due: due)
        return .wait(due - now)
    }
}
