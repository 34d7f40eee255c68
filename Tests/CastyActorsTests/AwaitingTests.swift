import CastyCore
import Testing

@testable import CastyActors

@Suite("Behaviors that wait")
struct AwaitingTests {
    private let manual = ManualWorld()

    private struct Refusal: Error, CustomStringConvertible {
        var description: String { "refused" }
    }

    @Test("an actor begins with what its start waits for, and messages wait meanwhile")
    func start() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(
            Behavior<Int>.setup { _ in
                .awaiting {
                    try await system.sleep(for: .milliseconds(50))
                    log.append("loaded \(system.now)")
                    return .receive { _, number in
                        log.append("got \(number)")
                        return .same
                    }
                }
            })
        ref.tell(1)
        manual.advance(by: .milliseconds(40))
        #expect(log.all == [])
        ref.tell(2)
        manual.advance(by: .milliseconds(20))
        #expect(log.all == ["loaded 0.050", "got 1", "got 2"])
    }

    @Test("a handler waits in the middle, keeps its behavior with same, and takes another one")
    func middle() throws {
        let system = manual.system()
        let log = Log<String>()
        func counting(from start: Int) -> Behavior<Int> {
            .stateful(start) { total, _, number in
                let sum = total + number
                return .awaiting {
                    try await system.sleep(for: .milliseconds(10))
                    log.append("\(sum)")
                    return number == 0 ? .same : counting(from: sum)
                }
            }
        }
        let ref = try system.spawn(counting(from: 0))
        for number in [1, 2, 0, 4] { ref.tell(number) }
        manual.advance(by: .seconds(1))
        #expect(log.all == ["1", "3", "3", "7"])
    }

    @Test("an error of the work fails the actor and its asker; a restart begins anew")
    func failure() throws {
        let system = manual.system()
        let log = Log<String>()
        let starts = Log<Int>()
        let failing = Behavior<ActorRef<String>>.setup { _ in
            starts.append(1)
            return .receive { _, replyTo in
                .awaiting {
                    try await system.sleep(for: .milliseconds(1))
                    if starts.all.count == 1 { throw Refusal() }
                    replyTo.tell("worked")
                    return .same
                }
            }
        }
        let ref = try system.spawn(.supervise(failing, with: .restart(limit: 3)))
        for _ in 1...2 {
            system.ask(ref, within: .seconds(5), { $0 }) { (result: Result<String, AskError>) in
                switch result {
                case .success(let text): log.append(text)
                case .failure(let error): log.append("\(error.code) \(error.reason ?? "")")
                }
            }
            manual.advance(by: .milliseconds(10))
        }
        #expect(log.all == ["failed refused", "worked"])
        #expect(starts.all.count == 2)
    }

    @Test("a stop that arrives while an actor waits takes effect when the work has ended")
    func stop() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(
            Behavior<Int>.receive(
                { _, _ in
                    .awaiting {
                        try? await system.sleep(for: .milliseconds(10))
                        log.append("done")
                        return .same
                    }
                },
                onSignal: { _, signal in
                    if case .postStop = signal { log.append("stopped") }
                    return .same
                }))
        ref.tell(1)
        manual.settle()
        ref.untyped.target.post(.stop)
        manual.advance(by: .milliseconds(20))
        #expect(log.all == ["done", "stopped"])
    }

    @Test("an interceptor surrounds handlers that wait")
    func interception() throws {
        let system = manual.system()
        let log = Log<String>()
        let inner = Behavior<Int>.receive { _, number in
            .awaiting {
                try await system.sleep(for: .milliseconds(10))
                log.append("inner \(number)")
                return number == 2 ? .stopped : .same
            }
        }
        let ref = try system.spawn(
            .intercept(inner) { _, number, next in
                log.append("before \(number)")
                return try next(number)
            })
        for number in 1...3 { ref.tell(number) }
        manual.advance(by: .seconds(1))
        #expect(log.all == ["before 1", "inner 1", "before 2", "inner 2"])
        #expect(ref.target.isOver)
    }

    @Test("what is sent while an outbox is open leaves when it is released, in order, and not when it is dropped")
    func outbox() throws {
        let system = manual.system()
        let log = Log<Int>()
        let ref = try system.spawn(
            Behavior<Int>.receive { _, number in
                log.append(number)
                return .same
            })
        let (first, second) = (TurnOutbox(), TurnOutbox())
        first.hold(in: system) {
            ref.tell(1)
            second.hold(in: system) { ref.tell(10) }
            ref.tell(2)
        }
        ref.tell(0)
        manual.settle()
        #expect(log.all == [0])
        #expect(!first.isEmpty && !second.isEmpty)
        first.release()
        second.drop()
        manual.settle()
        #expect(log.all == [0, 1, 2])
    }
}
