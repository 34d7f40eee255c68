import CastyActors
import CastyCore
import CastySimulator
import NIOCore
import Testing

@Suite("A simulated connection")
struct ConnectionTests {
    @Test("stands for the one that asked after a round trip, and for the other half a round trip later")
    func open() throws {
        let pair = Pair()
        pair.world.network.changeAll {
            $0.latency = .milliseconds(10)
            $0.jitter = .zero
        }
        let client = pair.connect()
        pair.world.run(until: .start + .microseconds(19_999))
        #expect(client.log.isEmpty)
        pair.world.run(until: .start + .milliseconds(20))
        #expect(client.log == ["opened"])
        #expect(pair.accepted.all.isEmpty)
        pair.world.run(until: .start + .milliseconds(30))
        #expect(pair.accepted.all.map(\.log) == [["opened"]])
        #expect(client.connection?.remoteDescription == "127.0.0.2:25520")
        pair.world.dispose()
    }

    @Test("delivers every byte once and in order, whatever the link does", arguments: UInt64(1)...12)
    func order(seed: UInt64) throws {
        let pair = Pair(seed: seed)
        let (client, server) = try pair.connected()
        pair.world.network.changeAll {
            $0.jitter = .milliseconds(3)
            $0.latency = .milliseconds(4)
            $0.loss = 0.2
            $0.splitting = 0.5
            $0.bandwidth = seed % 2 == 0 ? 1_000_000 : nil
            $0.pieceLimit = seed % 3 == 0 ? 1000 : nil
        }
        let bytes = pattern(60_000)
        for start in stride(from: 0, to: bytes.count, by: 600) {
            client.send(Array(bytes[start..<start + 600]))
            server.send(Array(bytes[start..<start + 600]))
            pair.run(.milliseconds(7))
        }
        pair.world.runToQuiescence()
        #expect(server.received == bytes)
        #expect(client.received == bytes)
        #expect(server.chunks > 100)
        pair.world.dispose()
    }

    @Test("can drip single bytes")
    func drip() throws {
        let pair = Pair()
        let (client, server) = try pair.connected()
        pair.there.profile.pieceLimit = 1
        client.send(pattern(100))
        pair.run(.seconds(1))
        #expect(server.received == pattern(100))
        #expect(server.chunks == 100)
    }

    @Test("flips bits where the link corrupts, and nothing else")
    func corruption() throws {
        let pair = Pair()
        let (client, server) = try pair.connected()
        pair.there.profile.corruption = 1
        pair.there.profile.splitting = 0
        client.send(pattern(100))
        pair.run(.seconds(1))
        let flipped = zip(server.received, pattern(100)).map { ($0 ^ $1).nonzeroBitCount }.reduce(0, +)
        #expect(server.received.count == 100)
        #expect(flipped == 1)
    }

    @Test("goes as fast as the bandwidth lets it")
    func bandwidth() throws {
        let pair = Pair()
        let (client, server) = try pair.connected()
        pair.there.profile.bandwidth = 100_000
        client.send(pattern(500_000))
        pair.run(.seconds(3))
        #expect((297_000...300_001).contains(server.received.count), "\(server.received.count)")
        pair.run(.seconds(3))
        #expect(server.received == pattern(500_000))
    }

    @Test("is refused where no node listens, where the link says so, and where the node was killed or has shut down")
    func refused() {
        let pair = Pair()
        pair.run(.milliseconds(1))
        let refused = Recorder(pair.world)
        pair.first.world.transport.connect(
            to: NodeAddress(host: "127.0.0.9", port: 1), from: pair.first.address, timeout: .seconds(5),
            handler: refused
        )
        pair.run(.milliseconds(10))
        #expect(refused.log == ["failed refused"])
        pair.there.refusesConnections = true
        let reported = pair.connect()
        pair.run(.milliseconds(10))
        #expect(reported.log == ["failed refused"])
        pair.there.refusesConnections = false
        pair.second.kill()
        let killed = pair.connect()
        pair.run(.milliseconds(10))
        #expect(killed.log == ["failed refused"])
        #expect(pair.accepted.all.isEmpty)
    }

    @Test("times out across a cut, in either direction, and then nothing follows", arguments: [true, false])
    func timeout(there: Bool) {
        let pair = Pair()
        if there { pair.there.cut() } else { pair.back.cut() }
        let client = pair.connect(timeout: .seconds(2))
        pair.run(.milliseconds(1999))
        #expect(client.log.isEmpty)
        pair.run(.milliseconds(2))
        #expect(client.log == ["failed timedOut"])
        pair.there.heal()
        pair.back.heal()
        pair.run(.seconds(20))
        #expect(client.log == ["failed timedOut"])
        #expect(pair.accepted.all.allSatisfy { $0.log.isEmpty })
    }

    @Test("refuses a second listener on the same address, and chooses a port when asked for none")
    func listening() {
        let pair = Pair()
        let results = Log<String>()
        for address in [pair.second.address, NodeAddress(host: "127.0.0.2", port: 0)] {
            pair.second.world.transport.listen(on: address) { [unowned world = pair.world] _ in
                Recorder(world)
            } completion: { result in
                switch result {
                case .success(let address): results.append(address.port > 0 ? "bound" : "bound to nothing")
                case .failure(let error): results.append(error.code.rawValue)
                }
            }
        }
        #expect(results.all.isEmpty)
        pair.run(.milliseconds(1))
        #expect(results.all.sorted() == ["addressInUse", "bound"])
    }

    @Test(
        "is accepted and filled by the kernel of a frozen node, up to the window; thawed, the node hears all in order")
    func frozen() {
        let pair = Pair()
        pair.run(.milliseconds(1))
        pair.second.freeze()
        let client = pair.connect()
        client.send(pattern(600_000))
        pair.run(.seconds(30))
        #expect(client.log == ["opened"])
        #expect(pair.accepted.all.isEmpty)
        let sent = 600_000 - client.unsent
        #expect((262_144..<262_144 + ConnectionLimits.writeChunk).contains(sent), "\(sent)")
        pair.second.thaw()
        pair.run(.seconds(1))
        #expect(pair.accepted.all.map(\.log) == [["opened"]])
        #expect(pair.accepted.all[0].received == pattern(600_000))
    }

    @Test("flushes what was pulled before a close, and ends in order at both ends")
    func close() throws {
        let pair = Pair()
        let (client, server) = try pair.connected()
        client.send(pattern(5000))
        pair.world.run(until: pair.world.now + .seconds(1)) { client.unsent == 0 }
        client.connection?.close()
        #expect(client.log == ["opened"])
        pair.run(.seconds(1))
        #expect(server.received == pattern(5000))
        #expect(client.log == ["opened", "closed"])
        #expect(server.log == ["opened", "closed"])
        #expect(pair.world.runToQuiescence() == .quiescent)
    }

    @Test("that is reset ends with an error at both ends")
    func reset() throws {
        let pair = Pair()
        let (client, server) = try pair.connected()
        client.connection?.reset()
        pair.run(.seconds(1))
        #expect(client.log == ["opened", "closed reset"])
        #expect(server.log == ["opened", "closed reset"])
    }

    @Test("is closed by a shutdown, which says when all is done")
    func shutdown() throws {
        let pair = Pair()
        let (client, server) = try pair.connected()
        let log = Log<String>()
        pair.second.world.transport.shutdown { log.append("done \(server.log.count)") }
        #expect(log.all.isEmpty)
        pair.run(.seconds(1))
        #expect(log.all == ["done 2"])
        #expect(client.log == ["opened", "closed"])
        let late = pair.connect()
        pair.run(.seconds(1))
        #expect(late.log == ["failed refused"])
    }
}
