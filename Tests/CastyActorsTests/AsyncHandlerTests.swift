import CastyCore
import CastyObservability
import Testing

@testable import CastyActors

@Suite("Asynchronous handlers")
struct AsyncHandlerTests {
    private let manual = ManualWorld()

    private enum Order: Sendable {
        case item(String, replyTo: ActorRef<String>)
        case note(String)
    }

    @Test("the mailbox waits for a handler, and messages keep their order")
    func order() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(
            Behavior<Int>.receiveAsync { context, number in
                log.append("begin \(number)")
                try await context.system.sleep(for: .milliseconds(10 * (4 - number)))
                log.append("end \(number) \(context.now)")
                return .same
            })
        for number in 1...3 { ref.tell(number) }
        manual.advance(by: .seconds(1))
        #expect(log.all == ["begin 1", "end 1 0.030", "begin 2", "end 2 0.050", "begin 3", "end 3 0.060"])
    }

    @Test("a handler asks another actor, and its own asker gets the result")
    func asking() throws {
        let system = manual.system()
        let log = Log<String>()
        let prices = try system.spawn(
            Behavior<Order>.receive { _, order in
                if case .item(let name, let replyTo) = order { replyTo.tell("\(name) 7") }
                return .same
            })
        let shop = try system.spawn(
            Behavior<Order>.receiveAsync { context, order in
                guard case .item(let name, let replyTo) = order else { return .unhandled }
                let price: String = try await context.ask(prices) { .item(name, replyTo: $0) }
                replyTo.tell("costs \(price)")
                return .same
            })
        system.ask(shop, within: .seconds(5), { .item("tea", replyTo: $0) }) { (result: Result<String, AskError>) in
            log.append("\(result)")
        }
        manual.settle()
        #expect(log.all == ["success(\"costs tea 7\")"])
    }

    @Test("the state is the handler's own between suspension points, and the next behavior counts")
    func state() throws {
        final class Counter { var total = 0 }
        let system = manual.system()
        let log = Log<Int>()
        let ref = try system.spawn(
            Behavior<Int>.setup { _ in
                let counter = Counter()
                return .receiveAsync { context, number in
                    let before = counter.total
                    try await context.system.sleep(for: .milliseconds(5))
                    counter.total = before + number
                    log.append(counter.total)
                    return counter.total < 6
                        ? .same
                        : .receive { _, late in
                            log.append(-late)
                            return .stopped
                        }
                }
            })
        for number in 1...4 { ref.tell(number) }
        manual.advance(by: .seconds(1))
        #expect(log.all == [1, 3, 6, -4])
    }

    @Test("an error is the actor's failure: the asker learns it, and supervision decides")
    func failing() throws {
        struct Oops: Error {}
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(
            .supervise(
                Behavior<Order>.receiveAsync { context, order in
                    try await context.system.sleep(for: .milliseconds(1))
                    if case .item = order { throw Oops() }
                    log.append("note")
                    return .same
                }, with: .resume))
        system.ask(ref, within: .seconds(5), { .item("x", replyTo: $0) }) { (result: Result<String, AskError>) in
            if case .failure(let error) = result { log.append(error.code.rawValue) }
        }
        ref.tell(.note("after"))
        manual.advance(by: .milliseconds(10))
        #expect(log.all == ["failed", "note"])
    }

    @Test("the tick of a timer waits for the end of the handler, and so does a stop, which cancels it")
    func signals() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(
            Behavior<String>.setup { context in
                context.timers.start("tick", "tick", after: .milliseconds(5))
                return .receiveAsync(
                    { context, text in
                        log.append("begin \(text)")
                        try? await context.system.sleep(for: .milliseconds(20))
                        log.append("end \(text) \(Task.isCancelled)")
                        return .same
                    },
                    onSignal: { _, signal in
                        if case .postStop = signal { log.append("stopped") }
                        return .same
                    })
            })
        ref.tell("a")
        manual.advance(by: .milliseconds(30))
        #expect(log.all == ["begin a", "end a false", "begin tick"])
        system.stop(ref)
        ref.tell("lost")
        manual.advance(by: .milliseconds(30))
        #expect(log.all == ["begin a", "end a false", "begin tick", "end tick true", "stopped"])
        #expect(system.losses.map(\.count) == [1])
    }

    @Test("an asynchronous task beside the actor brings its outcome as one message", arguments: [false, true])
    func pipe(fails: Bool) throws {
        struct Oops: Error {}
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(
            Behavior<String>.receive { context, text in
                log.append(text)
                guard text == "load" else { return .same }
                let system = context.system
                context.pipeToSelf({
                    try await system.sleep(for: .milliseconds(10))
                    if fails { throw Oops() }
                    return 7
                }) { result in "loaded \((try? result.get()).map(String.init) ?? "nothing")" }
                return .same
            })
        ref.tell("load")
        ref.tell("meanwhile")
        manual.advance(by: .seconds(1))
        #expect(log.all == ["load", "meanwhile", fails ? "loaded nothing" : "loaded 7"])
    }

    @Test("a sleep that is cancelled ends at once, before or after it has begun", arguments: [true, false])
    func cancelledSleep(early: Bool) async throws {
        let system = manual.system()
        let task = Task { try await system.sleep(for: .seconds(1000)) }
        if !early { for _ in 0..<50 { await Task.yield() } }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("questions that wait behind a handler learn that the actor has stopped")
    func waitingQuestions() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(
            Behavior<Order>.receiveAsync { context, _ in
                try await context.system.sleep(for: .milliseconds(10))
                return .stopped
            })
        for name in ["first", "second"] {
            system.ask(ref, within: .seconds(5), { .item(name, replyTo: $0) }) { (result: Result<String, AskError>) in
                if case .failure(let error) = result { log.append("\(name) \(error.code.rawValue)") }
            }
        }
        manual.advance(by: .seconds(1))
        #expect(log.all == ["second \(AskError.Code.noSuchActor.rawValue)"])
    }
}
