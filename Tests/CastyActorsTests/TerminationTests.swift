import CastyCore
import CastyObservability
import Logging
import Testing

@testable import CastyActors

/// Ending keeps its deadline whatever handlers do.
@Suite struct TerminationTests {
    let manual = ManualWorld()

    private func system(_ lines: Log<String>) -> ActorSystem {
        ActorSystem(
            name: "test", address: NodeAddress(host: "127.0.0.1", port: 1), world: manual.world,
            log: Logger(label: "test", factory: { _ in LineHandler(lines) }))
    }

    /// An actor with a child that is in a handler which never returns: its turn is due for ever.
    private func stuckFamily(_ system: ActorSystem) throws {
        let parent = try system.spawn(
            Behavior<Int>.setup { context in
                let child = try context.spawn(Behavior<Int>.ignore, name: "stuck")
                _ = try context.spawn(Behavior<Int>.ignore, name: "idle")
                return .receive { _, _ in
                    child.tell(1)
                    return .same
                }
            }, name: "parent")
        manual.settle()
        parent.tell(1)
        manual.settle { $0.pathText == "/user/parent/stuck" }
    }

    @Test("a system ends within its limit though a handler never returns, and names the actor")
    func handlerThatNeverReturns() throws {
        let lines = Log<String>()
        let system = system(lines)
        try stuckFamily(system)
        let ends = Log<Instant>()
        let question = Log<String>()
        let helper = try system.spawnSystem(
            Behavior<Int>.receive(
                { _, _ in .same },
                onSignal: { _, _ in
                    question.append("helper ended"); return .same
                }), name: "helper")
        let silent = try system.spawn(Behavior<ActorRef<Int>>.ignore, name: "silent")
        system.ask(silent, within: .seconds(100), { $0 }) { (result: Result<Int, AskError>) in
            if case .failure(let error) = result { question.append(error.code.rawValue) }
        }
        let start = manual.now
        system.terminate(within: .seconds(4)) { ends.append(manual.now) }
        manual.settle { $0.pathText == "/user/parent/stuck" }
        #expect(ends.all.isEmpty)
        manual.advance(by: .seconds(4)) { $0.pathText == "/user/parent/stuck" }
        #expect(ends.all.count == 1)
        #expect(ends.all.allSatisfy { $0 <= start + .seconds(4) })
        #expect(question.all.sorted() == ["helper ended", "shutting down"])
        #expect(lines.all.contains { $0.contains("/user/parent/stuck") && !$0.contains("idle") })
        helper.tell(1)
        system.terminate { ends.append(manual.now) }
        #expect(ends.all.count == 2)
        system.abandon()
    }

    @Test("of several limits the shortest counts")
    func shortestLimit() throws {
        let lines = Log<String>()
        let system = system(lines)
        try stuckFamily(system)
        let ends = Log<Int>()
        system.terminate(within: .seconds(100)) { ends.append(1) }
        manual.settle { $0.pathText == "/user/parent/stuck" }
        system.terminate(within: .seconds(1)) { ends.append(2) }
        manual.advance(by: .seconds(1)) { $0.pathText == "/user/parent/stuck" }
        #expect(ends.all == [1, 2])
        system.abandon()
    }

    @Test("a system that ends in time says nothing, and is freed with its actors")
    func freed() throws {
        let lines = Log<String>()
        weak var ended: ActorSystem?
        weak var cell: AnyActorCell?
        do {
            let system = system(lines)
            let ref = try system.spawn(
                Behavior<Int>.setup { context in
                    context.timers.start("tick", 1, every: .seconds(1))
                    _ = try context.spawn(Behavior<Int>.ignore, name: "child")
                    let adapter = context.messageAdapter { (text: String) in text.count }
                    adapter.target.willTravel()
                    return .receive { _, _ in .same }
                })
            system.inspector.provide(sharding: "t") { _ in
                _ = system.name
                return ShardingSnapshot(type: "t", shardCount: 1)
            }
            _ = try system.spawnSystem(Behavior<Int>.ignore, name: "helper")
            manual.settle()
            (ended, cell) = (system, ref.target)
            let log = Log<Bool>()
            system.terminate { log.append(true) }
            manual.settle()
            #expect(log.all == [true])
        }
        manual.forgetTurns()
        manual.advance(by: .seconds(200))
        #expect(ended == nil && cell == nil)
        #expect(lines.all.isEmpty)
    }
}

/// Keeps what is logged.
private struct LineHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    private let lines: Log<String>

    init(_ lines: Log<String>) { self.lines = lines }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.append("\(event.message)") }
}
