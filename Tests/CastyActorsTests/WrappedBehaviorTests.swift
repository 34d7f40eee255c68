import CastyCore
import CastyObservability
import Testing

@testable import CastyActors

@Suite("Stash, interception, supervision by error, receive timeout")
struct WrappedBehaviorTests {
    private let manual = ManualWorld()

    private enum Request: Sendable {
        case work(String, replyTo: ActorRef<String>?)
        case open, close, fail, stop
    }

    /// An actor that answers work only while it is open, and sets it aside otherwise.
    private func door(_ log: Log<String>, capacity: Int = 10) -> Behavior<Request> {
        struct Oops: Error {}
        func serving(_ stash: StashBuffer<Request>) -> Behavior<Request> {
            .receive { _, request in
                switch request {
                case .work(let name, let replyTo):
                    log.append(name)
                    replyTo?.tell(name)
                    return .same
                case .close: return closed(stash)
                case .fail: throw Oops()
                case .stop: return .stopped
                case .open: return .unhandled
                }
            }
        }
        func closed(_ stash: StashBuffer<Request>) -> Behavior<Request> {
            .receive { _, request in
                switch request {
                case .open: return stash.unstashAll(serving(stash))
                case .work:
                    try stash.stash(request)
                    return .same
                case .fail: throw Oops()
                case .stop: return .stopped
                case .close: return .unhandled
                }
            }
        }
        return .withStash(capacity: capacity) { closed($0) }
    }

    @Test("what was set aside is handled first, in its order, and what closes again in between is kept")
    func stash() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(door(log))
        for name in ["a", "b"] { ref.tell(.work(name, replyTo: nil)) }
        ref.tell(.open)
        ref.tell(.work("c", replyTo: nil))
        manual.settle()
        #expect(log.all == ["a", "b", "c"])
        ref.tell(.close)
        ref.tell(.work("d", replyTo: nil))
        manual.settle()
        #expect(log.all == ["a", "b", "c"])
        ref.tell(.open)
        manual.settle()
        #expect(log.all == ["a", "b", "c", "d"])
    }

    @Test("a full stash throws, and says what to do")
    func fullStash() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(.supervise(door(log, capacity: 1), on: StashError.self, with: .resume))
        for name in ["a", "b"] { ref.tell(.work(name, replyTo: nil)) }
        ref.tell(.open)
        manual.settle()
        #expect(log.all == ["a"])
        #expect("\(StashError.full(capacity: 1))".contains("larger capacity"))
    }

    @Test(
        "what was set aside survives a restart, and is lost with a reason when the actor stops",
        arguments: [true, false])
    func stashEnds(restarts: Bool) throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(.supervise(door(log), with: restarts ? .restart(limit: 3) : .stop))
        system.ask(ref, within: .seconds(5), { .work("a", replyTo: $0) }) { (result: Result<String, AskError>) in
            switch result {
            case .success(let reply): log.append("reply \(reply)")
            case .failure(let error): log.append("\(error.code)")
            }
        }
        ref.tell(.fail)
        ref.tell(.open)
        manual.settle()
        if restarts {
            #expect(log.all == ["a", "reply a"])
            #expect(system.losses.isEmpty)
        } else {
            #expect(log.all == ["\(AskError.Code.noSuchActor)"])
            // The question, and the message that came too late.
            #expect(system.losses.map(\.count).reduce(0, +) == 2)
        }
    }

    @Test("questions handled long before are not failed when an actor stops with messages set aside")
    func accounting() throws {
        let system = manual.system()
        let log = Log<String>()
        let held = Log<ActorRef<String>>()
        let ref = try system.spawn(
            Behavior<Request>.withStash(capacity: 5) { stash in
                .receive { _, request in
                    switch request {
                    case .work(let name, let replyTo):
                        if name == "later" { replyTo.map { held.append($0) } } else { try stash.stash(request) }
                        return .same
                    case .open: return stash.unstashAll(.receive { _, _ in .stopped })
                    case .close, .fail, .stop: return .same
                    }
                }
            })
        for name in ["later", "x", "y", "z"] {
            system.ask(ref, within: .seconds(5), { .work(name, replyTo: $0) }) { (result: Result<String, AskError>) in
                log.append("\(name) \((try? result.get()) ?? "failed")")
            }
        }
        ref.tell(.open)
        manual.settle()
        // "x" was handled by the handler that stopped the actor; another may still answer it.
        #expect(Set(log.all) == ["y failed", "z failed"])
        held.all.first?.tell("answered")
        manual.settle()
        #expect(log.all.contains("later answered"))
    }

    @Test("an interceptor sees each message of whatever behavior is inside, may change it or keep it back")
    func intercept() throws {
        let system = manual.system()
        let log = Log<String>()
        func inner(_ name: String) -> Behavior<String> {
            .receive { _, text in
                log.append("\(name) \(text)")
                return text == "turn" ? inner("second") : text == "end" ? .stopped : .same
            }
        }
        let ref = try system.spawn(
            .intercept(.setup { _ in inner("first") }) { _, text, next in
                if text == "secret" { return .same }
                return try next(text == "loud" ? "quiet" : text)
            })
        for text in ["a", "secret", "loud", "turn", "b", "end", "lost"] { ref.tell(text) }
        manual.settle()
        #expect(log.all == ["first a", "first quiet", "first turn", "second b", "second end"])
        #expect(system.losses.map(\.count) == [1])
    }

    private struct Soft: Error {}
    private struct Hard: Error {}

    @Test("the innermost supervision that covers an error decides, and others stop the actor")
    func byError() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(
            .supervise(
                .supervise(
                    Behavior<String>.setup { _ in
                        log.append("start")
                        var count = 0
                        return .receive { _, text in
                            count += 1
                            log.append("\(text) \(count)")
                            if text == "soft" { throw Soft() }
                            if text == "hard" { throw Hard() }
                            if text == "other" { throw CancellationError() }
                            return .same
                        }
                    }, on: Soft.self, with: .resume), on: Hard.self, with: .restart(limit: 2)))
        for text in ["a", "soft", "b", "hard", "c", "soft", "hard", "d", "other", "lost"] { ref.tell(text) }
        manual.settle()
        #expect(
            log.all == [
                "start", "a 1", "soft 2", "b 3", "hard 4", "start", "c 1", "soft 2", "hard 3", "start", "d 1",
                "other 2",
            ])
    }

    @Test("a receive timeout comes when nothing came for that time, again and again, and ends when cancelled")
    func receiveTimeout() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try system.spawn(
            Behavior<String>.setup { context in
                context.setReceiveTimeout(.milliseconds(100), "idle")
                return .receive { context, text in
                    log.append("\(text) \(context.now)")
                    if text == "end" { context.cancelReceiveTimeout() }
                    return .same
                }
            })
        manual.advance(by: .milliseconds(60))
        ref.tell("a")
        manual.advance(by: .milliseconds(90))
        ref.tell("b")
        manual.advance(by: .milliseconds(250))
        ref.tell("end")
        manual.advance(by: .seconds(5))
        #expect(log.all == ["a 0.060", "b 0.150", "idle 0.250", "idle 0.350", "end 0.400"])
    }

    @Test("the factory with timers gets those of its actor")
    func timers() throws {
        let system = manual.system()
        let log = Log<String>()
        _ = try system.spawn(
            Behavior<String>.withTimers { timers in
                timers.start("t", "tick", every: .milliseconds(10))
                return .receive { _, text in
                    log.append(text)
                    if log.all.count == 3 { timers.cancel("t") }
                    return .same
                }
            })
        manual.advance(by: .seconds(1))
        #expect(log.all == ["tick", "tick", "tick"])
    }
}
