import CastyCore
import CastyTestbed
import Testing

@Suite("The history of a counter")
struct CounterHistoryTests {
    /// A request of a history: when it was sent and answered, and with what.
    private struct Step {
        let isDeposit: Bool
        let sent: Int
        /// `nil` for an unknown outcome.
        let answered: Int?
        let balance: Int
    }

    private func problems(_ steps: [Step], opening: Int = 0) -> [String] {
        var history = CounterHistory(opening: opening)
        let times = Set(steps.map(\.sent) + steps.compactMap(\.answered)).sorted()
        for time in times {
            for (number, step) in steps.enumerated() {
                if step.sent == time { history.send(UInt64(number), isDeposit: step.isDeposit) }
                if step.answered == time { history.acknowledge(UInt64(number), balance: step.balance) }
            }
        }
        return history.problems()
    }

    private func deposit(_ sent: Int, _ answered: Int?, _ balance: Int = 0) -> Step {
        Step(isDeposit: true, sent: sent, answered: answered, balance: balance)
    }

    private func read(_ sent: Int, _ answered: Int, _ balance: Int) -> Step {
        Step(isDeposit: false, sent: sent, answered: answered, balance: balance)
    }

    @Test("Requests that overlap may be answered in any order")
    func overlapping() {
        #expect(problems([deposit(1, 4, 2), deposit(2, 3, 1), read(5, 6, 2)]) == [])
        #expect(problems([deposit(1, 4, 1), read(2, 3, 1)]) == [])
    }

    @Test("A deposit of unknown outcome counts, or does not, or counts later")
    func unknown() {
        #expect(problems([deposit(1, nil), read(2, 3, 0), read(4, 5, 1)]) == [])
        #expect(problems([deposit(1, nil), read(2, 3, 0)]) == [])
        #expect(problems([deposit(1, nil), read(2, 3, 1), read(4, 5, 0)]).count == 1)
    }

    @Test("A lost write, a doubled write, a stale read and a balance from nowhere are found")
    func wrong() {
        #expect(problems([deposit(1, 2, 1), read(3, 4, 0)]) == ["a read was answered with 0 after 1 had been seen"])
        #expect(
            problems([deposit(1, 2, 1), deposit(3, 4, 3)])
                == ["1 of the balance 3 came from no deposit that was sent before it was seen"])
        #expect(
            problems([deposit(1, 4, 1), deposit(2, 3, 1)]) == ["2 deposits were answered with the same balance 1"])
        #expect(
            problems([deposit(1, 2, 1), deposit(3, 4, 1)]).first
                == "a deposit was answered with 1 after 1 had been seen")
        #expect(problems([read(1, 2, 5), read(3, 4, 4)], opening: 5).count == 1)
        // The only deposit that could explain it was sent too late.
        #expect(problems([read(1, 2, 1), deposit(3, nil)]).count == 1)
    }

    /// Tries every order (Wing and Gong, "Testing and Verifying Concurrent Objects", 1993).
    private func isLinearizable(_ steps: [Step], _ balance: Int = 0) -> Bool {
        let waiting = steps.filter { $0.answered != nil }
        guard let first = waiting.compactMap(\.answered).min() else { return true }
        for (index, step) in steps.enumerated() where step.sent <= first {
            let next = balance + (step.isDeposit ? 1 : 0)
            if step.answered != nil, step.balance != next { continue }
            var rest = steps
            rest.remove(at: index)
            if isLinearizable(rest, next) { return true }
        }
        return false
    }

    @Test("It agrees with a search of all orders", arguments: 1...400)
    func search(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        func upTo(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }
        // Eight points in time for a few requests, so that some overlap and some do not.
        let steps = (0..<(2 + upTo(5))).map { number in
            let sent = 2 * upTo(8)
            let answered = upTo(4) == 0 ? nil : sent + 1 + 2 * upTo(4)
            return Step(
                isDeposit: upTo(3) > 0, sent: sent * 10 + number, answered: answered.map { $0 * 10 + number },
                balance: upTo(5))
        }.filter { $0.isDeposit || $0.answered != nil }
        #expect(problems(steps).isEmpty == isLinearizable(steps), "seed \(seed): \(steps)")
    }
}
