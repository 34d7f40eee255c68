import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import CastySimulator
import NIOCore
import Synchronization
import Testing

@testable import CastyRemoting

/// Connections for one question, beside the one that stands.
@Suite(.timeLimit(.minutes(10)))
struct ProbeConnectionTests {
    /// Two nodes that talk, of which the second answers the probe connections of the first.
    private final class Scene {
        let world: SimulatedTestWorld
        let a: TestNode
        let b: TestNode
        let got = Record<Int>()
        let asked = Record<String>()
        let answered = Record<String>()
        let remote: ActorRef<Int>

        init(seed: UInt64) throws {
            world = SimulatedTestWorld(seed: seed)
            let (a, b) = (try world.startNow(1), try world.startNow(2))
            (self.a, self.b) = (a, b)
            remote = a.reference(to: try b.system.spawn(Stories.collector(got), name: "r"))
            let (asked, answered) = (asked, answered)
            _ = try b.system.spawnSystem(
                Behavior<String>.receive { _, question in
                    asked.add(question)
                    b.remoting.answer(a.system.unique, at: ProbeConnectionTests.service(of: a), question + "!")
                    return .same
                }, name: "service")
            _ = try a.system.spawnSystem(
                Behavior<String>.receive { _, answer in
                    answered.add(answer)
                    return .same
                }, name: "service")
            remote.tell(0)
            world.run { [got] in got.count == 1 }
        }

        func probeConnection(_ text: String) {
            a.remoting.probeConnection(b.system.unique, at: ProbeConnectionTests.service(of: b), text)
        }

        func connections(_ node: TestNode, with other: TestNode) -> Int {
            node.remoting.association(with: other.address)?.state.withLock { $0.probeConnections.count } ?? 0
        }

        func end() { world.world.dispose() }
    }

    private static func service(of node: TestNode) -> ActorAddress {
        ActorAddress(system: node.system.name, node: node.address, path: ["system", "service"], uid: 0)
    }

    @Test(
        "A probe connection is answered though the association stalls; messages on the association wait, and none is lost",
        arguments: Array(UInt64(1)...20))
    func stalled(seed: UInt64) throws {
        let scene = try Scene(seed: seed)
        scene.world.world.network.link(from: "127.0.0.1", to: "127.0.0.2").stall(for: .seconds(6))
        for number in 1...50 { scene.remote.tell(number) }
        scene.probeConnection("a")
        #expect(scene.world.run(.milliseconds(100)) { scene.answered.all == ["a!"] }, "seed \(seed)")
        #expect(scene.got.count == 1)
        scene.world.run(for: .seconds(1))
        #expect(scene.connections(scene.a, with: scene.b) == 0 && scene.connections(scene.b, with: scene.a) == 0)
        #expect(scene.world.run(.seconds(6)) { scene.got.count == 51 }, "seed \(seed)")
        #expect(scene.got.all == Array(0...50))
        #expect(scene.a.remoting.snapshots.first?.reconnects == 0)
        scene.end()
    }

    @Test("To a node that hangs at most four probe connections are under way, and none for longer than two seconds")
    func frozen() throws {
        let scene = try Scene(seed: 1)
        scene.world.nodes[1].freeze()
        for number in 0..<20 {
            scene.probeConnection("\(number)")
            scene.world.run(for: .milliseconds(10))
        }
        #expect(scene.connections(scene.a, with: scene.b) == 4)
        scene.world.run(for: .seconds(2))
        #expect(scene.connections(scene.a, with: scene.b) == 0)
        scene.world.nodes[1].thaw()
        scene.world.run(for: .seconds(3))
        #expect(scene.connections(scene.b, with: scene.a) == 0)
        scene.probeConnection("again")
        #expect(scene.world.run(.seconds(1)) { scene.answered.all == ["again!"] })
        scene.end()
    }

    @Test("A probe connection to a former incarnation reaches no node")
    func restarted() throws {
        let scene = try Scene(seed: 1)
        let former = scene.b.system.unique
        scene.b.kill()
        scene.world.run(for: .seconds(1))
        let successor = try scene.world.startNow(2)
        let got = Record<String>()
        _ = try successor.system.spawnSystem(
            Behavior<String>.receive { _, text in
                got.add(text)
                return .same
            }, name: "service")
        scene.a.remoting.probeConnection(former, at: Self.service(of: successor), "late")
        scene.world.run(for: .seconds(5))
        #expect(got.count == 0 && scene.connections(scene.a, with: successor) == 0)
        scene.end()
    }

    @Test(
        "Who has not introduced itself otherwise may not probe, and a probe connection carries nothing but control messages"
    )
    func hostile() throws {
        let scene = try Scene(seed: 1)
        let raw = RawHost(66, in: scene.world.world)
        let dialling = Capabilities(isProbeConnection: true)
        let unknown = raw.dial(scene.b.address)
        unknown.hello(from: raw.identity, to: scene.b.address, dialling)
        scene.world.run(for: .milliseconds(100))
        #expect(unknown.refusal == .busy)
        #expect(scene.b.remoting.known(raw.identity.address) == nil)

        let known = raw.dial(scene.b.address)
        known.hello(from: raw.identity, to: scene.b.address)
        scene.world.run(for: .milliseconds(100))
        let probeConnections = (0..<9).map { _ in
            let dialler = raw.dial(scene.b.address)
            dialler.hello(from: raw.identity, to: scene.b.address, dialling)
            scene.world.run(for: .milliseconds(50))
            return dialler
        }
        #expect(probeConnections.map(\.log.count) == [2, 2, 2, 2, 2, 1, 1, 1, 1], "the oldest make room")
        #expect(probeConnections.last?.frames == [.welcome])
        probeConnections.last?.send(
            FrameHeader(.user, target: Self.service(of: scene.b), type: "string", codec: .binary), [1, 97])
        scene.world.run(for: .milliseconds(100))
        #expect(probeConnections.last?.log.count == 2 && scene.asked.count == 0)
        scene.world.run(for: .seconds(3))
        #expect(probeConnections.allSatisfy { $0.log.count == 2 } && known.log == ["opened"])
        scene.end()
    }

    @Test("No node can speak in the name of another node on a probe connection, in either direction")
    func forged() throws {
        let scene = try Scene(seed: 1)
        let (a, b) = (scene.a, scene.b)
        let (strange, heard, answered) = (
            RawHost(66, in: scene.world.world).identity, Record<UniqueAddress>(), Record<UniqueAddress>()
        )
        func judge(_ node: TestNode) -> ActorAddress {
            ActorAddress(system: node.system.name, node: node.address, path: ["system", "judge"], uid: 0)
        }
        let there = judge(a)
        _ = try b.system.spawnSystem(
            Behavior<Signed>.receive { _, message in
                heard.add(message.from)
                b.remoting.answer(a.system.unique, at: there, Signed(from: strange))
                b.remoting.answer(a.system.unique, at: there, Signed(from: b.system.unique))
                return .same
            }, name: "judge")
        _ = try a.system.spawnSystem(
            Behavior<Signed>.receive { _, message in
                answered.add(message.from)
                return .same
            }, name: "judge")
        for sender in [strange, b.system.unique, a.system.unique] {
            a.remoting.probeConnection(b.system.unique, at: judge(b), Signed(from: sender))
            scene.world.run(for: .milliseconds(100))
        }
        #expect(heard.all == [a.system.unique] && b.lost(.undecodable) == 2)
        #expect(!answered.all.contains(strange))
        scene.end()
    }

    @Test("A connection that is given up is dialled anew, and the system's end leaves no probe connection behind")
    func reconnect() throws {
        let scene = try Scene(seed: 1)
        scene.world.world.network.link(from: "127.0.0.1", to: "127.0.0.2").stall(for: .seconds(1000))
        scene.remote.tell(1)
        scene.world.run(for: .seconds(1))
        scene.a.remoting.reconnect(UniqueAddress(address: scene.b.address, incarnation: 1))
        #expect(scene.a.remoting.snapshots.first?.reconnects == 0)
        scene.a.remoting.reconnect(scene.b.system.unique)
        scene.remote.tell(2)
        #expect(scene.world.run(.seconds(1)) { scene.got.all.last == 2 })
        scene.world.nodes[1].freeze()
        scene.probeConnection("never answered")
        scene.world.run(for: .milliseconds(10))
        #expect(scene.connections(scene.a, with: scene.b) == 1)
        let isOver = Record<Bool>()
        scene.a.remoting.shutdown { isOver.add(true) }
        #expect(scene.world.run(.seconds(3)) { isOver.count == 1 })
        #expect(scene.connections(scene.a, with: scene.b) == 0)
        scene.end()
    }
}
