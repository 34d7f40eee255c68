import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import CastySimulator
import Synchronization
import Testing

@testable import CastyRemoting

/// Peers that do not keep to the protocol, or belong elsewhere: they end alone, and no other peer is disturbed.
@Suite(.timeLimit(.minutes(10)))
struct HostileTests {
    /// Two nodes that talk, and a host that can do what it likes.
    private struct Scene {
        let world: SimulatedTestWorld
        let a: TestNode
        let b: TestNode
        let raw: RawHost
        let got = Record<Int>()
        let remote: ActorRef<Int>

        init(seed: UInt64, _ settings: RemotingSettings = RemotingSettings()) throws {
            world = SimulatedTestWorld(seed: seed)
            (a, b) = (try world.startNow(1, settings), try world.startNow(2, settings))
            raw = RawHost(66, in: world.world)
            remote = a.reference(to: try b.system.spawn(Stories.collector(got), name: "r"))
            remote.tell(0)
            world.run { [got] in got.count == 1 }
        }

        /// The two still talk, over the same connection as before.
        func isUndisturbed() -> Bool {
            let before = got.count
            remote.tell(before)
            return world.run(.seconds(2)) { got.count == before + 1 } && a.remoting.snapshots.first?.reconnects == 0
        }
    }

    @Test("Bytes that are no frames end that connection and nothing else", arguments: Array(UInt64(1)...50))
    func garbage(seed: UInt64) throws {
        let scene = try Scene(seed: seed)
        var generator = scene.world.world.stream("garbage")
        let peer = scene.raw.dial(scene.b.address)
        peer.send((0..<1 + generator.below(300)).map { _ in UInt8(generator.below(256)) })
        #expect(scene.isUndisturbed())
        scene.world.run(for: .seconds(6))
        #expect(peer.log.count == 2, "closed at once or at the deadline: seed \(seed), \(peer.log)")
        #expect(scene.isUndisturbed())
        scene.world.world.dispose()
    }

    @Test(
        "A frame above the limit, or with a wrong checksum, ends its connection after the handshake too",
        arguments: [0, 1, 2])
    func badFrames(kind: Int) throws {
        let scene = try Scene(seed: 1)
        let peer = scene.raw.dial(scene.b.address)
        peer.hello(from: scene.raw.identity, to: scene.b.address)
        scene.world.run(for: .milliseconds(100))
        #expect(peer.frames.first == .welcome)
        #expect(scene.b.remoting.isConnected(scene.raw.identity.address))
        switch kind {
        case 0: peer.send([0x7F, 0xFF, 0xFF, 0xFF])
        case 1: peer.send([0, 0, 0, 9, 1, 8, 0, 3, 1, 2, 3, 4, 0])
        default: peer.send(FrameHeader(.hello))
        }
        scene.world.run(for: .milliseconds(100))
        #expect(peer.log == ["opened", "closed reset"])
        #expect(!scene.b.remoting.isConnected(scene.raw.identity.address))
        #expect(scene.isUndisturbed())
        scene.world.world.dispose()
    }

    @Test("Who says nothing is closed at the deadline of the handshake")
    func halfOpen() throws {
        let scene = try Scene(seed: 1)
        let peers = (0..<1000).map { _ in scene.raw.dial(scene.b.address) }
        scene.world.run(for: .milliseconds(100))
        // A node that comes meanwhile finds a place.
        let c = try scene.world.startNow(3)
        let remote = c.reference(to: try scene.b.system.spawn(Stories.collector(scene.got), name: "r2"))
        remote.tell(1)
        #expect(scene.world.run(.seconds(1)) { scene.got.count == 2 })
        #expect(scene.b.remoting.state.withLock { $0.pendingHandshakes.count } <= c.remoting.settings.pendingHandshakes)
        scene.world.run(for: .seconds(6))
        #expect(peers.allSatisfy { $0.log == ["opened", "closed reset"] })
        #expect(scene.b.remoting.state.withLock { $0.pendingHandshakes.isEmpty })
        #expect(scene.isUndisturbed())
        scene.world.world.dispose()
    }

    @Test("A host that opens many connections and says nothing displaces its own, and not a slow one of another host")
    func crowded() throws {
        let scene = try Scene(seed: 1)
        let slow = RawHost(8, in: scene.world.world)
        let patient = slow.dial(scene.b.address)
        scene.world.run(for: .milliseconds(10))
        let crowd = (0..<1000).map { _ in scene.raw.dial(scene.b.address) }
        scene.world.run(for: .milliseconds(100))
        let limit = scene.b.remoting.settings.pendingHandshakes
        #expect(crowd.count { $0.log == ["opened", "closed reset"] } == 1001 - limit)
        #expect(patient.log == ["opened"])
        patient.hello(from: slow.identity, to: scene.b.address)
        scene.world.run(for: .milliseconds(100))
        #expect(patient.frames.first == .welcome)
        #expect(scene.isUndisturbed())
        scene.world.world.dispose()
    }

    @Test("A hello for another cluster, version or place is refused with its reason")
    func refusals() throws {
        let scene = try Scene(seed: 1)
        let (raw, b) = (scene.raw, scene.b)
        func reason(_ introduce: (RawPeer) -> Void) -> RefusalReason? {
            let peer = raw.dial(b.address)
            introduce(peer)
            scene.world.run(for: .milliseconds(50))
            #expect(peer.log == ["opened", "closed"])
            return peer.refusal
        }
        #expect(reason { $0.hello(from: raw.identity, to: b.address, cluster: "other") } == .wrongCluster)
        #expect(reason { $0.hello(from: raw.identity, to: b.address, version: 99) } == .wrongVersion)
        #expect(reason { $0.hello(from: raw.identity, to: scene.a.address) } == .notAddressed)
        #expect(b.remoting.refusals(.wrongCluster) == 1 && b.remoting.refusals(.wrongVersion) == 1)
        #expect(b.remoting.snapshots.count == 1)
        #expect(scene.isUndisturbed())
        scene.world.world.dispose()
    }

    @Test("A node of another cluster gets a refusal at each attempt, and disturbs no member")
    func wrongCluster() throws {
        let scene = try Scene(seed: 1)
        let foreign = try scene.world.startNow(3, name: "other")
        let failures = Record<TransportError.Code>()
        foreign.remoting.hooks = RemotingHooks(connectFailed: { _, error in failures.add(error.code) })
        foreign.remoting.keep(scene.b.address)
        scene.world.run(for: .seconds(5))
        #expect(failures.count > 3 && failures.all.allSatisfy { $0 == .refused })
        #expect(!foreign.remoting.isConnected(scene.b.address))
        #expect(scene.isUndisturbed())
        scene.world.world.dispose()
    }

    @Test("A peer speaks for its own actors only, and a signal out of turn ends the connection")
    func forgedSignals() throws {
        let scene = try Scene(seed: 1)
        let ends = Record<String>()
        _ = try scene.a.system.spawn(Stories.watcher(of: scene.remote, ends), name: "watcher")
        scene.world.run(for: .milliseconds(100))
        let peer = scene.raw.dial(scene.a.address)
        peer.hello(from: scene.raw.identity, to: scene.a.address)
        scene.world.run(for: .milliseconds(100))
        let watchers =
            scene.a.remoting.association(with: scene.b.address)?.state.withLock { $0.watches.removeAll() } ?? []
        scene.a.remoting.association(with: scene.b.address)?.state.withLock { state in
            for watch in watchers { state.watches.insert(watcher: watch.watcher, watched: watch.watched) }
        }
        let watch = try #require(watchers.first)
        func forged(_ number: UInt64) {
            var bytes = ByteBufferBytes()
            bytes.write(.terminated(watcher: watch.watcher.address, watched: scene.remote.address, .stopped))
            peer.send(FrameHeader(.system, correlation: number), bytes.all)
        }
        forged(1)
        scene.world.run(for: .milliseconds(100))
        #expect(ends.count == 0)
        #expect(peer.log == ["opened"])
        forged(5)
        scene.world.run(for: .milliseconds(100))
        #expect(peer.log == ["opened", "closed reset"])
        #expect(scene.isUndisturbed())
        scene.world.world.dispose()
    }

    @Test("The number of dialled addresses is bounded, whatever references arrive")
    func manyPlaces() throws {
        var settings = RemotingSettings()
        settings.associationLimit = 10
        let scene = try Scene(seed: 1, settings)
        for number in 100..<150 {
            let place = NodeAddress(host: "127.0.0.\(number)", port: 1)
            scene.a.published(["system", "r"], at: place, as: Int.self).tell(1)
        }
        #expect(scene.a.remoting.snapshots.count == 10)
        #expect(scene.a.lost(.unreachable) == 41)
        #expect(scene.isUndisturbed())
        scene.world.world.dispose()
    }

    @Test("A hello under a known node's address and another incarnation changes nothing: the address is asked")
    func claimedName() throws {
        let scene = try Scene(seed: 1)
        let introduced = Record<UniqueAddress>()
        scene.b.remoting.hooks = RemotingHooks(peerIncarnation: { introduced.add($0) })
        let claimed = UniqueAddress(address: scene.a.address, incarnation: scene.a.system.unique.incarnation &+ 1)
        let claims = (0..<3).map { _ in
            let peer = scene.raw.dial(scene.b.address)
            peer.hello(from: claimed, to: scene.b.address)
            scene.world.run(for: .milliseconds(100))
            return peer
        }
        #expect(claims.map(\.refusal) == [.busy, .wrongIncarnation, .wrongIncarnation])
        #expect(scene.b.remoting.incarnation(at: scene.a.address) == scene.a.system.unique)
        #expect(introduced.all.allSatisfy { $0 == scene.a.system.unique })
        #expect(scene.isUndisturbed())
        scene.world.world.dispose()
    }

    @Test(
        "A hello under a known node's address and its own incarnation, from another host, takes none of its connections",
        arguments: [ConnectionLanes.both, .control, .user])
    func sameIncarnation(_ lanes: ConnectionLanes) throws {
        let scene = try Scene(seed: 1)
        let back = Record<Int>()
        // Connections of both lanes and in both directions.
        let answer = scene.b.reference(to: try scene.a.system.spawn(Stories.collector(back), name: "back"))
        answer.tell(0)
        scene.a.remoting.keep(scene.b.address)
        #expect(scene.world.run(.seconds(1)) { back.count == 1 })
        scene.world.run(for: .seconds(1))
        for (claimed, target) in [(scene.a, scene.b), (scene.b, scene.a)] {
            let peer = scene.raw.dial(target.address)
            peer.hello(from: claimed.system.unique, to: target.address, Capabilities(lanes: lanes))
            scene.world.run(for: .milliseconds(200))
            #expect(peer.refusal == .duplicate)
        }
        #expect(scene.isUndisturbed())
        answer.tell(1)
        #expect(scene.world.run(.seconds(1)) { back.count == 2 })
        scene.world.world.dispose()
    }

    @Test("If the claimed address does not answer, nothing changes")
    func unansweredClaim() throws {
        let scene = try Scene(seed: 1)
        let first = scene.raw.identity
        let second = UniqueAddress(address: first.address, incarnation: 4712)
        let (old, new) = (scene.raw.dial(scene.b.address), scene.raw.dial(scene.b.address))
        old.hello(from: first, to: scene.b.address)
        scene.world.run(for: .milliseconds(50))
        new.hello(from: second, to: scene.b.address)
        scene.world.run(for: .seconds(4))
        #expect(old.frames.first == .welcome && old.log == ["opened"])
        #expect(new.refusal == .busy)
        #expect(scene.b.remoting.incarnation(at: first.address) == first)
        scene.world.world.dispose()
    }

    @Test(
        "The hello of a dead incarnation that is read late parts no one from the living one",
        arguments: [false, true])
    func lateHello(isRead lastOfAll: Bool) throws {
        let scene = try Scene(seed: 1)
        let dead = UniqueAddress(address: NodeAddress(host: "127.0.0.3", port: 25520), incarnation: 1)
        let late = scene.raw.dial(scene.b.address)
        if !lastOfAll {
            late.hello(from: dead, to: scene.b.address)
            scene.world.run(for: .milliseconds(100))
        }
        let c = try scene.world.startNow(3)
        let remote = c.reference(to: try scene.b.system.spawn(Stories.collector(scene.got), name: "r2"))
        remote.tell(1)
        #expect(scene.world.run(.seconds(1)) { scene.got.count == 2 })
        if lastOfAll { late.hello(from: dead, to: scene.b.address) }
        scene.world.run(for: .milliseconds(200))
        #expect(scene.b.remoting.incarnation(at: c.address) == c.system.unique)
        remote.tell(2)
        #expect(scene.world.run(.seconds(1)) { scene.got.count == 3 })
        scene.world.world.dispose()
    }

    @Test("A decoder knows who sent a message, so that no node can speak in the name of another")
    func forgedSender() throws {
        let scene = try Scene(seed: 1)
        let heard = Record<UniqueAddress>()
        let judge = scene.a.reference(
            to: try scene.b.system.spawn(
                Behavior<Signed>.receive { _, message in
                    heard.add(message.from)
                    return .same
                }, name: "judge"))
        judge.tell(Signed(from: scene.raw.identity))
        judge.tell(Signed(from: scene.a.system.unique))
        judge.tell(Signed(from: scene.b.system.unique))
        #expect(scene.world.run(.seconds(2)) { heard.count == 1 })
        #expect(scene.isUndisturbed())
        #expect(heard.all == [scene.a.system.unique])
        #expect(scene.b.lost(.undecodable) == 2)
        scene.world.world.dispose()
    }
}
