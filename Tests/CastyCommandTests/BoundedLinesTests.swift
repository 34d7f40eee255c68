import CastyLive
import Glibc
import Synchronization
import Testing

@testable import CastyCommand

@Suite("Output that waits for its reader")
struct BoundedLinesTests {
    private static func lines(limit: Int) -> BoundedLines { BoundedLines(limit: limit) { "\($0) dropped" } }

    @Test("lines come out as they went in")
    func inOrder() {
        var lines = Self.lines(limit: 100)
        #expect(lines.isEmpty)
        lines.add("one\n")
        lines.add("two\nthree\n")
        #expect(lines.take() == "one\ntwo\nthree\n")
        #expect(lines.isEmpty)
        #expect(lines.take() == "")
    }

    @Test("what does not fit is dropped, counted, and the count stands in its place")
    func drops() {
        var lines = Self.lines(limit: 10)
        lines.add("12345678\n")
        lines.add("a\nb\n")
        lines.add("c\n")
        #expect(lines.dropped == 3)
        #expect(lines.take() == "12345678\n3 dropped\n")
        lines.add("d\n")
        #expect(lines.take() == "d\n")
    }

    @Test("lines that fit again come after the count of those that did not")
    func afterwards() {
        var lines = Self.lines(limit: 10)
        lines.add("1234567\n")
        lines.add("too long\n")
        lines.add("8\n")
        #expect(lines.take() == "1234567\n1 dropped\n8\n")
    }

    @Test("a writer that waits does not block its callers, and continues where it stopped", .timeLimit(.minutes(10)))
    func queue() {
        let written = Mutex("")
        let mayWrite = Mutex(false)
        let queue = OutputQueue(limit: 64, notice: { "\($0) dropped" }, clock: LiveClock()) { text in
            while !mayWrite.withLock({ $0 }) { usleep(1000) }
            written.withLock { $0 += text }
            return true
        }
        for number in 1...100 { queue.add("line \(number)\n") }
        #expect(!queue.drain(atMost: .milliseconds(10)))
        mayWrite.withLock { $0 = true }
        #expect(queue.drain(atMost: nil))
        let lines = written.withLock { $0 }.split(separator: "\n")
        #expect(lines.first == "line 1")
        // Each line was written or is counted, however often the writer got hold of some in between.
        let notices = lines.filter { $0.hasSuffix("dropped") }
        let dropped = notices.reduce(0) { $0 + (Int($1.prefix { $0 != " " }) ?? 0) }
        #expect(dropped > 0)
        #expect(dropped + lines.count - notices.count == 100)
    }

    @Test("after a write error everything counts as written, and nothing more is kept")
    func writeError() {
        let queue = OutputQueue(limit: 64, notice: { "\($0) dropped" }, clock: LiveClock()) { _ in false }
        queue.add("one\n")
        #expect(queue.drain(atMost: nil))
        #expect(queue.hasFailed)
        for _ in 0..<100 { queue.add("more\n") }
        #expect(queue.drain(atMost: .zero))
    }

}
