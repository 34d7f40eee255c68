import Casty
import Testing

/// Behaviors that users of Pekko Typed, Orleans and OTP know, with the library alone.
@Suite("Well-known behaviors", .timeLimit(.minutes(10)))
struct BehaviorStories {
    private enum Door: Sendable {
        case push, lock(code: Int), unlock(code: Int), coin
    }

    @Test("a state machine changes its behavior, with data")
    func stateMachine() async throws {
        let system = ActorSystem.local("doors")
        let seen = Inbox<String>()
        func open(pushes: Int) -> Behavior<Door> {
            .receive { _, message in
                switch message {
                case .push:
                    seen.put("through \(pushes + 1)")
                    return open(pushes: pushes + 1)
                case .lock(let code): return locked(code, pushes: pushes)
                case .unlock, .coin: return .unhandled
                }
            }
        }
        func locked(_ code: Int, pushes: Int) -> Behavior<Door> {
            .receive { _, message in
                switch message {
                case .push:
                    seen.put("closed")
                    return .same
                case .unlock(let tried) where tried == code: return open(pushes: pushes)
                case .unlock, .lock, .coin: return .unhandled
                }
            }
        }
        let door = try system.spawn(open(pushes: 0))
        for message in [Door.push, .lock(code: 7), .push, .unlock(code: 1), .push, .unlock(code: 7), .push] {
            door.tell(message)
        }
        #expect(await seen.first(4) == ["through 1", "closed", "closed", "through 2"])
        #expect(system.losses.map(\.reason) == [.unhandled])
        await system.terminate()
    }

    @Test("selective receive: what cannot be handled yet is stashed, and handled in its order later")
    func selectiveReceive() async throws {
        let system = ActorSystem.local("stash")
        let seen = Inbox<Int>()
        // Takes 0 first, then all others in their order: OTP's `receive` with a pattern.
        let ref = try system.spawn(
            Behavior<Int>.withStash(capacity: 10) { stash in
                .receive { _, number in
                    guard number == 0 else {
                        try stash.stash(number)
                        return .same
                    }
                    seen.put(number)
                    return stash.unstashAll(
                        .receive { _, number in
                            seen.put(number)
                            return .same
                        })
                }
            })
        for number in [3, 1, 2, 0, 4] { ref.tell(number) }
        #expect(await seen.first(5) == [0, 3, 1, 2, 4])
        await system.terminate()
    }

    @Test("a receive timeout comes when nothing else does, and not before")
    func receiveTimeout() async throws {
        let system = ActorSystem.local("quiet")
        let seen = Inbox<String>()
        let ref = try system.spawn(
            Behavior<String>.setup { context in
                context.setReceiveTimeout(.milliseconds(40), "quiet")
                return .receive { context, text in
                    seen.put(text)
                    if text == "quiet" { context.cancelReceiveTimeout() }
                    return .same
                }
            })
        ref.tell("busy")
        #expect(await seen.first(2) == ["busy", "quiet"])
        await system.terminate()
    }

    @Test("strategies by error: one resumes, one restarts, any other stops the actor")
    func strategies() async throws {
        struct Soft: Error {}
        struct Hard: Error {}
        struct Fatal: Error {}
        let system = ActorSystem.local("errors")
        let seen = Inbox<String>()
        let counter = Behavior<String>.stateful(0) { count, _, text in
            count += 1
            seen.put("\(text) \(count)")
            switch text {
            case "soft": throw Soft()
            case "hard": throw Hard()
            case "fatal": throw Fatal()
            default: return .same
            }
        }
        let ref = try system.spawn(
            .supervise(
                .supervise(counter, on: Soft.self, with: .resume), on: Hard.self, with: .restart(limit: 3)))
        let watcher = try system.spawn(
            Behavior<String>.setup { context in
                context.watch(ref, with: "over")
                return .receive { _, text in
                    seen.put(text)
                    return .same
                }
            })
        for text in ["a", "soft", "b", "hard", "c", "fatal", "lost"] { ref.tell(text) }
        #expect(await seen.first(7) == ["a 1", "soft 2", "b 3", "hard 4", "c 1", "fatal 2", "over"])
        withExtendedLifetime(watcher) {}
        await system.terminate()
    }

    @Test("a death pact: an actor that watches another and does not handle its end ends with it")
    func deathPact() async throws {
        let system = ActorSystem.local("pact")
        let seen = Inbox<String>()
        let first = try system.spawn(Behavior<Int>.receive { _, _ in .stopped })
        func partner(_ handles: Bool) -> Behavior<Int> {
            .setup { context in
                context.watch(first)
                if !handles { return .receive { _, _ in .same } }
                return .receive({ _, _ in .same }) { _, signal in
                    if case .terminated = signal { seen.put("handled") }
                    return .same
                }
            }
        }
        let bound = try system.spawn(partner(false), name: "bound")
        let free = try system.spawn(partner(true), name: "free")
        _ = try system.spawn(
            Behavior<String>.setup { context in
                context.watch(bound, with: "bound ended")
                context.watch(free, with: "free ended")
                return .receive { _, text in
                    seen.put(text)
                    return .same
                }
            })
        first.tell(0)
        #expect(await seen.first(2).sorted() == ["bound ended", "handled"])
        await system.terminate()
    }

    @Test("an interceptor sees and changes each message before the behavior")
    func interception() async throws {
        let system = ActorSystem.local("intercepted")
        let seen = Inbox<Int>()
        let ref = try system.spawn(
            .intercept(
                Behavior<Int>.receive { _, number in
                    seen.put(number)
                    return .same
                }
            ) { _, number, next in number < 0 ? .same : try next(number * 10) })
        for number in [1, -1, 2] { ref.tell(number) }
        #expect(await seen.first(2) == [10, 20])
        await system.terminate()
    }

    @Test("timers: one replaces another under its key, and a cancelled one never comes")
    func timers() async throws {
        let system = ActorSystem.local("timers")
        let seen = Inbox<String>()
        let ref = try system.spawn(
            Behavior<String>.withTimers { timers in
                timers.start("key", "first", after: .milliseconds(20))
                timers.start("key", "second", after: .milliseconds(10))
                timers.start("gone", "never", after: .milliseconds(10))
                timers.cancel("gone")
                timers.start("last", "last", after: .milliseconds(80))
                return .receive { _, text in
                    seen.put(text)
                    return .same
                }
            })
        #expect(await seen.first(2) == ["second", "last"])
        withExtendedLifetime(ref) {}
        await system.terminate()
    }

    @Test("pipe to self: the outcome of asynchronous work is one message, and the actor goes on meanwhile")
    func pipeToSelf() async throws {
        let system = ActorSystem.local("pipe")
        let seen = Inbox<String>()
        let ref = try system.spawn(
            Behavior<String>.receive { context, text in
                seen.put(text)
                let system = context.system
                if text == "load" {
                    context.pipeToSelf({
                        try await system.sleep(for: .milliseconds(20))
                        return 7
                    }) { result in "loaded \((try? result.get()) ?? 0)" }
                }
                return .same
            })
        ref.tell("load")
        ref.tell("meanwhile")
        #expect(await seen.first(3) == ["load", "meanwhile", "loaded 7"])
        await system.terminate()
    }

    @Test("children stop before their parent, youngest order kept, and a parent learns of each end")
    func children() async throws {
        let system = ActorSystem.local("family")
        let seen = Inbox<String>()
        func member(_ name: String, children: [String]) -> Behavior<Int> {
            .setup { context in
                for child in children { _ = try context.spawn(member(child, children: []), name: child) }
                return .receive({ _, _ in .stopped }) { _, signal in
                    if case .postStop = signal { seen.put(name) }
                    return .same
                }
            }
        }
        let parent = try system.spawn(member("parent", children: ["a", "b"]))
        parent.tell(0)
        let ends = await seen.first(3)
        #expect(ends.last == "parent" && ends.dropLast().sorted() == ["a", "b"])
        await system.terminate()
    }

    @Test("message adapters: one for each type, replaced by the next, ended with the actor")
    func adapters() async throws {
        let system = ActorSystem.local("adapters")
        let seen = Inbox<String>()
        let refs = Inbox<ActorRef<Int>>()
        let ref = try system.spawn(
            Behavior<String>.receive { context, text in
                if text == "stop" { return .stopped }
                if text == "adapt" || text == "again" {
                    refs.put(context.messageAdapter { (number: Int) in "\(text) \(number)" })
                } else {
                    seen.put(text)
                }
                return .same
            })
        ref.tell("adapt")
        let first = await refs.first(1)[0]
        first.tell(1)
        #expect(await seen.first(1) == ["adapt 1"])
        ref.tell("again")
        let second = await refs.first(2)[1]
        first.tell(2)
        second.tell(3)
        #expect(first == second)
        #expect(await seen.first(3) == ["adapt 1", "again 2", "again 3"])
        ref.tell("stop")
        while system.losses.isEmpty {
            first.tell(4)
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(system.losses.map(\.reason) == [.noSuchActor])
        await system.terminate()
    }
}
