import CastyCore
import Testing

@testable import CastyCluster

@Suite("The pace of answers to observers")
struct AnswerPaceTests {
    private static func pace() -> AnswerPace<String, UInt64> {
        AnswerPace(pause: .milliseconds(25), longestWait: .seconds(2))
    }

    private static func at(_ milliseconds: Int64) -> Instant { .start + .milliseconds(milliseconds) }

    /// A step in words: the number of the question that is answered, or for how long it waits.
    private static func words(_ step: AnswerPace<String, UInt64>.Step) -> String {
        switch step {
        case .answer(let number): "answer \(number)"
        case .wait(let time): "wait \(time.nanoseconds / 1_000_000)"
        case .skip: "skip"
        case .refuse: "refuse"
        }
    }

    @Test("a question is answered at once, the next ones after a pause each, and the first observer again after them")
    func turns() {
        var pace = Self.pace()
        func take(_ observer: String, _ number: UInt64, _ time: Int64) -> String {
            Self.words(pace.take(number, number: number, of: observer, at: Self.at(time)))
        }
        #expect(take("a", 1, 100) == "answer 1")
        #expect(take("b", 1, 100) == "wait 25")
        #expect(take("a", 2, 101) == "wait 49")
        #expect(take("b", 1, 125) == "answer 1")
        #expect(take("a", 2, 150) == "answer 2")
        #expect(take("b", 2, 175) == "answer 2")
    }

    @Test("an observer that asks again and again before its turn gets one answer, to its latest question")
    func impatience() {
        var pace = Self.pace()
        func take(_ number: UInt64, _ time: Int64) -> String {
            Self.words(pace.take(number, number: number, of: "a", at: Self.at(time)))
        }
        #expect(take(1, 0) == "answer 1")
        #expect(take(2, 1) == "wait 24")
        for number in 3...100 as ClosedRange<UInt64> { #expect(take(number, 2) == "skip") }
        #expect(take(2, 25) == "answer 100")
    }

    @Test(
        "of a thousand observers as many wait as can be answered before they give up, and none blocks the others for good"
    )
    func crowd() {
        var pace = Self.pace()
        var (waits, refusals) = (0, 0)
        for number in 0..<1000 {
            switch pace.take(1, number: 1, of: "\(number)", at: Self.at(0)) {
            case .answer: #expect(number == 0)
            case .wait: waits += 1
            case .skip: Issue.record("no observer asks twice")
            case .refuse: refusals += 1
            }
        }
        #expect(waits == 80)
        #expect(refusals == 919)
        // None of those that waited was handed in again: there was no room.
        #expect(Self.words(pace.take(2, number: 2, of: "999", at: Self.at(5000))) == "answer 2")
        #expect(Self.words(pace.take(2, number: 2, of: "1", at: Self.at(5000))) == "answer 2")
    }
}
