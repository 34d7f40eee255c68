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

        /// A turn of the region's actor, which opens this route.
        ///
        /// - Parameter new: How many messages come while it handles one.
        /// - Returns: How many messages it handled.
        @discardableResult
        func turn(opening sending: ShardSlot.Sending, new: Int) -> Int {
            if case .remote = sending { slot.open(sending: sending, arrivals: nil) }
            let messages = slot.takeWaiting(callActor: call)
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
            return messages.count
        }

        func note(_ message: WaitingMessage) { left.append(message.payload.unwrap() ?? 0) }

        var waiting: Int { slot.waitingCount }
    }

    @Test("one turn of the actor opens a route, though its senders are three times as fast", arguments: [false, true])
    func opens(isRemote: Bool) throws {
        let scene = try Scene()
        let sending = isRemote ? ShardSlot.Sending.remote(scene.remote) : .local
        for _ in 0..<5 { scene.send() }
        #expect(scene.waiting == 5)
        #expect(scene.calls == 1)
        scene.turn(opening: sending, new: 3)
        #expect(scene.waiting == 0)
        let before = scene.calls
        for _ in 0..<5 { scene.send() }
        #expect(scene.waiting == 0)
        #expect(scene.calls == before, "the route is open")
        #expect(scene.left == Array(1...scene.count), "in order, each once")
    }

    @Test("a turn takes a bounded number of messages, and leaves the others in order", arguments: [false, true])
    func bounded(isRemote: Bool) throws {
        let scene = try Scene()
        let sending = isRemote ? ShardSlot.Sending.remote(scene.remote) : .local
        let most = ShardSlot.mostTaken
        for _ in 0..<(2 * most + 10) { scene.send() }
        #expect(scene.turn(opening: sending, new: 2) == most)
        #expect(scene.calls == 2, "the actor is called for the rest")
        #expect(scene.turn(opening: sending, new: 0) == most)
        #expect(scene.calls == 3)
        // What came meanwhile was ready to pass, and passes at once when the rest is handled.
        #expect(scene.turn(opening: sending, new: 0) == 10)
        #expect(scene.waiting == 0)
        #expect(scene.calls == 4)
        #expect(scene.turn(opening: sending, new: 0) == 0)
        scene.send()
        #expect(scene.calls == 4, "the route is open")
        #expect(scene.left == Array(1...scene.count), "in order, each once")
    }

    @Test("a turn takes all messages where some come from another node, whose marker may be the next")
    func unbounded() throws {
        let scene = try Scene()
        for _ in 0..<(2 * ShardSlot.mostTaken) { scene.send() }
        #expect(scene.slot.takeWaiting(callActor: scene.call).count == ShardSlot.mostTaken)
        let head = EnvelopeHead(from: scene.remote.node, to: scene.node.system.unique, payloads: scene.payloads)
        let delivery = ShardDelivery<ErasedMessage>(
            shard: 0, entity: "e", version: ShardVersion(epoch: .none, sequence: 1), sequence: 1, isRetry: false,
            asks: nil, payload: TypedMessage(7))
        #expect(scene.slot.wait(delivery.payload, for: "e", .node(delivery, head), callActor: scene.call))
        scene.send()
        let taken = scene.slot.takeWaiting(callActor: scene.call)
        #expect(taken.compactMap { $0.payload.unwrap(as: Int.self) }.suffix(2) == [7, scene.count])
        #expect(taken.count == ShardSlot.mostTaken + 2)
        #expect(scene.waiting == 0)
        #expect(scene.calls == 2)
    }

    @Test("where local messages are copied, only copies pass under the lock; the others go through the actor")
    func copies() throws {
        let scene = try Scene()
        scene.send()
        let handled = scene.slot.takeWaiting(callActor: scene.call)
        scene.slot.add(scene.instance, scene.cell)
        scene.slot.open(sending: .local, arrivals: nil)
        var offered: [Int] = []
        let exit = ShardSlot.Exit(
            offer: { message, _ in
                offered.append(message.unwrap() ?? 0)
                return .accepted
            }, needsCopies: true, admits: { _ in true }, now: .start, firstUse: {})
        for (number, isCopy) in [(2, true), (3, false), (4, true)] {
            #expect(
                scene.slot.wait(TypedMessage(number), for: "e", .caller(nil), isCopy: isCopy, callActor: scene.call))
        }
        _ = scene.slot.settle(handled, with: exit)
        #expect(offered == [2], "what follows one that has to wait waits too")
        #expect(scene.slot.takeWaiting(callActor: scene.call).map { $0.payload.unwrap() } == [3, 4])
    }

    @Test("uses that a mailbox refused do not count, even if the region learned of them before")
    func takenBack() throws {
        let scene = try Scene()
        scene.send()
        scene.turn(opening: .local, new: 0)
        func use(_ count: UInt64) throws -> LocalEntity {
            let version = ShardVersion(epoch: .none, sequence: 1)
            scene.slot.open(sending: .local, arrivals: version)
            let way = scene.slot.way(to: "e", arriving: version, count: count, at: .start, firstUse: {})
            guard case .entity(let entity, _) = way else { throw CancellationError() }
            return entity
        }
        let entity = try use(5)
        #expect(scene.slot.takeUses().map(\.count) == [5])
        scene.slot.takeBack(5, of: entity)
        #expect(scene.slot.takeUses().isEmpty)
        _ = try use(7)
        #expect(scene.slot.takeUses().map(\.count) == [2])
    }

    @Test("messages for other entities of the shard do not wait for one that has to")
    func others() throws {
        let scene = try Scene()
        scene.send()
        _ = scene.slot.takeWaiting(callActor: scene.call)
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
        let messages = { scene.slot.takeWaiting(callActor: scene.call) }
        let handled = messages()
        scene.slot.open(sending: .remote(scene.remote), arrivals: nil)
        scene.send()
        scene.slot.close()
        scene.send()
        #expect(scene.waiting == 2)
        let exit = ShardSlot.Exit(offer: nil, admits: { _ in true }, now: .start, firstUse: {})
        #expect(scene.slot.settle(handled, with: exit).sent.isEmpty)
        #expect(messages().map { $0.encoded != nil } == [true, false])
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
