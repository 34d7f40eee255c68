import CastyCore
import Testing

@testable import CastyRemoting

@Suite("Which warnings are logged")
struct RateLimitedLogTests {
    private func at(_ seconds: Int) -> Instant { .start + .seconds(seconds) }

    @Test("The first of a kind from a host, then one a minute with the count")
    func rate() {
        var log = RateLimitedLog()
        #expect(log.note("bytes", of: "a", at: at(0)) == 1)
        for second in 1..<60 { #expect(log.note("bytes", of: "a", at: at(second)) == nil) }
        #expect(log.note("bytes", of: "a", at: at(60)) == 60)
        #expect(log.note("bytes", of: "a", at: at(61)) == nil)
        #expect(log.note("bytes", of: "b", at: at(61)) == 1)
        #expect(log.note("type", of: "a", at: at(61)) == 1)
    }

    @Test("However many hosts there are, what was logged is not logged again within the minute")
    func manyHosts() {
        var log = RateLimitedLog()
        var lines = 0
        for round in 0..<20 {
            for host in 0..<5_000 where log.note("bytes", of: "\(host)", at: at(round)) != nil { lines += 1 }
        }
        // One for each host with an entry, and one for all others together.
        #expect(lines == RateLimitedLog.limit + 1)
        // A minute later there is room for others.
        #expect(log.note("bytes", of: "new", at: at(100)) == 1)
    }
}
