import CastyActors
import CastyCore
import CastyObservability
import Testing

@Suite struct ActorTests {
    let manual = ManualWorld()

    @Test("messages are handled one at a time, in the order they were sent")
    func order() throws {
        let system = manual.system()
        let log = Log<Int>()
        let ref = try system.spawn(
            Behavior<Int>.receive { _, number in
                log.append(number); return .same
            }, name: "a")
        for number in 0..<100 { ref.tell(number) }
        manual.settle()
        #expect(log.all == Array(0..<100))
    }

    @Test("a state is changed in place, and the next behavior may be another one")
    func styles() throws {
        let system = manual.system()
        let log = Log<Int>()
        let inout_ = try system.spawn(
            Behavior<Int>.stateful(0) { total, _, number in
                total += number
                log.append(total)
                return .same
            })
        func counting(_ total: Int) -> Behavior<Int> {
            .receive { _, number in
                log.append(total + number)
                return counting(total + number)
            }
        }
        let functional = try system.spawn(counting(100))
        for number in 1...3 { inout_.tell(number) }
        manual.settle()
        for number in 1...3 { functional.tell(number) }
        manual.settle()
        #expect(log.all == [1, 3, 6, 101, 103, 106])
    }

    @Test("children stop before their parent, and the name is free afterwards")
    func stopping() throws {
        let system = manual.system()
        let log = Log<String>()
        func leaf(_ name: String) -> Behavior<Int> {
            .receive(
                { _, _ in .same },
                onSignal: { _, _ in
                    log.append(name); return .same
                })
        }
        func parent() -> Behavior<Int> {
            .setup { context in
                _ = try context.spawn(leaf("first"), name: "first")
                _ = try context.spawn(leaf("second"), name: "second")
                return .receive(
                    { _, _ in .stopped },
                    onSignal: { _, _ in
                        log.append("parent"); return .same
                    })
            }
        }
        let ref = try system.spawn(parent(), name: "parent")
        manual.settle()
        #expect(throws: SpawnError.self) { try system.spawn(parent(), name: "parent") }
        ref.tell(1)
        manual.settle()
        #expect(log.all == ["first", "second", "parent"])
        let again = try system.spawn(parent(), name: "parent")
        #expect(again != ref)
        #expect(again.address.path == ref.address.path)
    }

    @Test("a message to a stopped actor is a dead letter, and never reaches its successor")
    func deadLetters() throws {
        let system = manual.system()
        let log = Log<Int>()
        let first = try system.spawn(Behavior<Int>.receive { _, _ in .stopped }, name: "a")
        for number in 0..<3 { first.tell(number) }
        manual.settle()
        let second = try system.spawn(
            Behavior<Int>.receive { _, n in
                log.append(n); return .same
            }, name: "a")
        first.tell(7)
        second.tell(8)
        manual.settle()
        #expect(log.all == [8])
        #expect(system.losses.map(\.count) == [3])
        #expect(system.losses.first?.reason == .noSuchActor)
        #expect(system.losses.first?.lossClass == .user)
    }

    @Test("an actor may end in the middle of what waits, turns after the first of it; all it handled is counted")
    func endInTheMiddle() throws {
        let system = manual.system()
        let ref = try system.spawn(Behavior<Int>.receive { _, number in number == 7 ? .stopped : .same })
        manual.settle()
        for number in 1...9 { ref.tell(number) }
        manual.settle()
        #expect(system.snapshot().actors.handled == 7)
        #expect(system.losses.map(\.count) == [2])
    }

    @Test("a full mailbox refuses, and what is not handled is counted")
    func refusals() throws {
        let system = manual.system()
        let small = try system.spawn(
            Behavior<Int>.receive { _, number in number == 2 ? .unhandled : .same }, mailbox: .bounded(2))
        for number in 1...3 { small.tell(number) }
        manual.settle()
        #expect(
            system.losses.map(\.reason) == [.mailboxFull, .unhandled] && system.losses.allSatisfy { $0.count == 1 })
    }

    @Test("the end of a watched actor is signalled exactly once, whatever ended it")
    func watching() throws {
        let system = manual.system()
        let log = Log<String>()
        struct Oops: Error {}
        let stopper = try system.spawn(Behavior<Int>.receive { _, _ in .stopped }, name: "stopper")
        let failer = try system.spawn(Behavior<Int>.receive { _, _ in throw Oops() }, name: "failer")
        let gone = try system.spawn(Behavior<Int>.setup { _ in .stopped }, name: "gone")
        let unwatched = try system.spawn(Behavior<Int>.receive { _, _ in .stopped }, name: "unwatched")
        manual.settle()
        _ = try system.spawn(
            Behavior<String>.setup { context in
                for ref in [stopper, failer, gone, unwatched, stopper] { context.watch(ref) }
                context.unwatch(unwatched)
                return .receive(
                    { _, text in
                        log.append(text); return .same
                    },
                    onSignal: { _, signal in
                        if case .terminated(let news) = signal {
                            log.append("\(news.ref.address.path[1]) \(news.reason.rawValue)")
                        }
                        return .same
                    })
            })
        manual.settle()
        #expect(log.all == ["gone no such actor"])
        for ref in [stopper, failer, unwatched] { ref.tell(0) }
        manual.settle()
        #expect(log.all.sorted() == ["failer failed", "gone no such actor", "stopper stopped"])
    }

    @Test("a watch that comes together with the end of its subject is answered too")
    func watchingTheEnd() throws {
        let system = manual.system()
        let log = Log<String>()
        let subject = try system.spawn(Behavior<Int>.receive { _, _ in .same }, name: "subject")
        _ = try system.spawn(
            Behavior<String>.setup { context in
                system.stop(subject)
                context.watch(subject, with: "ended")
                return .receive { _, text in
                    log.append(text); return .same
                }
            })
        // The subject runs after that setup, so the stop and the watch are one batch of signals.
        manual.settle()
        #expect(log.all == ["ended"])
    }

    @Test("an error in the last signal before a restart neither ends the actor nor counts as another")
    func failingPreRestart() throws {
        let system = manual.system()
        let log = Log<String>()
        struct Oops: Error {}
        let ref = try system.spawn(
            .supervise(
                Behavior<String>.receive(
                    { _, text in
                        if text == "fail" { throw Oops() }
                        log.append(text)
                        return .same
                    },
                    onSignal: { _, signal in
                        if case .preRestart = signal { throw Oops() }
                        return .same
                    }), with: .restart(limit: 2)))
        for text in ["fail", "one", "fail", "two", "fail", "lost"] { ref.tell(text) }
        manual.settle()
        #expect(log.all == ["one", "two"])
        #expect(system.snapshot().actors.live == 0)
    }

    @Test("timers fire once or again and again, are replaced under their key, and end with the actor")
    func timers() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(
            Behavior<String>.setup { context in
                context.timers.start("once", "once", after: .seconds(1))
                context.timers.start("tick", "replaced", every: .seconds(1))
                context.timers.start("tick", "tick", every: .seconds(2))
                context.timers.start("never", "never", after: .seconds(3))
                context.timers.cancel("never")
                return .receive { context, text in
                    log.append("\(text) \(context.now)")
                    return text == "stop" ? .stopped : .same
                }
            })
        manual.advance(by: .seconds(5))
        ref.tell("stop")
        manual.advance(by: .seconds(10))
        #expect(log.all == ["once 1.000", "tick 2.000", "tick 4.000", "stop 5.000"])
    }
}
