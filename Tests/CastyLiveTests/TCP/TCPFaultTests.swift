import CastyActors
import CastyCore
import CastyLive
import CastyTestbed
import Testing

@Suite("TCP transport under faults", .timeLimit(.minutes(10)))
struct TCPFaultTests {
    @Test("a frozen node hears nothing and says nothing; after thaw everything arrives")
    func freeze() throws {
        let pair = try #require(TCPPair(farEnd: TCPProbe(echoes: true)))
        defer { pair.end() }
        pair.nearEnd.say("a")
        #expect(hold { pair.nearEnd.text == "a" })
        pair.far.freeze()
        let calls = pair.farEnd.calls
        pair.nearEnd.say("b")
        pair.farEnd.say("c")
        // The system accepts for the frozen node, as it would for a stopped process.
        let second = TCPProbe()
        pair.dial(second)
        #expect(hold { second.opened == 1 && pair.nearEnd.sentCount == 2 })
        second.connection?.close()
        #expect(hold { second.closed.count == 1 })
        #expect(!hold(within: .milliseconds(50)) { pair.farEnd.calls != calls })
        pair.far.thaw()
        #expect(hold { pair.farEnd.text == "ab" && pair.nearEnd.text.count == 3 })
        #expect(hold { pair.farEnd.opened == 2 && pair.farEnd.closed == [nil] })
    }

    @Test("a reset that arrives while the node is frozen is reported after the thaw")
    func resetWhileFrozen() throws {
        let pair = try #require(TCPPair())
        defer { pair.end() }
        pair.far.freeze()
        let calls = pair.farEnd.calls
        pair.nearEnd.connection?.reset()
        #expect(hold { pair.nearEnd.closed.count == 1 })
        #expect(!hold(within: .milliseconds(50)) { pair.farEnd.calls != calls })
        pair.far.thaw()
        #expect(hold { pair.farEnd.closed.first??.code == .reset })
    }

    @Test("a killed node's peers see a reset, its own handlers nothing more, and its port is free")
    func kill() throws {
        let pair = try #require(TCPPair())
        defer { pair.end() }
        pair.farEnd.chatter(true)
        #expect(hold { pair.nearEnd.receivedCount > 1 << 20 })
        pair.far.kill()
        let calls = pair.farEnd.calls
        #expect(hold { pair.nearEnd.closed.count == 1 })
        #expect(pair.nearEnd.closed.first??.code == .reset)
        pair.farEnd.connection?.requestWrite()
        pair.farEnd.connection?.close()
        let dead = TCPProbe()
        pair.far.connect(to: pair.address, from: pair.address, timeout: .seconds(1), handler: dead)
        let late = TCPProbe()
        pair.dial(late)
        #expect(hold { late.failed.map(\.code) == [.refused] })
        #expect(pair.farEnd.calls == calls && dead.calls == 0)
    }

    @Test("a cut stalls one direction only, and after healing nothing is missing")
    func cutOneWay() throws {
        let pair = try #require(TCPPair())
        defer { pair.end() }
        pair.gate.cut(from: TCPPair.nearHost, to: TCPPair.farHost)
        pair.nearEnd.say("there")
        pair.farEnd.say("back")
        #expect(hold { pair.nearEnd.text == "back" })
        #expect(!hold(within: .milliseconds(50)) { pair.farEnd.receivedCount > 0 })
        pair.gate.heal(from: TCPPair.nearHost, to: TCPPair.farHost)
        #expect(hold { pair.farEnd.text == "there" })
        #expect(pair.nearEnd.closed.isEmpty && pair.farEnd.closed.isEmpty)
    }

    @Test("under chatter a cut stops it, repeatedly, and not a byte is lost or changed")
    func cutUnderLoad() throws {
        let pair = try #require(TCPPair(nearEnd: TCPProbe(keeps: false), farEnd: TCPProbe(keeps: false)))
        defer { pair.end() }
        pair.nearEnd.chatter(true)
        pair.farEnd.chatter(true)
        for _ in 0..<5 {
            let start = pair.farEnd.receivedCount
            #expect(hold { pair.farEnd.receivedCount > start + 100_000 })
            pair.gate.cut(from: TCPPair.nearHost, to: TCPPair.farHost)
            let stalled = pair.farEnd.receivedCount
            let other = pair.nearEnd.receivedCount
            #expect(hold { pair.nearEnd.receivedCount > other + 100_000 })
            #expect(pair.farEnd.receivedCount == stalled)
            pair.gate.healAll()
        }
        pair.nearEnd.chatter(false)
        pair.farEnd.chatter(false)
        #expect(hold { pair.farEnd.receivedCount == pair.nearEnd.sentCount })
        #expect(hold { pair.nearEnd.receivedCount == pair.farEnd.sentCount })
        #expect(pair.farEnd.outOfPattern == 0 && pair.nearEnd.outOfPattern == 0)
    }

    @Test("a cut that lasts longer than the tolerance resets the connection at both ends")
    func cutTooLong() throws {
        let pair = try #require(TCPPair(tolerance: .milliseconds(50)))
        defer { pair.end() }
        pair.gate.cut(from: TCPPair.nearHost, to: TCPPair.farHost)
        #expect(hold { pair.nearEnd.closed.count == 1 && pair.farEnd.closed.count == 1 })
        #expect(pair.nearEnd.closed.first??.code == .reset)
        #expect(pair.farEnd.closed.first??.code == .reset)
    }

    @Test("what a killed peer's system says does not pass a cut")
    func killBehindCut() throws {
        let pair = try #require(TCPPair())
        defer { pair.end() }
        pair.gate.cut(from: TCPPair.farHost, to: TCPPair.nearHost)
        pair.far.kill()
        #expect(!hold(within: .milliseconds(50)) { !pair.nearEnd.closed.isEmpty })
        pair.gate.healAll()
        #expect(hold { pair.nearEnd.closed.first??.code == .reset })
    }

    @Test("an attempt across a cut stands once the cut is healed in time")
    func dialAcrossCut() throws {
        let pair = try #require(TCPPair())
        defer { pair.end() }
        pair.gate.cut(from: TCPPair.farHost, to: TCPPair.nearHost)
        let probe = TCPProbe()
        pair.dial(probe)
        #expect(!hold(within: .milliseconds(50)) { probe.calls > 0 })
        pair.gate.healAll()
        #expect(hold { probe.opened == 1 })
    }
}
