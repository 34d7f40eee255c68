import CastyActors
import CastyCore
import CastyObservability
import CastyPlacement
import CastySerialization
import CastySimulator
import NIOCore
import Synchronization
import Testing

@testable import CastySharding

/// Messages that are decoded straight into the mailbox of an entity.
@Suite("Deliveries in batches")
struct DeliveryBatchTests {
    private let world = SimulatedWorld(seed: 1)
    private let system: ActorSystem
    private let batch: TypedDeliveryBatch<Int>
    private let registered: RegisteredType<Int>
    private static let marks = DeliveryMarks(sequence: 7, isRetry: false, asks: nil)

    init() throws {
        let node = world.node(name: "n1", address: NodeAddress(host: "127.0.0.1", port: 1))
        system = ActorSystem(name: "test", address: node.address, world: node.world)
        registered = try system.registry.registration(of: Int.self)
        batch = TypedDeliveryBatch(registered)
    }

    private func append(_ number: Int) throws {
        var payload = ByteBuffer()
        try registered.encode(number, with: .binary, context: .empty, into: &payload)
        try batch.append(&payload, .binary, Self.marks, .empty)
    }

    private func fill() throws { for number in 1...20 { try append(number) } }

    @Test("all messages of a batch move into the mailbox, in order")
    func moves() throws {
        final class Seen: Sendable { let numbers = Mutex<[Int]>([]) }
        let seen = Seen()
        let actor = try system.spawn(
            Behavior<Int>.receive { _, number in
                seen.numbers.withLock { $0.append(number) }
                return .same
            })
        try fill()
        #expect(batch.move(into: actor.target))
        #expect(batch.count == 0)
        try append(21)
        #expect(batch.move(into: actor.target))
        _ = world.run(until: .start + .seconds(1))
        #expect(seen.numbers.withLock { $0 } == Array(1...21))
    }

    @Test("an actor of another type, one with a bounded mailbox and one that has stopped take no batch")
    func refuses() throws {
        try fill()
        #expect(!batch.move(into: try system.spawn(Behavior<String>.ignore).target))
        #expect(!batch.move(into: try system.spawn(Behavior<Int>.ignore, mailbox: .bounded(3)).target))
        let stopped = try system.spawn(Behavior<Int>.ignore)
        stopped.target.post(.stop)
        _ = world.run(until: .start + .seconds(1))
        #expect(!batch.move(into: stopped.target))
        let taken = batch.takeAll()
        #expect(taken.map { $0.1.unwrap(as: Int.self) } == Array(1...20))
        #expect(taken.allSatisfy { $0.0.sequence == 7 })
        #expect(batch.count == 0)
    }

    @Test("an entity that may not run yet takes a batch, handles it when it may, and returns what it does not handle")
    func hooked() throws {
        final class Seen: Sendable {
            let numbers = Mutex<[Int]>([])
            let unhandled = Mutex<[Int]?>(nil)
            let mayRun = Mutex(false)
            let entity = Mutex<ActorRef<Int>?>(nil)
        }
        let seen = Seen()
        let hooks = CellHooks<Int>(
            mayRun: { seen.mayRun.withLock { $0 } }, onEnd: { _, rest in seen.unhandled.withLock { $0 = rest } })
        _ = try system.spawn(
            Behavior<Int>.setup { context in
                let entity = try context.spawn(
                    Behavior<Int>.receive { _, number in
                        seen.numbers.withLock { $0.append(number) }
                        return number == 15 ? .stopped : .same
                    }, name: "e", mailbox: .unbounded, hooks: hooks, traffic: .user,
                    turn: { $0.takeTurn(of: Int.self, $1) })
                seen.entity.withLock { $0 = entity }
                return .ignore
            })
        _ = world.run(until: .start + .seconds(1))
        let entity = try #require(seen.entity.withLock { $0 })
        try fill()
        #expect(batch.move(into: entity.target))
        #expect(batch.count == 0)
        _ = world.run(until: .start + .seconds(2))
        #expect(seen.numbers.withLock { $0 }.isEmpty)
        seen.mayRun.withLock { $0 = true }
        entity.target.post(.resume)
        _ = world.run(until: .start + .seconds(3))
        #expect(seen.numbers.withLock { $0 } == Array(1...15))
        #expect(seen.unhandled.withLock { $0 } == Array(16...20))
        try fill()
        #expect(!batch.move(into: entity.target))
        #expect(batch.count == 20)
    }

    @Test("a message that cannot be decoded leaves the others as they are")
    func unreadable() throws {
        try append(1)
        var payload = ByteBuffer()
        #expect(throws: (any Error).self) { try batch.append(&payload, .binary, Self.marks, .empty) }
        try append(2)
        #expect(batch.takeAll().map { $0.1.unwrap(as: Int.self) } == [1, 2])
    }
}
