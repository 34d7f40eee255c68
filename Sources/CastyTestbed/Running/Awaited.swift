import CastyActors
import CastyCore
import CastyObservability
import CastyScenario
import Synchronization

/// An expectation or an ask whose result is open.
final class Awaited {
    let statement: Statement
    let start: Instant
    /// Whether it has a time limit of its own.
    let isBound: Bool
    private let deadline: Instant
    private let task: Task

    private enum Task {
        case expect(Expect)
        case ask(Ask, Question)
    }

    /// An ask, in three stages: earlier messages to its entity end, the ask is sent, and the answer arrives.
    private final class Question: Sendable {
        let earlier: UInt64
        let state = Mutex((asker: TestNode?.none, answer: Result<EntityReply, AskError>?.none))

        init(earlier: UInt64) { self.earlier = earlier }
    }

    init(_ statement: Statement, expect: Expect, since testbed: TestCluster, slack: Double) {
        self.statement = statement
        start = testbed.now
        isBound = expect.within != nil
        deadline = start + (expect.within ?? .zero) * slack
        task = .expect(expect)
    }

    init(_ statement: Statement, ask: Ask, since testbed: TestCluster, slack: Double) {
        self.statement = statement
        start = testbed.now
        isBound = false
        deadline = start + (ask.within ?? testbed.settings.askTimeout) * slack
        task = .ask(ask, Question(earlier: testbed.tracker.sent))
    }

    /// The result, or `nil` while it is open.
    func settle(in testbed: TestCluster, since mark: Int) -> Verdict? {
        switch task {
        case .expect(let expect):
            let verdict = testbed.evaluate(expect, since: mark)
            return verdict.isMet || testbed.now >= deadline ? verdict : nil
        case .ask(let ask, let question): return settle(ask, question, in: testbed)
        }
    }

    private func settle(_ ask: Ask, _ question: Question, in testbed: TestCluster) -> Verdict? {
        let (asker, answer) = question.state.withLock { $0 }
        // A killed node runs no timers, so its ask never times out; it ends here.
        if let asker, asker.state == .killed, (try? answer?.get()) == nil {
            return .unmet("no reply: \(asker.name), which asked, was killed")
        }
        if let answer { return verdict(on: answer, to: ask, in: testbed) }
        if let asker {
            return testbed.now >= deadline + .seconds(1)
                ? .unmet("no reply: \(asker.name), which asked, is \(asker.state)") : nil
        }
        let before = testbed.tracker.pending(of: ask.entity.id, upTo: question.earlier)
        let left = deadline - testbed.now
        if before > 0 {
            if left > .zero { return nil }
            let oldest = testbed.tracker.oldestPending(of: ask.entity.id)?.location ?? ""
            return .unmet("\(before) earlier messages to \(ask.entity) have not ended, the oldest: \(oldest)")
        }
        do {
            let asker = try testbed.ask(
                ask.entity.id, ask.message, via: ask.via?.number, within: max(left, .milliseconds(1))
            ) { result in question.state.withLock { $0.answer = result } }
            question.state.withLock { $0.asker = asker }
        } catch {
            return .unmet("\(error)")
        }
        return nil
    }

    private func verdict(on answer: Result<EntityReply, AskError>, to ask: Ask, in testbed: TestCluster) -> Verdict {
        switch answer {
        case .success(let reply):
            testbed.inspector.emit(
                .reply, entity: ask.entity.id, reply: reply.text, detail: .text(ask.message), line: statement.line)
            if let expected = ask.reply, expected != reply.text { return .unmet("the reply was \(reply.text)") }
            return .met
        case .failure(let error):
            // An expected failure is written as its code in place of the reply: `-> failed`.
            guard ask.reply == error.code.rawValue else { return .unmet("no reply: \(error)") }
            testbed.inspector.emit(
                .reply, entity: ask.entity.id, reason: .text(error.description), reply: error.code.rawValue,
                detail: .text(ask.message),
                line: statement.line)
            return .met
        }
    }
}
