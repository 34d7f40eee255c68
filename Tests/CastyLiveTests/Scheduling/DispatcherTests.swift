import CastyCore
import CastyLive
import Glibc
import Logging
import Synchronization
import Testing

@testable import CastyActors

@Suite("Dispatchers of actors", .timeLimit(.minutes(10)))
struct DispatcherTests {
    private static func blocking(until flag: Flag, _ begun: Tally) -> Behavior<Int> {
        .receive { _, _ in
            begun.add()
            while !flag.isSet { usleep(1000) }
            return .same
        }
    }

    @Test("the runtime's own actors have their turns when users' handlers occupy every thread they may have")
    func control() throws {
        let world = LiveWorld(workers: 1)
        let system = world.system()
        let (release, begun, handled) = (Flag(), Tally(), Tally())
        for _ in 0..<80 { try system.spawn(Self.blocking(until: release, begun)).tell(0) }
        // One worker and 64 instead of it.
        #expect(eventually { begun.count == 65 })
        let own = try system.spawnSystem(
            Behavior<Int>.receive { _, _ in
                handled.add()
                return .same
            }, name: "own")
        own.tell(0)
        #expect(eventually { handled.count == 1 })
        #expect(begun.count == 65)
        release.set()
        #expect(eventually { begun.count == 80 })
        world.shutdown()
    }

    @Test("actors of the blocking dispatcher block each other neither nor the workers, however they chose it")
    func elastic() throws {
        let world = LiveWorld(workers: 1)
        let system = world.system()
        let (release, begun) = (Flag(), Tally())
        for _ in 0..<20 { try system.spawn(Self.blocking(until: release, begun), dispatcher: .blocking).tell(0) }
        for _ in 0..<20 { try system.spawn(.on(.blocking, Self.blocking(until: release, begun))).tell(0) }
        let parent = try system.spawn(
            Behavior<Int>.setup { context in
                for _ in 0..<20 { try context.spawnAnonymous(Self.blocking(until: release, begun)).tell(0) }
                return .ignore
            }, dispatcher: .blocking)
        let switching = try system.spawn(
            Behavior<Int>.receive { _, _ in .on(.blocking, Self.blocking(until: release, begun)) })
        switching.tell(0)
        switching.tell(1)
        #expect(eventually { begun.count == 61 })
        let dispatchers = Mutex<[DispatcherKind]>([])
        for actor in [parent.target, switching.target] { dispatchers.withLock { $0.append(actor.dispatcher) } }
        #expect(dispatchers.withLock { $0 } == [.blocking, .blocking])
        release.set()
        world.shutdown()
    }

    @Test("a turn of more than a second is warned of once, with its actor's path")
    func longTurn() throws {
        let lines = Mutex<[String]>([])
        let world = LiveWorld(workers: 1)
        let system = ActorSystem(
            name: "test", address: NodeAddress(host: "127.0.0.1", port: 1),
            world: world.node(transport: LocalTransport()).world,
            log: Logger(label: "test") { _ in WarningLog { line in lines.withLock { $0.append(line) } } })
        let (release, begun) = (Flag(), Tally())
        let parent = try system.spawn(
            Behavior<Int>.setup { context in
                try context.spawn(Self.blocking(until: release, begun), name: "slow").tell(0)
                return .ignore
            }, name: "shop")
        #expect(eventually { lines.withLock { !$0.isEmpty } })
        #expect(eventually { begun.count == 1 })
        usleep(100_000)
        release.set()
        let all = lines.withLock { $0 }
        #expect(all.count == 1)
        #expect(all.first?.hasPrefix("/user/shop/slow: one of its turns runs for 1.0") == true)
        #expect(system.longTurns.load(ordering: .relaxed) == 1)
        withExtendedLifetime(parent) {}
        world.shutdown()
    }
}

/// Passes on what is logged as a warning.
private struct WarningLog: LogHandler {
    let note: @Sendable (String) -> Void
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.warning

    init(_ note: @escaping @Sendable (String) -> Void) { self.note = note }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { note("\(event.message)") }
}
