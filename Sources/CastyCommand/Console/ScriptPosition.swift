import CastyPrimitives
import CastyScenario

/// How far a script has got, at every moment so far.
struct ScriptPosition {
    private struct Mark {
        let at: Instant
        let index: Int
        let resumes: Instant
    }

    private let statements: [Statement]
    private var marks: [Mark] = [Mark(at: .start, index: 0, resumes: .start)]

    init(_ statements: [Statement]) {
        self.statements = statements
    }

    private var mark: Mark { marks.last ?? Mark(at: .start, index: 0, resumes: .start) }

    /// Whether nothing of it is left, not even a wait.
    func isDone(at now: Instant) -> Bool { mark.index >= statements.count && mark.resumes <= now }

    /// When the present statement was reached.
    var reached: Instant { max(mark.at, mark.resumes) }

    /// The statement to carry out now, if one is due.
    func due(at now: Instant) -> Statement? {
        guard mark.index < statements.count, mark.resumes <= now else { return nil }
        return statements[mark.index]
    }

    mutating func next(at now: Instant) { marks.append(Mark(at: now, index: mark.index + 1, resumes: now)) }

    /// The present statement is a wait: the next one is due then.
    mutating func wait(until moment: Instant, at now: Instant) {
        marks.append(Mark(at: now, index: mark.index + 1, resumes: moment))
    }
}
