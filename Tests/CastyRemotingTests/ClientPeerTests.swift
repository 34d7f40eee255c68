import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import CastySimulator
import NIOCore
import Synchronization
import Testing

@testable import CastyRemoting

/// Peers that state to be no node, which is the least that credentials allow: they get nothing that belongs to others.
@Suite("Peers that are no nodes", .timeLimit(.minutes(10)))
struct ClientPeerTests {
    /// Two nodes that talk, and a host that speaks as a client.
    private struct Scene {
        let world = SimulatedTestWorld(seed: 1)
        let a: TestNode
        let b: TestNode
        let raw: RawHost
        let got = Record<Int>()
        let remote: ActorRef<Int>

        init() throws {
            (a, b) = (try world.startNow(1), try world.startNow(2))
            raw = RawHost(66, in: world.world)
            remote = a.reference(to: try b.system.spawn(Stories.collector(got), name: "r"))
            remote.tell(0)
            world.run { [got] in got.count == 1 }
        }

        /// A connection to the first node, or to another one, on which a client introduces itself.
        func client(_ name: UniqueAddress, _ capabilities: Capabilities = Capabilities(observe: true)) -> RawPeer {
            let peer = raw.dial(a.address)
            peer.hello(from: name, to: a.address, capabilities)
            world.run(for: .milliseconds(100))
            return peer
        }

        /// The two still talk, over the same connections as before.
        func isUndisturbed() -> Bool {
            let before = got.count
            remote.tell(before)
            return world.run(.seconds(2)) { got.count == before + 1 }
                && a.remoting.snapshots.allSatisfy { $0.reconnects == 0 }
        }

        func end() { world.world.dispose() }
    }

    private static func name(_ incarnation: UInt64) -> UniqueAddress {
        UniqueAddress(address: ClientName.address("client", incarnation: incarnation), incarnation: incarnation)
    }

    @Test(
        "A client that states a node's address and incarnation is refused, whichever connection it asks for",
        arguments: [
            Capabilities(observe: true), Capabilities(observe: true, isProbeConnection: true),
            Capabilities(observe: true, lanes: .control), Capabilities(observe: true, lanes: .user),
        ])
    func nodesName(_ capabilities: Capabilities) throws {
        let scene = try Scene()
        let peer = scene.client(scene.b.system.unique, capabilities)
        #expect(peer.refusal == .notAllowed)
        #expect(scene.isUndisturbed())
        scene.end()
    }

    @Test("A peer that states to be a node, at port 0 or under a client's name, is refused")
    func nodeWithoutPort() throws {
        let scene = try Scene()
        let name = Self.name(5)
        let client = scene.client(name)
        #expect(client.frames.first == .welcome)
        let peer = scene.client(name, Capabilities())
        #expect(peer.refusal == .notAllowed)
        #expect(client.log == ["opened"])
        scene.end()
    }

    @Test("A client's name is bound to its incarnation: no other client gets its replies, and it may come back itself")
    func anothersName() throws {
        let scene = try Scene()
        let name = Self.name(5)
        let first = scene.client(name)
        #expect(first.frames.first == .welcome)
        let thief = scene.client(UniqueAddress(address: name.address, incarnation: 6))
        #expect(thief.refusal == .notAllowed)
        #expect(first.log == ["opened"])
        let again = scene.client(name)
        #expect(again.frames.first == .welcome)
        #expect(first.log == ["opened", "closed reset"])
        scene.end()
    }

    @Test("A client's probe connection is refused, also where it is known")
    func probeConnection() throws {
        let scene = try Scene()
        _ = scene.client(Self.name(5))
        let probe = scene.client(Self.name(5), Capabilities(observe: true, isProbeConnection: true))
        #expect(probe.refusal == .busy)
        scene.end()
    }

    @Test("A client's frame that is refused ends no ask but its own, whichever one it names")
    func foreignAsks() throws {
        let scene = try Scene()
        let outcome = Record<AskError.Code>()
        let silent = scene.a.reference(
            to: try scene.b.system.spawn(Behavior<Question>.receive { _, _ in .same }, name: "silent"))
        let asked = Record<ActorAddress>()
        _ = scene.a.system.ask(
            silent, within: .seconds(60),
            {
                asked.add($0.address)
                return Question(number: 1, replyTo: $0)
            },
            completion: { (result: Result<Int, AskError>) in
                if case .failure(let error) = result { outcome.add(error.code) }
            })
        let ask = try #require(asked.all.first)
        let name = Self.name(5)
        let client = scene.client(name)
        let target = ActorAddress(
            system: scene.a.system.name, node: scene.a.address, path: ["user", "anything"], uid: 0)
        // To the node itself that is asked, and to a node that has the question of another one.
        client.send(FrameHeader(.user, target: target, sender: ask, type: "int"), [1], lane: .user)
        let other = scene.raw.dial(scene.b.address)
        other.hello(from: name, to: scene.b.address, Capabilities(observe: true))
        scene.world.run(for: .milliseconds(100))
        let there = ActorAddress(system: target.system, node: scene.b.address, path: target.path, uid: 0)
        other.send(FrameHeader(.user, target: there, sender: ask, type: "int"), [1], lane: .user)
        scene.world.run(for: .seconds(1))
        #expect(scene.a.lost(.notMember) == 1 && scene.b.lost(.notMember) == 1)
        #expect(outcome.count == 0)
        // Its own ask, by number.
        client.send(FrameHeader(.control, target: target, type: "int", correlation: 7), [1])
        scene.world.run(for: .seconds(1))
        #expect(scene.a.waitingSignals(for: name.address) == 1)
        scene.end()
    }

    @Test("A client's signals have no effect")
    func signals() throws {
        let scene = try Scene()
        let ends = Record<String>()
        let name = Self.name(5)
        let client = scene.client(name)
        let foreign: ActorRef<Int> = scene.a.system.reference(
            to: ActorAddress(system: scene.a.system.name, node: name.address, path: ["user", "x"], uid: 9))
        _ = try scene.a.system.spawn(Stories.watcher(of: foreign, ends), name: "watcher")
        scene.world.run(for: .milliseconds(100))
        let watches =
            scene.a.remoting.known(name.address)?.state.withLock { $0.watches.removeAll() } ?? []
        let watch = try #require(watches.first)
        scene.a.remoting.known(name.address)?.state.withLock {
            $0.watches.insert(watcher: watch.watcher, watched: watch.watched)
        }
        var bytes = ByteBufferBytes()
        bytes.write(.terminated(watcher: watch.watcher.address, watched: foreign.address, .stopped))
        client.send(FrameHeader(.system, correlation: 1), bytes.all)
        scene.world.run(for: .milliseconds(100))
        #expect(ends.count == 0)
        #expect(client.log == ["opened"])
        scene.end()
    }

    @Test("The digest in a client's name is that of SHA-256")
    func digest() {
        func hex(_ text: String) -> String {
            SHA256.hash(Array(text.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        // FIPS 180-4, examples; the last one needs two blocks.
        #expect(hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(ClientName.isName(of: Self.name(5)) && ClientName.isName(of: Self.name(.max)))
        #expect(!ClientName.isName(of: UniqueAddress(address: Self.name(5).address, incarnation: 7)))
    }
}
