import CastyCore
import CastyObservability
import Testing

@testable import CastyCommand

@Suite("The node through which an observer sees the cluster")
struct ObserverContactTests {
    private let places = (1...3).map { NodeAddress(host: "127.0.0.\($0)", port: 7000) }
    /// 12:00:00 at the start of the clock that is shown.
    private let clock = WallClock(milliseconds: 12 * 3600 * 1000, at: .start)

    private func second(_ seconds: Double) -> Instant { .start + .milliseconds(Int(seconds * 1000)) }

    private func candidates(_ heard: [Double?], asked: Double? = nil) -> [ObserverContact.Candidate] {
        heard.enumerated().map { index, heard in
            .init(
                address: places[index], name: "n\(index + 1)", heard: heard.map(second), asked: asked.map(second),
                firstAsked: .start)
        }
    }

    @Test("the first of the given nodes that answers is the contact, without a word")
    func begins() {
        var contact = ObserverContact(given: [places[1], places[0]])
        #expect(contact.look(candidates([1, nil, nil]), at: second(1), clock) == [])
        #expect(contact.current == places[0])
        var other = ObserverContact(given: [places[1], places[0]])
        _ = other.look(candidates([1, 1, nil]), at: second(1), clock)
        #expect(other.current == places[1])
    }

    @Test("a contact that falls silent is left for another, and said so; it is not returned to")
    func moves() {
        var contact = ObserverContact(given: [places[0]])
        _ = contact.look(candidates([10, 10, 10]), at: second(10), clock)
        #expect(contact.look(candidates([10, 12.5, 12]), at: second(12.9), clock) == [])
        #expect(
            contact.look(candidates([10, 12.5, 12]), at: second(13), clock)
                == ["n1 is not answering since 12:00:10; now through n2"])
        #expect(contact.look(candidates([14, 14, 14]), at: second(14), clock) == [])
        #expect(contact.current == places[1])
    }

    @Test("while none answers it names the next attempt, the contact first; then says through which it goes on")
    func retries() {
        var contact = ObserverContact(given: [places[1]])
        _ = contact.look(candidates([10, 10, 10]), at: second(10), clock)
        let silent = candidates([10, 11, 10], asked: 15)
        #expect(contact.retry(silent, at: second(13), every: .seconds(2)) == nil)
        #expect(contact.look(silent, at: second(15), clock) == [])
        #expect(
            contact.retry(silent, at: second(15), every: .seconds(2))
                == .init(since: second(11), at: second(17), order: ["n2", "n1", "n3"]))
        #expect(contact.look(candidates([10, 11, 20]), at: second(20), clock) == ["connected again, now through n3"])
        #expect(contact.retry(silent, at: second(20), every: .seconds(2)) == nil)
    }

    @Test("before any node has answered, nothing is lost")
    func never() {
        var contact = ObserverContact(given: [places[0]])
        #expect(contact.look(candidates([nil], asked: 1), at: second(9), clock) == [])
        #expect(contact.retry(candidates([nil], asked: 1), at: second(9), every: .seconds(2)) == nil)
    }
}
