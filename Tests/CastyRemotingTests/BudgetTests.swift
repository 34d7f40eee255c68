import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import CastySimulator
import NIOCore
import Testing

@testable import CastyRemoting

/// How many bytes a node holds for peers that are no members.
@Suite("Budgets of bytes", .timeLimit(.minutes(10)))
struct BudgetTests {
    @Test("A holder may have as much as is left, and n that take what they can leave one part in n + 1")
    func shares() {
        let budget = ByteBudget(1200)
        #expect(!budget.take(1201, holding: 0))
        for number in 1...3 {
            var own = 0
            while budget.take(1, holding: own) { own += 1 }
            // Of 1200: 600, then half of the rest, and again.
            #expect(own == 1200 >> number)
        }
        #expect(budget.left == 150)
        budget.force(200)
        #expect(budget.left == -50)
        #expect(!budget.take(0, holding: 0))
        budget.giveBack(1250)
        #expect(budget.taken == 0)
    }

    @Test("A connection is charged for what it holds now, and for nothing once its peer is a member or it has ended")
    func charge() {
        let budget = ByteBudget(1000)
        var (first, second) = (InboundCharge(), InboundCharge())
        func count(_ charge: inout InboundCharge, _ bytes: Int, isMember: Bool = false) -> Bool {
            charge.count(bytes, isMember: isMember, in: budget)
        }
        let grows = count(&first, 400)
        let shrinks = count(&first, 100)
        #expect(grows && shrinks && budget.taken == 100)
        let mayHave = count(&second, 450)
        let mayHaveMore = count(&second, 451)
        #expect(mayHave && !mayHaveMore && budget.taken == 550)
        let mayAsMember = count(&second, 5000, isMember: true)
        #expect(mayAsMember && budget.taken == 100)
        first.end(in: budget)
        second.end(in: budget)
        #expect(budget.taken == 0)
    }

    @Test("The window knows how many bytes its signals take")
    func signals() {
        let node = NodeAddress(host: "h", port: 1)
        func signal(_ length: Int) -> RemoteSignal {
            .unanswered(
                asker: ActorAddress(system: "s", node: node, path: ["temp"], uid: 1), .failed,
                String(repeating: "x", count: length))
        }
        var window = SignalWindow()
        for length in [10, 20, 30] { window.append(signal(length)) }
        #expect(window.bytes == [10, 20, 30].reduce(0) { $0 + signal($1).heldBytes })
        window.connectionBegan()
        window.onAcknowledgement(0)
        _ = window.take(limit: 10)
        window.onAcknowledgement(2)
        #expect(window.bytes == signal(30).heldBytes)
        window.onAcknowledgement(3)
        #expect(window.bytes == 0)
    }

    /// A node, and peers that have introduced themselves to it as nodes that are no members.
    private struct Scene {
        let world = SimulatedTestWorld(seed: 4)
        let node: TestNode
        let raw: RawHost

        init(_ settings: RemotingSettings) throws {
            node = try world.startNow(1, settings)
            raw = RawHost(66, in: world.world)
        }

        func peer(_ number: Int) -> RawPeer {
            let peer = raw.dial(node.address)
            let place = NodeAddress(host: "127.0.9.\(number)", port: 25520)
            peer.hello(from: UniqueAddress(address: place, incarnation: UInt64(number)), to: node.address)
            return peer
        }
    }

    @Test("Beginnings of frames of all non-members together are bounded; who is beyond is closed, and counted")
    func unfinished() throws {
        var settings = RemotingSettings()
        settings.nonMemberInbound = 1 << 20
        let scene = try Scene(settings)
        let peers = (1...100).map { scene.peer($0) }
        scene.world.run(for: .milliseconds(100))
        #expect(peers.allSatisfy { $0.frames.first == .welcome })
        let most = settings.nonMemberInbound
        for _ in 0..<10 {
            // The first piece announces a frame of 200 KB, and no frame is ever complete.
            for peer in peers {
                peer.send(peer.log.count == 1 ? [0, 3, 0, 0] + [UInt8](repeating: 1, count: 19_000) : [])
            }
            scene.world.run(for: .milliseconds(20))
            #expect(scene.node.remoting.inboundBudget.taken <= most)
        }
        let closed = peers.count { $0.log.last == "closed reset" }
        #expect(closed > 0 && closed < 100)
        #expect(scene.node.lost(.bufferFull) == closed)
        for peer in peers { peer.reset() }
        scene.world.run(for: .seconds(1))
        #expect(scene.node.remoting.inboundBudget.taken == 0)
        scene.world.world.dispose()
    }

    @Test("Names that non-members announce count too")
    func names() throws {
        var settings = RemotingSettings()
        settings.nonMemberInbound = 100_000
        let scene = try Scene(settings)
        let peer = scene.peer(1)
        scene.world.run(for: .milliseconds(100))
        var encoder = FrameEncoder(lane: .user)
        var bytes = ByteBuffer()
        for number in 0..<100 {
            let path = ["user", String(repeating: "n", count: 900), "\(number)"]
            let address = ActorAddress(system: "test", node: scene.node.address, path: path, uid: 0)
            // An address is announced at its second use.
            for _ in 1...2 {
                try encoder.encode(FrameHeader(.user, target: address, type: "int", codec: .json), into: &bytes) { _ in
                }
            }
        }
        peer.send(Array(bytes.readableBytesView))
        scene.world.run(for: .seconds(1))
        #expect(peer.log.last == "closed reset")
        #expect(scene.node.lost(.bufferFull) == 1)
        #expect(scene.node.remoting.inboundBudget.taken == 0)
        scene.world.world.dispose()
    }

    @Test("A non-member may not watch any number of actors: its connection is closed, and its watches end with it")
    func watches() throws {
        var settings = RemotingSettings()
        settings.nonMemberBytes = 100 * HeldWatches.bytesOfOne
        let scene = try Scene(settings)
        let watched = try scene.node.system.spawn(Behavior<Int>.ignore, name: "watched")
        let peer = scene.peer(1)
        scene.world.run(for: .milliseconds(100))
        let place = NodeAddress(host: "127.0.9.1", port: 25520)
        watched.target.willTravel()
        for number in 1...UInt64(60) {
            var bytes = ByteBufferBytes()
            let watcher = ActorAddress(system: "test", node: place, path: ["user", "w"], uid: number)
            bytes.write(.watch(watcher: watcher, watched: watched.address))
            peer.send(FrameHeader(.system, correlation: number), bytes.all)
        }
        scene.world.run(for: .milliseconds(100))
        #expect(peer.log.last == "closed reset")
        #expect(scene.node.held(for: place) == 50)
        #expect(scene.node.lost(.bufferFull) == 1)
        #expect(scene.node.remoting.nonMemberBudget.taken <= settings.nonMemberBytes)
        scene.world.world.dispose()
    }
}
