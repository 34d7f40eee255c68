import CastyConsole
import CastyCore
import CastyObservability
import Testing

@testable import CastyCommand

@Suite("A repeated past")
struct PastComparisonTests {
    private static func event(_ milliseconds: Int, _ kind: EventKind, _ subject: String, number: UInt64) -> RuntimeEvent
    {
        RuntimeEvent(
            time: .start + .milliseconds(milliseconds), id: EventID(node: "n1", number: number), kind: kind,
            subject: subject)
    }

    private static let real = [
        event(100, .memberUp, "n2", number: 1), event(200, .memberUnreachable, "n2", number: 2),
        event(300, .memberDown, "n2", number: 3),
    ]

    @Test("is the same where the same things happened, whatever the exact times, numbers and rounds of gossip")
    func same() {
        var repeated = Self.real.map { event in
            var event = event
            event.time = event.time + .microseconds(30)
            event.id = EventID(node: "n1", number: event.id.number + 7)
            return event
        }
        repeated.insert(Self.event(150, .converged, "n1", number: 5), at: 1)
        #expect(PastComparison(Self.real, repeated, until: .start + .seconds(1)).past == .same)
    }

    @Test("is another one from the first thing on that one of the two lacks")
    func other() {
        let more = Self.real + [Self.event(250, .memberUnreachable, "n3", number: 9)]
        for (left, right) in [(Self.real, more), (more, Self.real)] {
            let comparison = PastComparison(left, right, until: .start + .seconds(1))
            #expect(comparison.past == .differs(since: .start + .milliseconds(250)))
        }
        let twice = Self.real + [Self.event(400, .memberUnreachable, "n2", number: 9)]
        #expect(
            PastComparison(Self.real, twice, until: .start + .seconds(1)).past
                == .differs(since: .start + .milliseconds(400)))
        #expect(
            PastComparison(Self.real, more, until: .start + .milliseconds(240)).past == .same,
            "what happens later is not the past")
    }
}
