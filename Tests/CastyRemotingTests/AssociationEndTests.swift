import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import CastySimulator
import Synchronization
import Testing

@testable import CastyRemoting

/// Associations end with their peers, and those of members are not crowded out by others.
@Suite(.timeLimit(.minutes(10)))
struct AssociationEndTests {
    /// Introduces itself under one of many names, none of which can be dialled.
    private func greet(_ number: Int, _ raw: RawHost, _ node: TestNode, port: Int = 7000) -> RawPeer {
        let name = NodeAddress(host: "10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)", port: port)
        let peer = raw.dial(node.address)
        peer.hello(from: UniqueAddress(address: name, incarnation: UInt64(number + 1)), to: node.address)
        return peer
    }

    @Test("However many places have introduced themselves and gone, a node is let in, and nothing of them stays")
    func gone() throws {
        let world = SimulatedTestWorld(seed: 1)
        let b = try world.startNow(2)
        let raw = RawHost(66, in: world.world)
        for round in 0..<50 {
            let peers = (0..<100).map { greet(round * 100 + $0, raw, b) }
            world.run(for: .milliseconds(50))
            #expect(peers.allSatisfy { $0.frames.first == .welcome })
            for peer in peers { peer.reset() }
            world.run(for: .milliseconds(50))
        }
        #expect(b.remoting.snapshots.count <= b.remoting.settings.nonMemberLimit)
        let c = try world.startNow(3)
        let got = Record<Int>()
        c.reference(to: try b.system.spawn(Stories.collector(got), name: "r")).tell(1)
        #expect(world.run(.seconds(1)) { got.all == [1] })
        world.run(for: .seconds(100))
        #expect(b.remoting.snapshots.map(\.peer) == [c.address])
        #expect(b.remoting.state.withLock { $0.addresses.nonMemberCount } == 1)
        world.world.dispose()
    }

    @Test("A host that stays connected under ever more names crowds out its own, not members and not other hosts")
    func crowd() throws {
        let world = SimulatedTestWorld(seed: 2)
        var settings = RemotingSettings()
        settings.nonMemberLimit = 20
        let (b, c, d) = (try world.startNow(2, settings), try world.startNow(3), try world.startNow(4))
        let (fromC, fromD) = (Record<Int>(), Record<Int>())
        let toC = c.reference(to: try b.system.spawn(Stories.collector(fromC), name: "c"))
        let toD = d.reference(to: try b.system.spawn(Stories.collector(fromD), name: "d"))
        b.remoting.expect(c.system.unique)
        toC.tell(0)
        toD.tell(0)
        #expect(world.run { fromC.count == 1 && fromD.count == 1 })
        let raw = RawHost(66, in: world.world)
        var peers: [RawPeer] = []
        for number in 1...200 {
            peers.append(greet(number, raw, b))
            toC.tell(number)
            toD.tell(number)
            world.run(for: .milliseconds(20))
            #expect(b.remoting.snapshots.count <= 21)
        }
        #expect(peers.last?.frames.first == .welcome)
        #expect(peers.count { $0.log.count > 1 } >= 180)
        #expect(fromC.count == 201 && fromD.count == 201)
        #expect(c.remoting.snapshots.first?.reconnects == 0 && d.remoting.snapshots.first?.reconnects == 0)
        world.world.dispose()
    }

    @Test("What waits for places that do not answer is bounded for all of them together, counted, and given up")
    func silentPlaces() throws {
        let world = SimulatedTestWorld(seed: 3)
        var settings = RemotingSettings()
        settings.nonMemberBytes = 1_000_000
        settings.nonMemberQueue = QueueLimits(count: 100, bytes: 50_000)
        let (a, b) = (try world.startNow(1, settings), try world.startNow(2))
        let text = String(repeating: "x", count: 10_000)
        for round in 0..<10 {
            for number in 0..<100 {
                let place = NodeAddress(host: "127.0.1.\(number)", port: 1)
                a.published(["system", "r"], at: place, as: String.self).tell(text)
            }
            #expect(a.remoting.nonMemberBudget.taken <= 1_000_000, "round \(round)")
            world.run(for: .milliseconds(100))
        }
        #expect(a.lost(.bufferFull) > 800)
        // A peer that does answer is served.
        let got = Record<Int>()
        a.reference(to: try b.system.spawn(Stories.collector(got), name: "r")).tell(1)
        world.run(for: .seconds(200))
        #expect(a.lost(.bufferFull) + a.lost(.unreachable) >= 1000)
        #expect(a.remoting.nonMemberBudget.taken == 0)
        #expect(a.remoting.snapshots.count <= 1)
        world.world.dispose()
    }

    @Test("A reference outlives the association that it used", arguments: [UInt64(1), 2, 3])
    func revived(seed: UInt64) throws {
        let world = SimulatedTestWorld(seed: seed)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let got = Record<Int>()
        _ = try b.system.spawnSystem(Stories.collector(got), name: "r")
        let remote = a.published(["system", "r"], at: b.address, as: Int.self)
        remote.tell(1)
        #expect(world.run { got.count == 1 })
        b.kill()
        world.run(for: .seconds(100))
        #expect(a.remoting.snapshots.isEmpty)
        let second = try world.startNow(2)
        _ = try second.system.spawnSystem(Stories.collector(got), name: "r")
        if seed == 2 { second.remoting.keep(a.address) }
        world.run(for: .seconds(1))
        remote.tell(2)
        remote.tell(3)
        #expect(world.run(.seconds(5)) { got.all == [1, 2, 3] })
        #expect(a.remoting.snapshots.count == 1)
        world.world.dispose()
    }

    @Test("A member's association stays while the member does, and is forgotten some minutes after it was removed")
    func members() throws {
        let world = SimulatedTestWorld(seed: 4)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        a.remoting.expect(b.system.unique)
        let got = Record<Int>()
        a.reference(to: try b.system.spawn(Stories.collector(got), name: "r")).tell(1)
        #expect(world.run { got.count == 1 })
        b.kill()
        world.run(for: .seconds(600))
        #expect(a.remoting.snapshots.count == 1)
        a.remoting.nodeRemoved(b.system.unique)
        world.run(for: .seconds(300))
        #expect(a.remoting.snapshots.count == 1)
        world.run(for: .seconds(600))
        #expect(a.remoting.snapshots.isEmpty)
        #expect(world.world.runToQuiescence(limit: 1000) == .quiescent)
        world.world.dispose()
    }
}
