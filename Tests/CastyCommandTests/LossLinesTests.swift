import CastyCore
import CastyObservability
import Testing

@testable import CastyCommand

@Suite("Lines about lost messages")
struct LossLinesTests {
    private static func event(_ kind: EventKind, at milliseconds: Int64) -> RuntimeEvent {
        RuntimeEvent(
            time: Instant(nanoseconds: milliseconds * 1_000_000), id: EventID(node: "n1", number: 1), kind: kind)
    }

    @Test("a second has the first losses, and the next event says how many more there were; other events are all there")
    func bounded() {
        var lines = LossLines()
        var written: [RuntimeEvent] = []
        for number in 0..<Int64(500) { written += lines.lines(for: Self.event(.messageLost, at: 3000 + number)) }
        #expect(written.count == LossLines.perSecond)
        #expect(lines.lines(for: Self.event(.memberUp, at: 3999)).map(\.kind) == [.memberUp])
        let later = lines.lines(for: Self.event(.messageLost, at: 4000))
        #expect(later.map(\.kind) == [.note, .messageLost])
        #expect(later.first?.detail == .text("480 more messages were lost"))
        #expect(lines.lines(for: Self.event(.messageLost, at: 60_000)).map(\.kind) == [.messageLost])
    }
}
