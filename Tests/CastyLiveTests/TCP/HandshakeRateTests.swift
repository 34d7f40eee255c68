import Testing

@testable import CastyLive

@Suite("How many handshakes may begin")
struct HandshakeRateTests {
    private static let second: UInt64 = 1_000_000_000

    /// How many of a number of connections from one source begin or wait.
    private func begin(_ count: Int, _ rate: inout HandshakeRate, _ source: String, at now: UInt64) -> (
        now: Int, later: Int
    ) {
        var (begun, waiting) = (0, 0)
        for _ in 0..<count {
            switch rate.decide(source, at: now) {
            case .now: begun += 1
            case .later(let pause):
                waiting += 1
                #expect(pause <= rate.patience)
            case .refused: break
            }
        }
        return (begun, waiting)
    }

    @Test("One source begins as many as its reserve at once, a few wait, and the rest is refused")
    func flood() {
        var rate = HandshakeRate(perSource: .init(perSecond: 10, burst: 20), total: .init(perSecond: 100, burst: 200))
        let first = begin(10_000, &rate, "a", at: 5 * Self.second)
        #expect(first.now == 20 && first.later == 20)
        // Another one is not delayed.
        let other = begin(1, &rate, "b", at: 5 * Self.second)
        #expect(other.now == 1 && other.later == 0)
        // What waits has used up the next two seconds.
        let second = begin(10_000, &rate, "a", at: 7 * Self.second)
        #expect(second.now == 0 && second.later == 20)
        let third = begin(10_000, &rate, "a", at: 20 * Self.second)
        #expect(third.now == 20 && third.later == 20)
    }

    @Test("All sources together have a rate too")
    func manySources() {
        var rate = HandshakeRate(perSource: .init(perSecond: 10, burst: 20), total: .init(perSecond: 100, burst: 200))
        var (begun, waiting) = (0, 0)
        for source in 0..<5_000 {
            let (now, later) = begin(1, &rate, "\(source)", at: Self.second)
            (begun, waiting) = (begun + now, waiting + later)
        }
        #expect(begun == 200)
        #expect(waiting == 200)
    }

    @Test("Sources that come evenly are never delayed")
    func steady() {
        var rate = HandshakeRate(perSource: .init(perSecond: 10, burst: 1), total: .init(perSecond: 100, burst: 10))
        for step in 0..<1_000 {
            for source in 0..<10 {
                let decision = rate.decide("\(source)", at: UInt64(step) * Self.second / 10)
                #expect(decision == .now)
            }
        }
    }

    @Test("Closed connections linger up to their share, one source's not above its own")
    func lingering() {
        var lingering = LingeringConnections(mostPerSource: 3, most: 5)
        let first = (0..<10).count { _ in lingering.begin("a") }
        let second = (0..<10).count { _ in lingering.begin("b") }
        #expect(first == 3 && second == 2)
        lingering.end("b")
        let (third, again) = (lingering.begin("c"), lingering.begin("a"))
        #expect(third && !again)
        for source in ["a", "a", "a", "b", "c", "d"] { lingering.end(source) }
        #expect(lingering.count == 0)
    }
}
