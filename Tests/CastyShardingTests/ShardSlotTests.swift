import CastyActors
import CastyCluster
import CastyCore
import CastyObservability
import CastyPlacement
import CastyRemoting
import CastySerialization
import CastySimulator
import Synchronization
import Testing

@testable import CastySharding

/// What waits for the region's actor while a route is closed, and how the route opens.
@Suite("Messages that wait for a shard's route")
struct ShardSlotTests {
    /// One shard of a node, its callers, and its region's actor, whose turns the test takes.
    private final class Scene {
        let slot = ShardSlot(0)
        let world = SimulatedWorld(seed: 1)
        let node: AssembledNode
        let payloads: PayloadCodec
        let remote: RemoteShard
        let cell: AnyActorCell
        let instance = EntityInstance(entity: "e", shard: 0, number: 1)
        /// The messages in the order in which they left, and how many there are.
        var left: [Int] = []
        var count = 0
        /// How often the actor was called.
        var calls = 0
        /// What the entity's mailbox answers.
        var answer = Delivery.accepted

        init() throws {
            let place = world.node(name: "n1", address: NodeAddress(host: "127.0.0.1", port: 1))
            node = try NodeAssembly(name: "test", address: place.address, config: ClusterConfig()).make(in: place.world)
            payloads = try node.cluster.payloadCodec("number", of: Int.self)
            try node.system.registry.register(
                RegionCommand.self, name: "casty.sharding.region", codec: RegionCommand.codec(PayloadCodecs()))
            let peer = UniqueAddress(address: NodeAddress(host: "127.0.0.2", port: 1), incarnation: 7)
            let route = EncodedRoute(
                to: ActorAddress(system: "test", node: peer.address, path: ["sharding", "number"], uid: 0),
                try node.system.registry.registration(of: RegionCommand.self), of: RegionCommand.self, node.remoting)
            let head = EnvelopeHead(from: node.system.unique, to: peer, payloads: payloads)
            let version = ShardVersion(epoch: .none, sequence: 1)
            let opened = RemoteShard(try #require(route), head, shard: 0, version: version, first: 1)
            remote = try #require(opened)
            cell = try node.system.spawn(Behavior<Int>.ignore).target
        }

        /// A caller sends the next message, as the region's entry does.
        func send(to entity: String = "e") {
            count += 1
            let message = TypedMessage(count)
            var refusing: LocalEntity?
            switch slot.way(to: entity, at: .start, firstUse: {}) {
            case .entity(let local, _):
                if answer == .accepted { return left.append(count) }
                refusing = local
            case .remote(let remote):
                switch remote.send(message, to: entity, asks: nil, payloads, from: slot, callActor: call) {
                case .sent: return left.append(count)
                case .waits: return
                case .closed: break
                }
            case .closed: break
            }
            #expect(slot.wait(message, for: entity, refusedBy: refusing, .caller(nil), callActor: call))
        }

        func call() -> Delivery {
            calls += 1
            return .accepted
        }

        /// A turn of the region's actor, which opens this route at its end.
        ///
        /// - Parameter new: How many messages come while it handles one.
        func turn(opening sending: ShardSlot.Sending, new: Int) {
            let messages = slot.takeWaiting()
            for message in messages {
                for _ in 0..<new { send() }
                if let remote = slot.remote {
                    #expect(remote.send(message, asks: nil, payloads, from: slot))
                }
                note(message)
            }
            if case .local = sending { slot.add(instance, cell) }
            slot.open(sending: sending, arrivals: nil)
            let exit = ShardSlot.Exit(
                offer: { message, _ in
                    if self.answer == .accepted { self.left.append(message.unwrap() ?? 0) }
                    return self.answer
                }, admits: { _ in true }, now: .start, firstUse: {})
            let passed = slot.settle(messages, with: exit)
            for sent in passed.sent { note(sent.message) }
        }

        func note(_ message: WaitingMessage) { left.append(message.payload.unwrap() ?? 0) }

        var waiting: Int { slot.state.withLock { $0.waiting.count } }
    }

    @Test("two turns of the actor open a route, though its senders are three times as fast", arguments: [false, true])
    func opens(isRemote: Bool) throws {
        let scene = try Scene()
        let sending = isRemote ? ShardSlot.Sending.remote(scene.remote) : .local
        for _ in 0..<5 { scene.send() }
        #expect(scene.waiting == 5)
        #expect(scene.calls == 1)
        // What came in the first turn waits unencoded where the home is another node; in the second the route is open.
        scene.turn(opening: sending, new: 3)
        #expect(scene.waiting == (isRemote ? 15 : 0))
        scene.turn(opening: sending, new: 3)
        #expect(scene.waiting == 0)
        let before = scene.calls
        for _ in 0..<5 { scene.send() }
        #expect(scene.waiting == 0)
        #expect(scene.calls == before, "the route is open")
        #expect(scene.left == Array(1...scene.count), "in order, each once")
    }

    @Test("messages for other entities of the shard do not wait for one that has to")
    func others() throws {
        let scene = try Scene()
        scene.send()
        _ = scene.slot.takeWaiting()
        scene.slot.open(sending: .remote(scene.remote), arrivals: nil)
        scene.send(to: "another")
        #expect(scene.left == [2])
        scene.send()
        #expect(scene.waiting == 1, "the first one is not handled yet")
        #expect(scene.remote.next == 2)
    }

    @Test("what an entity refuses because it stops waits, and is overtaken by nothing")
    func refused() throws {
        let scene = try Scene()
        scene.send()
        scene.turn(opening: .local, new: 0)
        scene.answer = .refused(.noSuchActor)
        scene.send()
        scene.answer = .accepted
        scene.send()
        #expect(scene.waiting == 2)
        #expect(scene.left == [1])
        scene.slot.remove(scene.instance)
        scene.turn(opening: .local, new: 2)
        scene.send()
        #expect(scene.left == Array(1...scene.count))
        // A use counts where the mailbox took the message.
        #expect(scene.slot.takeUses().map(\.count) == [5])
    }

    @Test("a closed route lets what was encoded for it wait for the actor")
    func closed() throws {
        let scene = try Scene()
        scene.send()
        scene.turn(opening: .remote(scene.remote), new: 0)
        let messages = { scene.slot.takeWaiting() }
        scene.slot.close()
        scene.send()
        #expect(scene.waiting == 1)
        #expect(messages().map(\.entity.name) == ["e"])
        #expect(scene.remote.next == 1, "nothing went over it")
    }

    @Test("nothing waits for an actor that has ended")
    func ended() throws {
        let scene = try Scene()
        scene.send()
        #expect(scene.slot.end().count == 1)
        #expect(!scene.slot.wait(TypedMessage(2), for: "e", .caller(nil), callActor: scene.call))
        let other = ShardSlot(1)
        #expect(!other.wait(TypedMessage(2), for: "e", .caller(nil)) { .refused(.noSuchActor) })
        #expect(other.end().isEmpty)
    }
}
