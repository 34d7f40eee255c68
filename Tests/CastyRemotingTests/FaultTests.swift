import CastyActors
import CastyCore
import CastyObservability
import CastyRemoting
import CastySimulator
import Testing

/// What connections go through: resets, cuts, silence, restarts.
@Suite(.timeLimit(.minutes(10)))
struct FaultTests {
    static let seeds = Array(UInt64(1)...40)

    @Test(
        "Whatever resets there are, a message arrives at most once, in order, and the way opens again",
        arguments: seeds.prefix(15))
    func resets(seed: UInt64) throws {
        let world = SimulatedTestWorld(seed: seed)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let got = Record<Int>()
        let remote = a.reference(to: try b.system.spawn(Stories.collector(got), name: "r"))
        var generator = world.world.stream("faults")
        for number in 1...2000 {
            remote.tell(number)
            world.run(for: .milliseconds(1))
            if generator.unit() < 0.01 { world.world.network.resetConnections(between: "127.0.0.1", and: "127.0.0.2") }
        }
        #expect(world.run { got.all.last == 2000 }, "seed \(seed)")
        #expect(zip(got.all, got.all.dropFirst()).allSatisfy { $0 < $1 }, "seed \(seed)")
        #expect(got.count > 1500, "only what was under way may be lost: seed \(seed)")
        #expect((a.remoting.snapshots.first?.reconnects ?? 0) > 0, "seed \(seed)")
        world.world.dispose()
    }

    @Test("A cut that heals in time costs no message", arguments: seeds)
    func cut(seed: UInt64) throws {
        let world = SimulatedTestWorld(seed: seed)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let got = Record<Int>()
        let remote = a.reference(to: try b.system.spawn(Stories.collector(got), name: "r"))
        remote.tell(0)
        world.run { got.count == 1 }
        let links = [
            world.world.network.link(from: "127.0.0.1", to: "127.0.0.2"),
            world.world.network.link(from: "127.0.0.2", to: "127.0.0.1"),
        ]
        for link in links.prefix(seed.isMultiple(of: 2) ? 1 : 2) { link.cut() }
        for number in 1...500 { remote.tell(number) }
        world.run(for: .seconds(8))
        for link in links { link.heal() }
        #expect(world.run { got.count == 501 }, "seed \(seed)")
        #expect(got.all == Array(0...500), "seed \(seed)")
        #expect(a.remoting.snapshots.first?.reconnects == 0, "seed \(seed)")
        world.world.dispose()
    }

    @Test("A connection that the peer's host forgot is found out, and the way opens again")
    func forgotten() throws {
        let world = SimulatedTestWorld(seed: 7)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let (atA, atB) = (Record<Int>(), Record<Int>())
        let toB = a.reference(to: try b.system.spawn(Stories.collector(atB), name: "r"))
        let toA = b.reference(to: try a.system.spawn(Stories.collector(atA), name: "r"))
        toB.tell(1)
        world.run { atB.count == 1 }
        world.world.network.forgetConnections(at: "127.0.0.2", with: "127.0.0.1")
        toA.tell(2)
        #expect(world.run(.seconds(5)) { atA.count == 1 })
        toB.tell(3)
        #expect(world.run(.seconds(5)) { atB.all == [1, 3] })
        world.world.dispose()
    }

    @Test("A frozen peer gets its messages after the thaw", arguments: [5, 25])
    func freeze(seconds: Int) throws {
        let world = SimulatedTestWorld(seed: 3)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let got = Record<Int>()
        let remote = a.reference(to: try b.system.spawn(Stories.collector(got), name: "r"))
        remote.tell(0)
        world.run { got.count == 1 }
        world.nodes[1].freeze()
        for number in 1...100 { remote.tell(number) }
        world.run(for: .seconds(seconds))
        world.nodes[1].thaw()
        #expect(world.run { got.count == 101 })
        #expect(got.all == Array(0...100))
        world.world.dispose()
    }

    @Test("A peer that is silent for all keep-alive pauses loses its connection, one that is only idle does not")
    func silence() throws {
        let world = SimulatedTestWorld(seed: 4)
        let lost = Record<UniqueAddress>()
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        a.remoting.hooks = RemotingHooks(connectionLost: { lost.add($0) })
        let got = Record<Int>()
        let remote = a.reference(to: try b.system.spawn(Stories.collector(got), name: "r"))
        remote.tell(0)
        world.run(for: .seconds(120))
        #expect(lost.count == 0 && a.remoting.isConnected(b.address))
        world.nodes[1].freeze()
        world.run(for: .seconds(40))
        #expect(lost.all == [b.system.unique])
        world.world.dispose()
    }

    @Test(
        "The pauses between attempts double up to their bound, and a kept connection comes as soon as there is a node")
    func backoff() throws {
        let world = SimulatedTestWorld(seed: 5)
        let a = try world.startNow(1)
        let (failures, introduced) = (Record<Instant>(), Record<UniqueAddress>())
        let system = a.system
        a.remoting.hooks = RemotingHooks(
            connectFailed: { _, error in
                #expect(error.code == .refused)
                failures.add(system.now)
            }, peerIncarnation: { introduced.add($0) })
        let place = NodeAddress(host: "127.0.0.2", port: 25520)
        a.remoting.keep(place)
        world.run(for: .seconds(60))
        let pauses = zip(failures.all, failures.all.dropFirst()).map { $1 - $0 }
        #expect(pauses.count > 10)
        for (index, pause) in pauses.enumerated() {
            let full = min(.milliseconds(100) * (1 << min(index, 10)), Duration.seconds(5))
            #expect(pause >= full * 0.69 && pause <= full + .milliseconds(10), "pause \(index) is \(pause)")
        }
        let b = try world.startNow(2)
        #expect(world.run(.seconds(6)) { introduced.all == [b.system.unique] })
        world.world.dispose()
    }

    @Test("Two worlds of one seed run alike", arguments: [1, 2, 3])
    func determinism(seed: UInt64) throws {
        func digest() throws -> [UInt64] {
            let world = SimulatedTestWorld(seed: seed)
            let (a, b) = (try world.startNow(1), try world.startNow(2))
            let got = Record<Int>()
            let toB = a.reference(to: try b.system.spawn(Stories.collector(got), name: "r"))
            let toA = b.reference(to: try a.system.spawn(Stories.collector(got), name: "r"))
            for number in 1...200 {
                toA.tell(number)
                toB.tell(-number)
                world.run(for: .milliseconds(2))
                if number % 50 == 0 { world.world.network.resetConnections(between: "127.0.0.1", and: "127.0.0.2") }
            }
            world.run(for: .seconds(2))
            defer { world.world.dispose() }
            return [world.world.trace.digest, world.world.stepCount] + got.all.map { UInt64(bitPattern: Int64($0)) }
        }
        #expect(try digest() == digest())
    }

    @Test("After both systems have ended nothing waits any more", arguments: seeds.prefix(10))
    func quiet(seed: UInt64) throws {
        let world = SimulatedTestWorld(seed: seed)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let (got, ended) = (Record<Int>(), Record<Bool>())
        let remote = a.reference(to: try b.system.spawn(Stories.collector(got), name: "r"))
        remote.tell(1)
        world.run { got.count == 1 }
        a.system.terminate { ended.add(true) }
        b.system.terminate { ended.add(true) }
        #expect(world.run(.seconds(5)) { ended.count == 2 })
        #expect(world.world.runToQuiescence(limit: 10_000) == .quiescent)
        world.world.dispose()
    }
}
