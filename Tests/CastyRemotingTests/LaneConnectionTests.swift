import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import CastySimulator
import Synchronization
import Testing

@testable import CastyRemoting

/// The two connections of an association: each is opened, lost and found again without the other.
@Suite(.timeLimit(.minutes(10)))
struct LaneConnectionTests {
    /// Two nodes that have talked on both lanes.
    private final class Scene {
        let world: SimulatedTestWorld
        let a: TestNode
        let b: TestNode
        let user = Record<Int>()
        let control = Record<Int>()
        let remote: ActorRef<Int>
        let system: ActorRef<Int>

        init(seed: UInt64, _ settings: RemotingSettings = RemotingSettings()) throws {
            world = SimulatedTestWorld(seed: seed)
            (a, b) = (try world.startNow(1, settings), try world.startNow(2, settings))
            remote = a.reference(to: try b.system.spawn(Stories.collector(user), name: "r"))
            _ = try b.system.spawnSystem(Stories.collector(control), name: "r")
            system = a.published(["system", "r"], at: b.address, as: Int.self)
            remote.tell(0)
            system.tell(0)
            world.run { [user, control] in user.count == 1 && control.count == 1 }
        }

        func link(_ lane: FrameLane, of node: TestNode) -> CastyRemoting.Link? {
            let place = node.address == a.address ? b.address : a.address
            return node.remoting.known(place)?.state.withLock { state -> CastyRemoting.Link? in
                if case .active(let link) = state[lane].phase { link } else { nil }
            }
        }

        func reset(_ lane: FrameLane) { link(lane, of: a)?.shared.withLock { $0.connection }?.reset() }

        func connections(_ lane: FrameLane) -> Int {
            a.remoting.known(b.address)?.state.withLock { $0[lane].connections } ?? 0
        }

        func end() { world.world.dispose() }
    }

    @Test("Each lane has a connection of its own")
    func two() throws {
        let scene = try Scene(seed: 1)
        for node in [scene.a, scene.b] {
            let (control, user) = (scene.link(.control, of: node), scene.link(.user, of: node))
            #expect(control != nil && user != nil && control !== user)
        }
        #expect(scene.a.remoting.snapshots.first?.reconnects == 0)
        scene.end()
    }

    @Test("One lane's connection is lost and comes again without the other", arguments: [FrameLane.control, .user])
    func oneLost(lane: FrameLane) throws {
        let scene = try Scene(seed: 2)
        let lost = Record<UniqueAddress>()
        scene.a.remoting.hooks = RemotingHooks(connectionLost: { lost.add($0) })
        let ends = Record<String>()
        let watched = try scene.b.system.spawn(Behavior<Int>.receive { _, _ in .stopped }, name: "watched")
        _ = try scene.a.system.spawn(Stories.watcher(of: scene.a.reference(to: watched), ends), name: "watcher")
        scene.world.run(for: .seconds(1))
        scene.reset(lane)
        scene.world.run(for: .milliseconds(10))
        watched.tell(1)
        for number in 1...50 {
            scene.remote.tell(number)
            scene.system.tell(number)
        }
        #expect(scene.world.run { scene.user.count == 51 && scene.control.count == 51 && ends.count == 1 })
        #expect(scene.user.all == Array(0...50) && scene.control.all == Array(0...50))
        #expect(lost.all == [scene.b.system.unique])
        #expect(scene.connections(lane) == 2)
        #expect(scene.connections(lane == .user ? .control : .user) == 1)
        scene.end()
    }

    @Test(
        "Where both ends dial both lanes at once, one connection for each lane is left, and nothing is lost",
        arguments: Array(UInt64(1)...40))
    func simultaneous(seed: UInt64) throws {
        let world = SimulatedTestWorld(seed: seed)
        let (a, b) = (try world.startNow(1), try world.startNow(2))
        let records = (0..<4).map { _ in Record<Int>() }
        var targets: [ActorRef<Int>] = []
        for (index, (from, to)) in [(a, b), (b, a)].enumerated() {
            targets.append(from.reference(to: try to.system.spawn(Stories.collector(records[index * 2]), name: "r")))
            _ = try to.system.spawnSystem(Stories.collector(records[index * 2 + 1]), name: "r")
            targets.append(from.published(["system", "r"], at: to.address, as: Int.self))
        }
        for number in 0..<20 {
            for target in targets { target.tell(number) }
        }
        #expect(world.run { records.allSatisfy { $0.count == 20 } }, "seed \(seed)")
        world.run(for: .seconds(2))
        for record in records { #expect(record.all == Array(0..<20), "seed \(seed)") }
        for (node, other) in [(a, b), (b, a)] {
            let counts = node.remoting.known(other.address)?.state.withLock {
                ($0.control.connections, $0.user.connections)
            }
            #expect(counts?.0 == 1 && counts?.1 == 1, "seed \(seed)")
        }
        world.world.dispose()
    }

    @Test("On a line of 4 kB/s a control message does not wait behind a full user queue", arguments: [UInt64(1), 2, 3])
    func narrow(seed: UInt64) throws {
        let scene = try Scene(seed: seed)
        scene.world.world.network.changeAll { $0.bandwidth = 4000 }
        for number in 1...20_000 { scene.remote.tell(number) }
        scene.world.run(for: .seconds(20))
        for number in 1...20 {
            scene.system.tell(number)
            // Twice the time that its bytes take, because it has half of the line.
            #expect(scene.world.run(.milliseconds(100)) { scene.control.count == number + 1 }, "seed \(seed)")
            scene.world.run(for: .milliseconds(500))
        }
        #expect(scene.user.count < 10_000)
        scene.end()
    }

    @Test("With both lanes on one connection it does: the line shows what the second connection is for")
    func mixed() throws {
        var settings = RemotingSettings()
        settings.mixesLanes = true
        let scene = try Scene(seed: 1, settings)
        scene.world.world.network.changeAll { $0.bandwidth = 4000 }
        for number in 1...20_000 { scene.remote.tell(number) }
        scene.world.run(for: .seconds(20))
        scene.system.tell(1)
        #expect(!scene.world.run(.seconds(5)) { scene.control.count == 2 })
        scene.end()
    }

    @Test("What is sent on the other lane's connection closes it", arguments: [ConnectionLanes.control, .user])
    func wrongLane(lanes: ConnectionLanes) throws {
        let scene = try Scene(seed: 3)
        let raw = RawHost(66, in: scene.world.world)
        let peer = raw.dial(scene.b.address)
        peer.hello(from: raw.identity, to: scene.b.address, Capabilities(lanes: lanes))
        scene.world.run(for: .milliseconds(100))
        #expect(peer.frames.first == .welcome)
        let target = ActorAddress(system: "test", node: scene.b.address, path: ["system", "r"], uid: 0)
        if lanes == .user {
            peer.send(FrameHeader(.control, target: target, type: "int", codec: .json), Array("1".utf8))
        } else {
            peer.send(
                FrameHeader(.user, target: target, type: "int", codec: .json), Array("1".utf8), lane: .user)
        }
        scene.world.run(for: .milliseconds(100))
        #expect(peer.log == ["opened", "closed reset"])
        #expect(scene.control.count == 1)
        scene.end()
    }
}
