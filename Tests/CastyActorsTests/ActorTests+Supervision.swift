import CastyActors
import CastyCore
import CastyObservability
import Testing

extension ActorTests {
    @Test("a restarted actor begins anew under the same address, without its old timers, until it fails too often")
    func restart() throws {
        let system = manual.system()
        let log = Log<String>()
        struct Oops: Error {}
        let backoff = SupervisionStrategy.Backoff(minimum: .seconds(1), maximum: .seconds(4), jitter: 0)
        let ref = try system.spawn(
            .supervise(
                Behavior<String>.setup { context in
                    log.append("start \(context.now)")
                    context.timers.start("old", "tick", after: .milliseconds(500))
                    return .receive { context, text in
                        if text == "fail" { throw Oops() }
                        log.append(text)
                        return .same
                    }
                }, with: .restart(limit: 2, window: .seconds(60), backoff: backoff)), name: "a")
        manual.settle()
        ref.tell("fail")
        ref.tell("kept")
        manual.advance(by: .seconds(2))
        ref.tell("fail")
        manual.advance(by: .seconds(3))
        ref.tell("fail")
        ref.tell("lost")
        manual.advance(by: .seconds(3))
        #expect(log.all == ["start 0.000", "start 1.000", "kept", "tick", "start 4.000", "tick"])
        #expect(system.losses.map(\.count) == [1])
    }

    @Test("an actor whose start fails is stopped, and its watchers hear of it")
    func failingSetup() throws {
        let system = manual.system()
        let log = Log<String>()
        struct Oops: Error {}
        _ = try system.spawn(
            Behavior<String>.setup { context in
                let child = try context.spawn(Behavior<Int>.setup { _ in throw Oops() }, name: "child")
                context.watch(child, with: "child ended")
                return .receive { _, text in
                    log.append(text); return .same
                }
            })
        manual.settle()
        #expect(log.all == ["child ended"])
    }

    @Test("a killed node's system lets go of its actors, of what waits for them and of itself, and gives its asks up")
    func abandoning() throws {
        final class Held: Sendable {}
        let log = Log<String>()
        weak var held: Held?
        weak var left: ActorSystem?
        func killedNode() throws {
            let system = manual.system()
            let object = Held()
            (left, held) = (system, object)
            let parent = try system.spawn(
                Behavior<ActorRef<Int>>.setup { context in
                    _ = try context.spawn(
                        Behavior<Int>.receive { _, _ in withExtendedLifetime(object) { .same } }, name: "child")
                    return .receive { _, _ in .same }
                })
            _ = try system.spawnSystem(Behavior<Int>.receive { _, _ in .same }, name: "known")
            manual.settle()
            system.inspector.provide(sharding: "type") { _ in
                withExtendedLifetime(system) { ShardingSnapshot(type: "", shardCount: 1) }
            }
            system.ask(parent, within: .seconds(1), { $0 }) { (result: Result<Int, AskError>) in
                if case .failure(let error) = result { log.append(error.code.rawValue) }
            }
            manual.forgetTurns()
            system.abandon()
        }
        try killedNode()
        #expect(log.all == ["cancelled"])
        #expect(held == nil)
        #expect(left == nil)
    }

    @Test("ending a system stops users' actors and then the runtime's, and calls back once")
    func termination() throws {
        let system = manual.system()
        let log = Log<String>()
        func noting(_ name: String) -> Behavior<Int> {
            .receive(
                { _, _ in .same },
                onSignal: { _, _ in
                    log.append(name); return .same
                })
        }
        _ = try system.spawn(noting("user"), name: "a")
        _ = try system.spawnSystem(noting("system"), name: "b")
        manual.settle()
        system.terminate { log.append("ended") }
        manual.settle()
        #expect(log.all == ["user", "system", "ended"])
        #expect(throws: SpawnError.self) { try system.spawn(noting("late")) }
        system.terminate { log.append("again") }
        #expect(log.all.last == "again")
        #expect(system.snapshot().actors.live == 0)
    }

    @Test("an actor that is stopped before its first turn begins and runs its last signal")
    func stoppedBeforeItBegan() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(
            Behavior<Int>.setup { context in
                _ = try context.spawn(
                    Behavior<Int>.setup { _ in
                        log.append("child began")
                        return .receive(
                            { _, _ in .same },
                            onSignal: { _, _ in
                                log.append("child ended"); return .same
                            })
                    }, name: "child")
                log.append("began")
                return .receive(
                    { _, _ in
                        log.append("handled"); return .same
                    },
                    onSignal: { _, _ in
                        log.append("ended"); return .same
                    })
            }, name: "short")
        ref.tell(1)
        system.stop(ref)
        manual.settle()
        #expect(log.all == ["began", "child began", "child ended", "ended"])
        #expect(system.losses.map(\.reason) == [.noSuchActor])
        _ = try system.spawn(Behavior<Int>.ignore, name: "short")
    }

    @Test("an actor whose keeper does not let it go on neither begins nor ends loudly when it is stopped")
    func stoppedBeforeItMight() throws {
        let system = manual.system()
        let log = Log<String>()
        let parent = try system.spawn(
            Behavior<Int>.setup { context in
                let hooks = CellHooks<Int>(mayRun: { false }, onEnd: { _, unhandled in log.append("\(unhandled)") })
                let child = try context.spawn(
                    Behavior<Int>.setup { _ in
                        log.append("began"); return .ignore
                    }, name: "held", mailbox: .unbounded, hooks: hooks, traffic: .user,
                    turn: { $0.takeTurn(of: Int.self, $1) })
                child.tell(7)
                return .receive { context, _ in
                    context.stop(child); return .same
                }
            })
        manual.settle()
        parent.tell(1)
        manual.settle()
        #expect(log.all == ["[7]"])
    }
}
