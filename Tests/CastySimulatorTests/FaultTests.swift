import CastyActors
import CastyCore
import CastySimulator
import Testing

@Suite("Faults of the simulated network")
struct FaultTests {
    @Test("a cut holds all bytes, and a heal lets them through in order", arguments: UInt64(1)...5)
    func cutAndHeal(seed: UInt64) throws {
        let pair = Pair(seed: seed)
        let (client, server) = try pair.connected()
        client.send(pattern(1000))
        pair.run(.microseconds(100))
        pair.there.cut()
        client.send(pattern(2000))
        server.send(pattern(77))
        pair.run(.seconds(9))
        #expect(server.received.isEmpty)
        #expect(client.received == pattern(77))
        pair.there.heal()
        client.send(pattern(3000))
        pair.run(.milliseconds(100))
        #expect(server.received == pattern(1000) + pattern(2000) + pattern(3000))
        pair.run(.seconds(30))
        #expect(client.log == ["opened"])
        #expect(server.log == ["opened"])
    }

    @Test("a cut of ten seconds resets the connection at both ends, a shorter one again and again does not")
    func longCut() throws {
        let pair = Pair()
        let (client, server) = try pair.connected()
        for _ in 0..<3 {
            pair.back.cut()
            pair.run(.milliseconds(9900))
            pair.back.heal()
            pair.run(.milliseconds(200))
        }
        #expect(client.log == ["opened"])
        pair.back.cut()
        pair.run(.milliseconds(9999))
        #expect(client.log == ["opened"])
        pair.run(.milliseconds(2))
        #expect(client.log == ["opened", "closed reset"])
        #expect(server.log == ["opened", "closed reset"])
        pair.back.heal()
        #expect(pair.world.runToQuiescence() == .quiescent)
        #expect(client.log.count == 2)
    }

    @Test("a killed node resets its connections at the peers, and another may take its address at once")
    func killAndRestart() throws {
        let pair = Pair()
        let (client, server) = try pair.connected()
        pair.second.kill()
        #expect(client.log == ["opened"])
        pair.run(.milliseconds(5))
        #expect(client.log == ["opened", "closed reset"])
        #expect(server.log == ["opened"])
        let next = pair.world.node(name: "n2", address: pair.second.address)
        #expect(next.startCount == 2)
        pair.listen(on: next)
        pair.run(.milliseconds(1))
        let again = pair.connect()
        again.send(pattern(10))
        pair.run(.milliseconds(5))
        #expect(again.log == ["opened"])
        #expect(pair.accepted.all.last?.received == pattern(10))
    }

    @Test("a cut hides the reset of a killed node until the survivor writes")
    func hiddenReset() throws {
        let pair = Pair()
        let (client, server) = try pair.connected()
        pair.back.cut()
        server.send(pattern(100))
        pair.run(.milliseconds(5))
        pair.second.kill()
        pair.run(.seconds(5))
        pair.back.heal()
        pair.run(.seconds(60))
        #expect(client.log == ["opened"])
        #expect(client.received.isEmpty, "the bytes of a dead node are not repeated")
        client.send([1])
        pair.run(.milliseconds(5))
        #expect(client.log == ["opened", "closed reset"])
    }

    @Test("a node that ends in order still sends what it wrote")
    func stop() throws {
        let pair = Pair()
        let (client, server) = try pair.connected()
        pair.back.profile.bandwidth = 10_000
        server.send(pattern(5000))
        pair.run(.microseconds(10))
        pair.second.stop()
        pair.run(.seconds(1))
        #expect(client.received == pattern(5000))
        #expect(client.log == ["opened", "closed"])
        #expect(server.log == ["opened"])
    }

    @Test("a reset on the way loses what was under way and ends both ends once")
    func resetOnTheWay() throws {
        let pair = Pair()
        let (client, server) = try pair.connected()
        client.send(pattern(1000))
        pair.run(.microseconds(10))
        pair.world.network.resetConnections(between: "127.0.0.2", and: "127.0.0.1")
        pair.run(.seconds(1))
        #expect(server.received.isEmpty)
        #expect(client.log == ["opened", "closed reset"])
        #expect(server.log == ["opened", "closed reset"])
    }

    @Test("a forgotten connection stays open at the other end until it writes")
    func halfOpen() throws {
        let pair = Pair()
        let (client, server) = try pair.connected()
        pair.world.network.forgetConnections(at: "127.0.0.2", with: "127.0.0.1")
        pair.run(.seconds(30))
        #expect(server.log == ["opened", "closed reset"])
        #expect(client.log == ["opened"])
        client.send([1])
        pair.run(.milliseconds(10))
        #expect(client.log == ["opened", "closed reset"])
    }

    @Test("a frozen node hears of a reset, after the bytes before it, when it is thawed")
    func resetWhileFrozen() throws {
        let pair = Pair()
        let (client, server) = try pair.connected()
        pair.second.freeze()
        client.send(pattern(100))
        pair.run(.milliseconds(10))
        pair.first.kill()
        pair.run(.seconds(5))
        #expect(server.log == ["opened"])
        #expect(server.received.isEmpty)
        pair.second.thaw()
        pair.run(.milliseconds(1))
        #expect(server.received == pattern(100))
        #expect(server.log == ["opened", "closed reset"])
    }

    @Test("what is lost with nothing after it comes after a timeout, and the timeouts double")
    func loneLoss() throws {
        let pair = Pair()
        let (client, server) = try pair.connected()
        pair.there.profile.loss = 1
        client.send([1])
        // Lost at 0, and again at about 0.2, 0.4, 0.8 and 1.6 s.
        pair.run(.seconds(3))
        pair.there.profile.loss = 0
        client.send([2])
        pair.run(.milliseconds(200))
        #expect(server.received.isEmpty)
        pair.run(.milliseconds(30))
        #expect(server.received == [1, 2])
    }

    @Test("what is lost is sent again at once when something later gets through")
    func lossWithTraffic() throws {
        let pair = Pair()
        let (client, server) = try pair.connected()
        pair.there.profile.loss = 1
        client.send([1])
        pair.run(.milliseconds(10))
        pair.there.profile.loss = 0
        client.send([2])
        pair.run(.milliseconds(5))
        #expect(server.received == [1, 2])
    }

    @Test("whatever a link loses, all of it comes in the end and in order", arguments: [UInt64(1), 2, 3])
    func heavyLoss(seed: UInt64) throws {
        let pair = Pair(seed: seed)
        let (client, server) = try pair.connected()
        pair.there.profile.loss = 0.4
        pair.back.profile.loss = 0.4
        let bytes = pattern(2000)
        for part in stride(from: 0, to: 2000, by: 10) {
            client.send(Array(bytes[part..<part + 10]))
            pair.run(.milliseconds(20))
        }
        pair.run(.seconds(400))
        #expect(server.received == bytes)
    }
}
