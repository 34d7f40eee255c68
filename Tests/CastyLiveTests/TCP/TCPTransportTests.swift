import CastyActors
import CastyCore
import CastyLive
import CastyTestbed
import Synchronization
import Testing

@Suite("TCP transport", .timeLimit(.minutes(10)))
struct TCPTransportTests {
    @Test("what one end says comes back from an echoing end")
    func echo() throws {
        let pair = try #require(TCPPair(farEnd: TCPProbe(echoes: true)))
        defer { pair.end() }
        pair.nearEnd.say("hello ")
        pair.nearEnd.say("world")
        #expect(hold { pair.nearEnd.text == "hello world" })
        #expect(pair.nearEnd.connection?.remoteDescription == pair.address.description)
        #expect(pair.farEnd.connection?.remoteDescription.hasPrefix(TCPPair.nearHost + ":") == true)
    }

    @Test("many bytes arrive whole and in order, pulled only as fast as the peer takes them")
    func backpressure() throws {
        let pair = try #require(TCPPair(farEnd: TCPProbe(keeps: false)))
        defer { pair.end() }
        // A peer that does not read: the sender is asked until the system's buffers are full, and then no more.
        pair.far.freeze()
        pair.nearEnd.chatter(true)
        var last = -1
        #expect(
            hold {
                let now = pair.nearEnd.sentCount
                defer { last = now }
                return now > 0 && now == last && !hold(within: .milliseconds(100)) { pair.nearEnd.sentCount != now }
            })
        let filled = pair.nearEnd.sentCount
        #expect(filled < 32 << 20)
        pair.far.thaw()
        #expect(hold { pair.farEnd.receivedCount > filled + (16 << 20) })
        pair.nearEnd.chatter(false)
        #expect(hold { pair.farEnd.receivedCount == pair.nearEnd.sentCount })
        #expect(pair.farEnd.outOfPattern == 0)
    }

    @Test("closing writes what was pulled before, and both ends hear of an end in order")
    func close() throws {
        let pair = try #require(TCPPair())
        defer { pair.end() }
        pair.farEnd.say("unread by who closes")
        pair.nearEnd.say(String(repeating: "x", count: 300_000))
        #expect(hold { pair.nearEnd.sentCount == 300_000 })
        pair.nearEnd.connection?.close()
        #expect(hold { pair.farEnd.closed.count == 1 && pair.nearEnd.closed.count == 1 })
        #expect(pair.farEnd.receivedCount == 300_000)
        #expect(pair.farEnd.closed == [nil])
        #expect(pair.nearEnd.closed == [nil])
    }

    @Test("a reset is seen as a reset")
    func reset() throws {
        let pair = try #require(TCPPair())
        defer { pair.end() }
        pair.nearEnd.connection?.reset()
        #expect(hold { pair.farEnd.closed.count == 1 && pair.nearEnd.closed.count == 1 })
        #expect(pair.farEnd.closed.first??.code == .reset)
        #expect(pair.nearEnd.closed.first??.code == .reset)
    }

    @Test("a connection to a port without a listener is refused")
    func refused() throws {
        let transport = TCPTransport()
        defer { transport.kill() }
        // A port that was free a moment ago.
        let other = TCPTransport()
        let address = try #require(TCPPair.listen(other, host: "127.0.0.1", handler: TCPProbe()))
        other.kill()
        let probe = TCPProbe()
        transport.connect(to: address, from: address, timeout: .seconds(10), handler: probe)
        #expect(hold { !probe.failed.isEmpty })
        #expect(probe.failed.map(\.code) == [.refused])
        #expect(probe.opened == 0 && probe.closed.isEmpty)
    }

    @Test("a port in use is reported as such")
    func addressInUse() throws {
        let transport = TCPTransport()
        defer { transport.kill() }
        let address = try #require(TCPPair.listen(transport, host: "127.0.0.1", handler: TCPProbe()))
        let second = TCPPair.outcome(transport, host: "127.0.0.1", port: address.port, handler: TCPProbe())
        guard case .failure(let error) = second else {
            Issue.record("the port was bound twice")
            return
        }
        #expect(error.code == .addressInUse)
    }

    @Test("an unanswered attempt times out, and nothing follows")
    func timeout() throws {
        let pair = try #require(TCPPair())
        defer { pair.end() }
        pair.gate.cut(from: TCPPair.nearHost, to: TCPPair.farHost)
        let probe = TCPProbe()
        pair.dial(probe, timeout: .milliseconds(30))
        #expect(hold { !probe.failed.isEmpty })
        #expect(probe.failed.map(\.code) == [.timedOut])
        pair.gate.healAll()
        #expect(probe.opened == 0 && probe.calls == 1)
    }

    @Test("shutdown flushes, ends connections in order, frees the port and refuses what comes later")
    func shutdown() throws {
        let pair = try #require(TCPPair())
        defer { pair.end() }
        pair.farEnd.say("last words")
        #expect(hold { pair.farEnd.sentCount == 10 })
        let isDone = Mutex(0)
        pair.far.shutdown { isDone.withLock { $0 += 1 } }
        pair.far.shutdown { isDone.withLock { $0 += 1 } }
        #expect(hold { isDone.withLock { $0 } == 2 })
        #expect(hold { pair.nearEnd.closed.count == 1 })
        #expect(pair.nearEnd.text == "last words")
        #expect(pair.nearEnd.closed == [nil])
        let late = TCPProbe()
        pair.dial(late)
        #expect(hold { late.failed.map(\.code) == [.refused] })
        let own = TCPProbe()
        pair.far.connect(to: pair.address, from: pair.address, timeout: .seconds(1), handler: own)
        #expect(hold { own.failed.map(\.code) == [.closed] })
        let again = TCPTransport()
        defer { again.kill() }
        #expect(TCPPair.listen(again, host: TCPPair.farHost, port: pair.address.port, handler: TCPProbe()) != nil)
    }
}
